#include "config/build.h"
#include "recursion/unbound_conf.h"

#define STREAMS_PER_WORKER 4 /* FORWARD_LINKS */
#define STREAMS_TO_SPARE   8 /* replaced ones that are still open */

/* A path of a file, relative to state_dir. *out stays NULL for NULL. */
static int fill_path(struct build *b, const char *option, const char *path, const struct config_place *at,
                     const char **out)
{
    if (path == NULL)
        return 0;
    if (!unbound_conf_takes(path))
        config_errors_add(b->errors, at, "%s can't have quotes or control characters in it", option);
    *out = build_path(b, path);
    return *out == NULL ? ERR_NOMEM : 0;
}

static void check(struct build *b)
{
    const struct options_recursion *o = &b->options->recursion;
    const struct ipaddr *outgoing = o->outgoing.items;
    if (!o->ipv4 && !o->ipv6)
        config_errors_add(b->errors, &o->ipv6_at, "without ipv4 and ipv6 no name server can be asked");
    for (size_t i = 0; i < o->outgoing.count; i++)
        if (ipaddr_is_v4(&outgoing[i]) ? !o->ipv4 : !o->ipv6)
            config_errors_add(b->errors, &o->outgoing.places[i], "an address of a family that is switched off");
    if (!unbound_conf_takes(b->options->state_dir))
        config_errors_add(b->errors, NULL, "state_dir can't have quotes or control characters in it with recursion");
}

int build_recursion(struct build *b)
{
    const struct options_recursion *o = &b->options->recursion;
    struct recursion_opts *r = &b->config->recursion;
    if (!r->used)
        return 0;
    *r = (struct recursion_opts){.used = true,
                                 .validate = o->validate,
                                 .insecure = o->insecure.items,
                                 .insecure_count = o->insecure.count,
                                 .outgoing = o->outgoing.items,
                                 .outgoing_count = o->outgoing.count,
                                 .ipv4 = o->ipv4,
                                 .ipv6 = o->ipv6,
                                 .memory_bytes = (uint64_t)o->memory_bytes,
                                 .threads = (unsigned)o->threads,
                                 .streams = b->config->workers * STREAMS_PER_WORKER + STREAMS_TO_SPARE};
    check(b);
    if (fill_path(b, "program", o->program, &o->program_at, &r->program) < 0 ||
        fill_path(b, "trust_anchor", o->trust_anchor, &o->trust_anchor_at, &r->trust_anchor) < 0 ||
        fill_path(b, "root_hints", o->root_hints, &o->root_hints_at, &r->root_hints) < 0)
        return ERR_NOMEM;
    r->dir = arena_printf(b->arena, "%s/recursion", b->options->state_dir);
    return r->dir == NULL ? ERR_NOMEM : 0;
}
