#include <string.h>

#include "config/build.h"
#include "config/search_table.h"

int build_searches(struct build *b)
{
    const struct options *o = b->options;
    struct schema_list table = {0};
    struct search_table built = {0};
    int rc = 0;
    if (o->safe_search.shipped)
        rc = search_table_parse(b->arena, "the shipped table of search engines", (const char *)search_table_shipped,
                                search_table_shipped_len, b->errors, &table);
    if (rc == ERR_CONFIG) /* it is reported */
        return 0;
    if (rc == 0)
        rc = search_table_build(b->arena, &table, &o->safe_search.engines, b->errors, &built);
    if (rc < 0)
        return rc;
    b->config->query.searches = built.searches;
    b->config->query.search_count = built.search_count;
    b->search_hosts = built.hosts;
    b->search_host_count = built.host_count;
    return 0;
}

/* ---- levels ---- */

static size_t find(const struct query_opts *query, const char *name)
{
    size_t i = 0;
    while (i < query->search_count && strcmp(query->searches[i].name, name) != 0)
        i++;
    return i;
}

static void set(struct policy_level *level, size_t engine, int mode)
{
    const uint64_t bit = UINT64_C(1) << engine;
    level->safe_strict &= ~bit;
    level->safe_moderate &= ~bit;
    if (mode == POLICY_SAFE_STRICT)
        level->safe_strict |= bit;
    else if (mode == POLICY_SAFE_MODERATE)
        level->safe_moderate |= bit;
}

/* Engines that the level does not name; when it names some and says nothing of the others, those are strict. */
static int mode_of_others(const struct schema_list *modes)
{
    const int *items = modes->items;
    for (size_t i = 0; i < modes->count; i++)
        if (strcmp(modes->keys[i], "others") == 0)
            return items[i];
    return POLICY_SAFE_STRICT;
}

static void set_named(struct build *b, const struct schema_list *modes, size_t i, struct policy_level *level)
{
    const struct query_opts *query = &b->config->query;
    size_t engine = find(query, modes->keys[i]);
    if (strcmp(modes->keys[i], "others") == 0)
        return;
    if (strcmp(modes->keys[i], SEARCH_YOUTUBE) == 0)
        config_errors_add(b->errors, &modes->places[i],
                          "'" SEARCH_YOUTUBE "' is a key of its own: " SEARCH_YOUTUBE ": strict, moderate or off");
    else if (engine == query->search_count)
        config_errors_add(b->errors, &modes->places[i],
                          "'%s' is no search engine of the table (safe_search); `others` means all that are not named",
                          modes->keys[i]);
    else
        set(level, engine, ((const int *)modes->items)[i]);
}

void build_level_searches(struct build *b, const struct options_level *from, struct policy_level *to)
{
    const struct query_opts *query = &b->config->query;
    if (query->search_count == 0) /* the table is wrong, which was reported */
        return;
    for (size_t engine = 0; engine < query->search_count; engine++)
        set(to, engine, mode_of_others(&from->safe_search));
    for (size_t i = 0; i < from->safe_search.count; i++)
        set_named(b, &from->safe_search, i, to);
    if (find(query, SEARCH_YOUTUBE) < query->search_count)
        set(to, find(query, SEARCH_YOUTUBE), from->youtube);
}
