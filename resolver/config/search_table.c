#include "config/search_table.h"

#include <string.h>

#include "dns/name.h"
#include "dns/name_map.h"

/* ---- the written form ---- */

static int target_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    struct options_target *target = out;
    if (ipaddr_from_text(text, &target->address) == 0)
        return 0;
    return schema_name.parse(text, option, arena, &target->name);
}

static const struct schema_type kind_target = {.name = "name or address",
                                               .expect = "a name such as safe.engine.example, or an address",
                                               .size = sizeof(struct options_target),
                                               .parse = target_parse};

#define FIELD(member) .offset = offsetof(struct options_search, member)

const struct schema_option search_fields[] = {
    {.key = "", .type = &schema_place, FIELD(at)},
    {.key = "name",
     .type = &schema_string,
     FIELD(name),
     .required = true,
     .help = "the engine, as levels name it: small letters, digits and -"},
    {.key = "hosts",
     .type = &schema_name,
     .shape = SCHEMA_LIST,
     FIELD(hosts),
     .required = true,
     .help = "the hosts that are answered with another one; exactly these, not what is below them"},
    {.key = "strict",
     .type = &kind_target,
     .shape = SCHEMA_LIST,
     FIELD(strict),
     .required = true,
     .help = "where they lead: one name, which is looked up each time, or addresses"},
    {.key = "moderate",
     .type = &kind_target,
     .shape = SCHEMA_LIST,
     FIELD(moderate),
     .help = "where they lead in moderate mode; without it, where they lead in strict mode"},
    {.key = "source", .type = &schema_string, FIELD(source), .help = "who says so"},
    {.key = "verified", .type = &schema_string, FIELD(verified), .help = "when that was last looked at, as 2026-11-29"},
    {0}};

struct table_file {
    struct schema_list engines;
};

static const struct schema_option table_fields[] = {{.key = "engines",
                                                     .shape = SCHEMA_LIST,
                                                     .fields = search_fields,
                                                     .item_size = sizeof(struct options_search),
                                                     .offset = offsetof(struct table_file, engines),
                                                     .required = true,
                                                     .help = "the search engines"},
                                                    {0}};

int search_table_parse(struct arena *arena, const char *name, const char *text, size_t text_len,
                       struct config_errors *errors, struct schema_list *out)
{
    struct yaml_node *tree = NULL;
    struct table_file file = {0};
    int rc = yaml_read_text(arena, name, text, text_len, errors, &tree);
    if (rc == 0)
        rc = schema_read(table_fields, tree, arena, errors, &file);
    if (rc == 0)
        *out = file.engines;
    return rc;
}

/* ---- one list of two ---- */

static const struct options_search *find(const struct options_search *const engines[], size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}

static void check_twice(const struct schema_list *list, struct config_errors *errors)
{
    const struct options_search *items = list->items;
    for (size_t i = 0; i < list->count; i++)
        for (size_t earlier = 0; earlier < i; earlier++)
            if (strcmp(items[earlier].name, items[i].name) == 0) {
                config_errors_add(errors, &items[i].at, "search engine '%s' is given twice, first in line %u",
                                  items[i].name, items[earlier].at.line);
                break;
            }
}

/* Returns how many there are; engines has room for both lists. */
static size_t join(const struct schema_list *table, const struct schema_list *added,
                   const struct options_search *engines[])
{
    const struct options_search *items = table->items;
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        engines[count++] = &items[i];
    items = added->items;
    for (size_t i = 0; i < added->count; i++) {
        size_t at = 0;
        while (at < count && strcmp(engines[at]->name, items[i].name) != 0)
            at++;
        engines[at] = &items[i];
        count += at == count;
    }
    return count;
}

/* ---- checks ---- */

/* A key of a level. `others` stands for all that it does not name. */
static void check_name(const struct options_search *engine, struct config_errors *errors)
{
    if (strspn(engine->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(engine->name))
        config_errors_add(errors, &engine->at, "a search engine's name has small letters, digits and - only: '%s'",
                          engine->name);
    if (strcmp(engine->name, "others") == 0)
        config_errors_add(errors, &engine->at, "'others' means engines that a level does not name: use another name");
}

static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    size_t i = 0;
    while (text[i] != '\0' && (form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]))
        i++;
    return text[i] == '\0' && form[i] == '\0';
}

static void check_target(const struct options_search *engine, const char *mode, const struct schema_list *list,
                         struct config_errors *errors)
{
    const struct options_target *targets = list->items;
    size_t names = 0;
    for (size_t i = 0; i < list->count; i++) {
        names += targets[i].name != NULL;
        if (targets[i].name != NULL && targets[i].name[0] == 0)
            config_errors_add(errors, &list->places[i], "'.' is no host");
    }
    if (names > 1 || (names == 1 && list->count > 1))
        config_errors_add(errors, &list->places[1], "%s of '%s' must be one name, or addresses", mode, engine->name);
    if (list->count > SEARCH_ADDRESSES_MAX)
        config_errors_add(errors, &list->places[SEARCH_ADDRESSES_MAX], "%s of '%s' has more than %d addresses", mode,
                          engine->name, SEARCH_ADDRESSES_MAX);
}

static void check_engine(const struct options_search *engine, struct config_errors *errors)
{
    const uint8_t *const *hosts = engine->hosts.items;
    check_name(engine, errors);
    if (engine->hosts.count == 0)
        config_errors_add(errors, &engine->at, "search engine '%s' has no hosts", engine->name);
    if (engine->strict.count == 0)
        config_errors_add(errors, &engine->at, "strict of '%s' leads nowhere", engine->name);
    for (size_t i = 0; i < engine->hosts.count; i++)
        if (hosts[i][0] == 0)
            config_errors_add(errors, &engine->hosts.places[i], "'.' is no host");
    check_target(engine, "strict", &engine->strict, errors);
    check_target(engine, "moderate", &engine->moderate, errors);
    if (engine->verified != NULL && !is_date(engine->verified))
        config_errors_add(errors, &engine->at, "verified of '%s' must be a date such as 2026-11-29, not '%s'",
                          engine->name, engine->verified);
}

/* ---- building ---- */

static int fill_target(struct arena *arena, const struct schema_list *list, struct query_target *out)
{
    const struct options_target *targets = list->items;
    if (list->count > 0 && targets[0].name != NULL) {
        *out = (struct query_target){.name = targets[0].name};
        return 0;
    }
    struct ipaddr *addresses = arena_alloc(arena, list->count * sizeof *addresses);
    if (addresses == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        addresses[i] = targets[i].address;
    *out = (struct query_target){.addresses = addresses, .address_count = list->count};
    return 0;
}

static int fill_search(struct arena *arena, const struct options_search *engine, struct query_search *out)
{
    out->name = engine->name;
    int rc = fill_target(arena, &engine->strict, &out->strict);
    if (rc == 0)
        rc = fill_target(arena, engine->moderate.count > 0 ? &engine->moderate : &engine->strict, &out->moderate);
    return rc;
}

static bool is_host(const struct name_map *map, const uint8_t *name, uint32_t *out_number)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    size_t count = name_map_find(map, name, hits, NULL);
    if (count == 0 || !hits[count - 1].whole)
        return false;
    *out_number = hits[count - 1].number;
    return true;
}

/* Where a host would lead to another one, or to itself, and on from there. */
static void check_loop(const struct name_map *map, const struct options_search *engine, const struct schema_list *list,
                       struct config_errors *errors)
{
    const struct options_target *target = list->items;
    uint32_t number;
    if (list->count > 0 && target->name != NULL && is_host(map, target->name, &number))
        config_errors_add(errors, &list->places[0], "'%s' leads to a host that is led elsewhere itself", engine->name);
}

/* hosts of all engines are in `out` in their order. */
static int check_hosts(struct arena *arena, const struct options_search *const engines[],
                       const struct search_table *table, struct config_errors *errors)
{
    const uint8_t **names = arena_alloc(arena, table->host_count * sizeof *names);
    struct name_map *map = NULL;
    if (names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < table->host_count; i++)
        names[i] = table->hosts[i].name;
    int rc = name_map_new(names, table->host_count, &map);
    if (rc < 0)
        return rc == ERR_NOMEM ? rc : 0; /* a root among them, which was reported */
    size_t at = 0;
    for (size_t i = 0; i < table->search_count; i++) {
        for (size_t host = 0; host < engines[i]->hosts.count; host++, at++) {
            uint32_t first = 0;
            if (is_host(map, names[at], &first) && first != at)
                config_errors_add(errors, &engines[i]->hosts.places[host], "this host is given twice, first of '%s'",
                                  engines[table->hosts[first].index]->name);
        }
        check_loop(map, engines[i], &engines[i]->strict, errors);
        check_loop(map, engines[i], &engines[i]->moderate, errors);
    }
    name_map_free(map);
    return 0;
}

static int fill_hosts(struct arena *arena, const struct options_search *const engines[], struct search_table *out)
{
    size_t count = 0;
    for (size_t i = 0; i < out->search_count; i++)
        count += engines[i]->hosts.count;
    out->hosts = arena_alloc(arena, count * sizeof *out->hosts);
    if (out->hosts == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < out->search_count; i++) {
        const uint8_t *const *names = engines[i]->hosts.items;
        for (size_t host = 0; host < engines[i]->hosts.count; host++)
            out->hosts[out->host_count++] =
                (struct policy_name){.name = names[host], .special = POLICY_SPECIAL_SAFE_SEARCH, .index = (uint16_t)i};
    }
    return 0;
}

/* The table as a whole. */
static bool is_within(const struct options_search *const engines[], size_t count, struct config_errors *errors)
{
    size_t hosts = 0;
    if (count > POLICY_ENGINES_MAX) {
        config_errors_add(errors, &engines[POLICY_ENGINES_MAX]->at, "more than %d search engines", POLICY_ENGINES_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        hosts += engines[i]->hosts.count;
        if (hosts > SEARCH_HOSTS_MAX) {
            config_errors_add(errors, &engines[i]->at, "more than %d hosts of search engines", SEARCH_HOSTS_MAX);
            return false;
        }
    }
    return true;
}

int search_table_build(struct arena *arena, const struct schema_list *table, const struct schema_list *added,
                       struct config_errors *errors, struct search_table *out)
{
    const struct options_search **engines = arena_alloc(arena, (table->count + added->count) * sizeof *engines);
    *out = (struct search_table){0};
    if (engines == NULL)
        return ERR_NOMEM;
    check_twice(table, errors);
    check_twice(added, errors);
    size_t count = join(table, added, engines);
    if (!is_within(engines, count, errors))
        return 0;
    if (find(engines, count, SEARCH_YOUTUBE) == NULL)
        config_errors_add(errors, NULL,
                          "the table of search engines (safe_search) has no '" SEARCH_YOUTUBE
                          "', which levels refer to");
    out->searches = arena_alloc(arena, count * sizeof *out->searches);
    if (out->searches == NULL)
        return ERR_NOMEM;
    out->search_count = count;
    for (size_t i = 0; i < count; i++) {
        check_engine(engines[i], errors);
        if (fill_search(arena, engines[i], &out->searches[i]) < 0)
            return ERR_NOMEM;
    }
    int rc = fill_hosts(arena, engines, out);
    return rc < 0 ? rc : check_hosts(arena, engines, out, errors);
}
