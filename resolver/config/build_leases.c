#include <string.h>
#include <sys/un.h>

#include "config/build.h"
#include "policy/calendar.h"

/* The kind of the one path that is given; negative, and told, when it is none or several. */
static int kind_of(struct build *b, const struct options_lease *o)
{
    int kind = -1;
    unsigned given = 0;
    for (int i = 0; i < LEASE_KINDS; i++) {
        if (o->paths[i] == NULL)
            continue;
        kind = i;
        given++;
    }
    if (given == 1)
        return kind;
    config_errors_add(b->errors, &o->at, "a source of leases is one of kea, isc, dnsmasq and kea_socket: %s",
                      given == 0 ? "none is given" : "write each as an entry of its own");
    return -1;
}

static int fill_source(struct build *b, const struct options_lease *o, struct lease_source *out)
{
    const size_t socket_max = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    int kind = kind_of(b, o);
    if (kind < 0)
        return 0;
    const char *path = build_path(b, o->paths[kind]);
    if (path == NULL)
        return ERR_NOMEM;
    if (kind == LEASE_KEA_SOCKET && strlen(path) > socket_max)
        config_errors_add(b->errors, &o->at, "the path of a socket must be at most %zu bytes long: '%s'", socket_max,
                          path);
    *out = (struct lease_source){.kind = (enum lease_kind)kind, .path = path};
    return 1;
}

static int fill_sources(struct build *b)
{
    const struct schema_list *list = &b->options->identity.leases;
    const struct options_lease *o = list->items;
    struct config_leases *out = &b->config->leases;
    struct lease_source *sources = arena_alloc(b->arena, (list->count + 1) * sizeof *sources);
    if (sources == NULL)
        return ERR_NOMEM;
    if (list->count > LEASE_SOURCES_MAX)
        config_errors_add(b->errors, &o[LEASE_SOURCES_MAX].at, "identity.leases: more than %d sources",
                          LEASE_SOURCES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        int filled = fill_source(b, &o[i], &sources[out->source_count]);
        if (filled < 0)
            return filled;
        out->source_count += (size_t)filled;
    }
    out->sources = sources;
    return 0;
}

int build_leases(struct build *b)
{
    const struct options_silence *o = &b->options->identity.silence;
    struct config_leases *out = &b->config->leases;
    out->silence = (struct silence_opts){.enabled = o->report,
                                         .after_s = o->after_ms / 1000,
                                         .few = (unsigned)o->few,
                                         .networks = o->networks.items,
                                         .network_count = o->networks.count,
                                         .except = o->except.items,
                                         .except_count = o->except.count};
    out->silence_in_lessons = o->during == 1;
    const struct calendar *calendar = b->config->policy.calendar;
    if (out->silence_in_lessons && (calendar == NULL || calendar->lesson_count == 0))
        config_errors_add(b->errors, &o->during_at,
                          "identity.silence.during: the policy's calendar has no lessons: give them, or write always");
    return fill_sources(b);
}
