#include <string.h>

#include "config/build.h"
#include "config/protected_help.h"
#include "dns/name.h"
#include "policy/special_use.h"

struct names {
    struct build *b;
    struct policy_name *all;
    size_t count;
    size_t cap;
};

static int add(struct names *n, struct policy_name name)
{
    if (n->count == n->cap) {
        size_t cap = n->cap == 0 ? 256 : n->cap * 2;
        struct policy_name *grown = arena_alloc(n->b->arena, cap * sizeof *grown);
        if (grown == NULL)
            return ERR_NOMEM;
        if (n->count > 0)
            memcpy(grown, n->all, n->count * sizeof *grown);
        n->all = grown;
        n->cap = cap;
    }
    n->all[n->count++] = name;
    return 0;
}

static int add_all(struct names *n, const uint8_t *const names[], size_t count, enum policy_special special)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add(n, (struct policy_name){.name = names[i], .below = true, .special = special});
    return rc;
}

/* The root as an entry would switch the whole policy off, or the whole network. */
static void check_list(struct build *b, const struct schema_list *list)
{
    const uint8_t *const *names = list->items;
    for (size_t i = 0; i < list->count; i++)
        if (names[i][0] == 0)
            config_errors_add(b->errors, &list->places[i], "'.' means every name: say that with a level's default");
}

static int add_list(struct names *n, const struct schema_list *list, enum policy_special special)
{
    check_list(n->b, list);
    return add_all(n, list->items, list->count, special);
}

/* ---- protected help ---- */

/* The shipped names and those that the configuration adds; none can be taken away. */
static int collect_help(struct build *b)
{
    const struct schema_list *added[] = {&b->options->protected_help, &b->options->policy.protected_help};
    size_t shipped = 0;
    check_list(b, added[0]);
    check_list(b, added[1]);
    while (protected_help_shipped[shipped] != NULL)
        shipped++;
    const uint8_t **names = arena_alloc(b->arena, (shipped + added[0]->count + added[1]->count) * sizeof *names);
    if (names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < shipped; i++) {
        names[i] = build_name(b, protected_help_shipped[i]);
        if (names[i] == NULL)
            return ERR_NOMEM;
    }
    size_t count = shipped;
    for (size_t i = 0; i < 2; i++) {
        if (added[i]->count > 0)
            memcpy(names + count, added[i]->items, added[i]->count * sizeof *names);
        count += added[i]->count;
    }
    b->config->protected_help = names;
    b->config->protected_help_count = count;
    return 0;
}

/* ---- special use ---- */

static bool is_wanted(const struct options *options, enum special_use_kind kind)
{
    switch (kind) {
    case SPECIAL_USE_RESERVED:
        return options->special_use;
    case SPECIAL_USE_FIREFOX:
        return options->canaries.firefox;
    case SPECIAL_USE_PRIVATE_RELAY:
        return options->canaries.private_relay;
    }
    return false;
}

/* Somebody who sends all of in-addr.arpa to his own servers means the private zones in it too. */
static bool is_in_a_zone(const struct build *b, const uint8_t *name)
{
    const struct query_opts *query = &b->config->query;
    for (size_t i = 1; i < query->zone_count; i++)
        if (name_is_at_or_below(name, query->zones[i].name))
            return true;
    return false;
}

static int add_parents(struct names *n, const uint8_t *name, const uint8_t *apex)
{
    int rc = 0;
    if (!name_is_at_or_below(name, apex))
        return 0;
    while (rc == 0 && name_len(name) > name_len(apex)) {
        name = name_skip_labels(name, 1);
        rc = add(n, (struct policy_name){.name = name, .special = POLICY_SPECIAL_NODATA});
    }
    return rc;
}

/*
 * Where a local record or a zone lies in a name that is otherwise answered NXDOMAIN, the names between them exist:
 * NXDOMAIN there would deny what is below it too (RFC 8020).
 */
static int add_between(struct names *n, const uint8_t *apex)
{
    const struct query_opts *query = &n->b->config->query;
    int rc = 0;
    for (size_t i = 0; i < query->record_count && rc == 0; i++)
        rc = add_parents(n, query->records[i].name, apex);
    for (size_t i = 1; i < query->zone_count && rc == 0; i++)
        rc = add_parents(n, query->zones[i].name, apex);
    return rc;
}

static int add_special_use(struct names *n)
{
    const struct special_use *row;
    for (size_t i = 0; (row = special_use_at(i)) != NULL; i++) {
        const uint8_t *name = build_name(n->b, row->name);
        if (name == NULL)
            return ERR_NOMEM;
        if (!is_wanted(n->b->options, row->kind) || is_in_a_zone(n->b, name))
            continue;
        int rc = add(n, (struct policy_name){.name = name, .special = row->apex});
        if (rc == 0)
            rc = add(n, (struct policy_name){.name = name, .below = true, .special = row->below});
        if (rc == 0)
            rc = add_between(n, name);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- records and zones ---- */

static int add_records(struct names *n)
{
    const struct query_opts *query = &n->b->config->query;
    int rc = 0;
    for (size_t i = 0; i < query->record_count && rc == 0; i++) {
        const uint8_t *name = query->records[i].name;
        if (i > 0 && name_equal(query->records[i - 1].name, name))
            continue; /* the index of the first one stands for all of a name */
        rc = add(n, (struct policy_name){.name = name,
                                         .below = name == n->b->localhost,
                                         .special = POLICY_SPECIAL_RECORD,
                                         .index = (uint16_t)i});
    }
    return rc;
}

static int add_zones(struct names *n)
{
    const struct query_opts *query = &n->b->config->query;
    int rc = 0;
    for (size_t i = 1; i < query->zone_count && rc == 0; i++)
        rc = add(n, (struct policy_name){.name = query->zones[i].name,
                                         .below = true,
                                         .special = POLICY_SPECIAL_ZONE,
                                         .index = (uint16_t)i,
                                         .filtered = query->zones[i].filtered});
    return rc;
}

static int add_search_hosts(struct names *n)
{
    int rc = 0;
    for (size_t i = 0; i < n->b->search_host_count && rc == 0; i++)
        rc = add(n, n->b->search_hosts[i]);
    return rc;
}

int build_names(struct build *b)
{
    const struct options *o = b->options;
    struct names n = {.b = b};
    int rc = collect_help(b);
    if (rc == 0)
        rc = add_all(&n, b->config->protected_help, b->config->protected_help_count, POLICY_SPECIAL_HELP);
    if (rc == 0)
        rc = add_special_use(&n);
    if (rc == 0)
        rc = add_records(&n);
    if (rc == 0)
        rc = add_zones(&n);
    if (rc == 0)
        rc = add_search_hosts(&n);
    if (rc == 0)
        rc = add_list(&n, &o->block, POLICY_SPECIAL_BLOCK);
    if (rc == 0)
        rc = add_list(&n, &o->allow, POLICY_SPECIAL_ALLOW);
    b->config->policy.names = n.all;
    b->config->policy.name_count = n.count;
    return rc;
}

/* ---- names ---- */

char *build_name_text(struct build *b, const uint8_t *name)
{
    char text[NAME_TEXT_MAX];
    name_to_text(name, text);
    return arena_text(b->arena, text, strlen(text));
}

const uint8_t *build_name(struct build *b, const char *text)
{
    uint8_t wire[NAME_MAX_LEN];
    int len = name_from_text(text, strlen(text), wire);
    if (len < 0)
        return NULL;
    name_lower(wire, wire, (size_t)len);
    return arena_copy(b->arena, wire, (size_t)len);
}
