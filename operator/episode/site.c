#include "episode/site.h"

#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/name_map.h"

struct site_finder {
    const struct tables *tables;
    struct arena *arena;
    psl_ctx_t *list; /* NULL: the one that libpsl was built with */
    struct name_map *help, *own;
};

/* Ends of names that are never sites of the world: special use (RFC 6761, 6762, 8375, 9476), what routers make up, reverse. */
static const char *const local_ends[] = {"arpa",     "local", "localhost", "localdomain", "lan",    "home",
                                         "internal", "corp",  "intranet",  "private",     "test",   "workgroup",
                                         "invalid",  "onion", "alt",       "domain",      "router", "fritz.box"};
#define LOCAL_ENDS (sizeof local_ends / sizeof local_ends[0])

static const uint8_t statutory_end[] = "\x09statutory\x07invalid";

/* ---- making ---- */

/* Copies the names, and the texts behind them; a map needs them as long as it lives. */
static int map_make(struct arena *arena, const uint8_t *const *names, size_t count, const char *const *texts,
                    size_t text_count, struct name_map **out)
{
    const uint8_t **kept = arena_alloc(arena, (count + text_count + 1) * sizeof(uint8_t *));
    if (kept == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count + text_count; i++) {
        uint8_t wire[NAME_MAX_LEN];
        const uint8_t *name = i < count ? names[i] : wire;
        if (i >= count && name_from_text(texts[i - count], strlen(texts[i - count]), wire) < 0)
            return ERR_MALFORMED;
        kept[i] = arena_copy(arena, name, name_len(name));
        if (kept[i] == NULL)
            return ERR_NOMEM;
    }
    return name_map_new(kept, count + text_count, out);
}

int site_finder_new(const struct site_finder_opts *opts, struct site_finder **out)
{
    struct site_finder *finder = calloc(1, sizeof *finder);
    if (finder == NULL)
        return ERR_NOMEM;
    finder->tables = opts->tables;
    finder->arena = arena_new();
    finder->list = psl_latest(opts->suffix_file);
    int err = finder->arena == NULL ? ERR_NOMEM : 0;
    err = err < 0 ? err : map_make(finder->arena, opts->help, opts->help_count, NULL, 0, &finder->help);
    err = err < 0 ? err : map_make(finder->arena, opts->own, opts->own_count, local_ends, LOCAL_ENDS, &finder->own);
    if (err < 0) {
        site_finder_free(finder);
        return err;
    }
    *out = finder;
    return 0;
}

void site_finder_free(struct site_finder *finder)
{
    if (finder == NULL)
        return;
    name_map_free(finder->help);
    name_map_free(finder->own);
    psl_free(finder->list);
    arena_free(finder->arena);
    free(finder);
}

/* ---- finding ---- */

static bool is_listed(const struct name_map *map, const uint8_t *name)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    return name_map_find(map, name, hits, NULL) > 0;
}

/*
 * A machine that finds no answer asks again with the school's domain behind the name: "childline.org.uk.oak.example" tells as
 * much as the name itself. So every beginning of a name is looked at, too.
 */
static bool is_help(const struct site_finder *finder, const uint8_t *name)
{
    uint8_t head[NAME_MAX_LEN];
    size_t len = 0;
    if (is_listed(finder->help, name))
        return true;
    while (name[len] != 0) {
        memcpy(head + len, name + len, name[len] + 1u);
        len += name[len] + 1u;
        head[len] = 0;
        if (is_listed(finder->help, head))
            return true;
    }
    return false;
}

/* Labels of the registrable domain; those of the name when it is a suffix itself. */
static unsigned registrable_labels(const struct site_finder *finder, const uint8_t *name, unsigned labels)
{
    char text[NAME_TEXT_MAX];
    const psl_ctx_t *list = finder->list != NULL ? finder->list : psl_builtin();
    name_to_text(name, text);
    const char *domain = psl_registrable_domain(list, text);
    if (domain == NULL)
        return labels;
    unsigned count = 1;
    for (const char *at = domain; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '.')
            count++;
    }
    return count < labels ? count : labels;
}

/* "_ldap._tcp.dc.oak": asked by programs that look for a service, not by people. A port of HTTPS (RFC 9460, 2.3) is a site's. */
static bool is_service_record(const uint8_t *name)
{
    static const uint8_t https[] = "\x06_https";
    if (name[0] == 0 || name[1] != '_')
        return false;
    const uint8_t *next = name + name[0] + 1;
    return memcmp(next, https, sizeof https - 1) != 0;
}

static bool find_special(const struct site_finder *finder, const uint8_t *name, struct site *out)
{
    if (name_is_at_or_below(name, statutory_end)) {
        *out = (struct site){.kind = SITE_STATUTORY, .domain = name};
        return true;
    }
    if (is_help(finder, name)) {
        *out = (struct site){.kind = SITE_HELP, .domain = name};
        return true;
    }
    return false;
}

void site_find(const struct site_finder *finder, const uint8_t *name, struct site *out)
{
    struct tables_hit hit;
    unsigned labels = name_label_count(name);
    if (find_special(finder, name, out))
        return;
    *out = (struct site){.kind = SITE_PLAIN};
    unsigned own = registrable_labels(finder, name, labels);
    if (tables_find(finder->tables, name, &hit)) {
        out->kind = hit.kind;
        out->service = hit.service;
        if (hit.is_shared)
            own = hit.labels < labels ? hit.labels + 1u : labels;
        else if (hit.service != NULL)
            own = hit.labels;
    }
    if (out->kind == SITE_PLAIN && is_service_record(name))
        out->kind = SITE_PLATFORM;
    if (out->service == NULL && (labels < 2 || is_listed(finder->own, name)))
        out->kind = SITE_OWN;
    out->domain = name_skip_labels(name, labels - own);
}

const char *site_to_text(const struct site *site, char out[NAME_TEXT_MAX])
{
    if (site->service == NULL)
        return name_to_text(site->domain, out);
    snprintf(out, NAME_TEXT_MAX, "%s", site->service);
    return out;
}
