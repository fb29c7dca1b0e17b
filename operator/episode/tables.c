#include "episode/tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/category.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "dns/name_map.h"
#include "episode/shipped.h"

/* What a name of the map stands for. */
struct entry {
    const char *service;
    enum site_kind kind;
    bool is_shared;
};

struct tables {
    struct arena *arena;
    struct concern concerns[CATEGORY_MAX];
    struct concern nothing;
    const uint8_t **names;
    struct entry *entries; /* by number in the map */
    size_t count, cap;
    struct name_map *map;
};

/* ---- what the files say ---- */

struct service {
    const char *name;
    struct schema_list domains, loads; /* of const uint8_t * */
};

struct group {
    int kind;
    struct schema_list names; /* of const uint8_t * */
};

struct judgement {
    struct config_place at;
    int category;
    int64_t weight;
    struct schema_list risks; /* of int */
    bool machine;
    const char *means, *then;
};

struct files {
    struct schema_list services, shared, background, judgements;
};

static const char *const kinds[] = {"delivery", "advert", "analytics", "telemetry", "connectivity", "platform", NULL};
static const char *const risks[] = {"content", "contact", "conduct", "commerce", NULL};

static const struct schema_option service_options[] = {{.key = "name",
                                                        .type = &schema_string,
                                                        .offset = offsetof(struct service, name),
                                                        .required = true,
                                                        .help = "as people know it"},
                                                       {.key = "domains",
                                                        .type = &schema_name,
                                                        .shape = SCHEMA_LIST,
                                                        .offset = offsetof(struct service, domains),
                                                        .required = true,
                                                        .help = "its names, each with all below it"},
                                                       {.key = "loads",
                                                        .type = &schema_name,
                                                        .shape = SCHEMA_LIST,
                                                        .offset = offsetof(struct service, loads),
                                                        .help = "names that its pages load, and pages of others too"},
                                                       {0}};

static const struct schema_option site_options[] = {{.key = "services",
                                                     .shape = SCHEMA_LIST,
                                                     .offset = offsetof(struct files, services),
                                                     .fields = service_options,
                                                     .item_size = sizeof(struct service),
                                                     .required = true,
                                                     .help = "services of several names"},
                                                    {.key = "shared",
                                                     .type = &schema_name,
                                                     .shape = SCHEMA_LIST,
                                                     .offset = offsetof(struct files, shared),
                                                     .help = "hosts below which everybody may have a site"},
                                                    {0}};

static const struct schema_option group_options[] = {{.key = "kind",
                                                      .type = &schema_word,
                                                      .offset = offsetof(struct group, kind),
                                                      .words = kinds,
                                                      .required = true,
                                                      .help = "what asks for the names"},
                                                     {.key = "names",
                                                      .type = &schema_name,
                                                      .shape = SCHEMA_LIST,
                                                      .offset = offsetof(struct group, names),
                                                      .required = true,
                                                      .help = "the names, each with all below it"},
                                                     {0}};

static const struct schema_option background_options[] = {{.key = "background",
                                                           .shape = SCHEMA_LIST,
                                                           .offset = offsetof(struct files, background),
                                                           .fields = group_options,
                                                           .item_size = sizeof(struct group),
                                                           .required = true,
                                                           .help = "names that ask for themselves"},
                                                          {0}};

static const struct schema_option judgement_options[] = {
    {.key = "", .type = &schema_place, .offset = offsetof(struct judgement, at)},
    {.key = "name",
     .type = &schema_category,
     .offset = offsetof(struct judgement, category),
     .required = true,
     .help = "the category"},
    {.key = "weight",
     .type = &schema_int,
     .offset = offsetof(struct judgement, weight),
     .required = true,
     .min = 0,
     .max = 60,
     .help = "what one visit counts for"},
    {.key = "risks",
     .type = &schema_word,
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct judgement, risks),
     .words = risks,
     .required = true,
     .help = "which of the four C's"},
    {.key = "machine",
     .type = &schema_bool,
     .offset = offsetof(struct judgement, machine),
     .help = "whether a program that asks is as bad as a person"},
    {.key = "means",
     .type = &schema_string,
     .offset = offsetof(struct judgement, means),
     .required = true,
     .help = "what it may mean"},
    {.key = "then",
     .type = &schema_string,
     .offset = offsetof(struct judgement, then),
     .required = true,
     .help = "what to do about it"},
    {0}};

static const struct schema_option concern_options[] = {{.key = "categories",
                                                        .shape = SCHEMA_LIST,
                                                        .offset = offsetof(struct files, judgements),
                                                        .fields = judgement_options,
                                                        .item_size = sizeof(struct judgement),
                                                        .required = true,
                                                        .help = "the categories"},
                                                       {0}};

/* ---- putting it together ---- */

static void put(struct tables *t, const uint8_t *name, struct entry entry)
{
    t->names[t->count] = name;
    t->entries[t->count++] = entry;
}

static int room_make(struct tables *t, const struct files *files)
{
    const struct service *services = files->services.items;
    const struct group *groups = files->background.items;
    size_t count = files->shared.count;
    for (size_t i = 0; i < files->services.count; i++)
        count += services[i].domains.count + services[i].loads.count;
    for (size_t i = 0; i < files->background.count; i++)
        count += groups[i].names.count;
    t->names = arena_alloc(t->arena, (count + 1) * sizeof(uint8_t *));
    t->entries = arena_alloc(t->arena, (count + 1) * sizeof *t->entries);
    return t->names == NULL || t->entries == NULL ? ERR_NOMEM : 0;
}

static void put_all(struct tables *t, const struct schema_list *names, struct entry entry)
{
    const uint8_t *const *items = names->items;
    for (size_t i = 0; i < names->count; i++)
        put(t, items[i], entry);
}

static int names_make(struct tables *t, const struct files *files)
{
    const struct service *services = files->services.items;
    const struct group *groups = files->background.items;
    int err = room_make(t, files);
    if (err < 0)
        return err;
    for (size_t i = 0; i < files->services.count; i++)
        put_all(t, &services[i].domains, (struct entry){.kind = SITE_SERVICE, .service = services[i].name});
    for (size_t i = 0; i < files->services.count; i++)
        put_all(t, &services[i].loads, (struct entry){.kind = SITE_DELIVERY, .service = services[i].name});
    put_all(t, &files->shared, (struct entry){.kind = SITE_PLAIN, .is_shared = true});
    for (size_t i = 0; i < files->background.count; i++)
        put_all(t, &groups[i].names, (struct entry){.kind = (enum site_kind)(SITE_DELIVERY + groups[i].kind)});
    return name_map_new(t->names, t->count, &t->map);
}

static void concerns_make(struct tables *t, const struct schema_list *list, struct config_errors *errors)
{
    const struct judgement *items = list->items;
    for (size_t i = 0; i < list->count; i++) {
        struct concern *concern = &t->concerns[items[i].category];
        const int *of = items[i].risks.items;
        if (concern->means != NULL)
            config_errors_add(errors, &items[i].at, "'%s' stands twice", category_name((unsigned)items[i].category));
        *concern = (struct concern){.means = items[i].means,
                                    .then = items[i].then,
                                    .weight = (uint8_t)items[i].weight,
                                    .machine = items[i].machine};
        for (size_t k = 0; k < items[i].risks.count; k++)
            concern->risks |= (uint8_t)(1 << of[k]);
    }
    for (unsigned id = 0; id < CATEGORY_MAX; id++)
        if (category_name(id) != NULL && t->concerns[id].means == NULL)
            config_errors_add(errors, NULL, "concern.yaml has nothing about the category '%s'", category_name(id));
}

static int file_read_one(struct tables *t, const char *name, const char *given, const struct schema_option options[],
                         struct config_errors *errors, struct files *out)
{
    struct yaml_node *node;
    const char *text = given;
    size_t len = given == NULL ? 0 : strlen(given);
    for (const struct shipped_text *file = shipped_tables; given == NULL && file->name != NULL; file++)
        if (strcmp(file->name, name) == 0) {
            text = file->text;
            len = file->len;
        }
    int err = yaml_read_text(t->arena, name, text, len, errors, &node);
    return err < 0 ? err : schema_read(options, node, t->arena, errors, out);
}

static int tables_fill(struct tables *t, const struct tables_texts *texts, struct config_errors *errors)
{
    static const struct tables_texts shipped;
    struct files files = {0};
    size_t before = errors->count;
    if (texts == NULL)
        texts = &shipped;
    int err = file_read_one(t, "sites.yaml", texts->sites, site_options, errors, &files);
    err = err < 0 ? err : file_read_one(t, "background.yaml", texts->background, background_options, errors, &files);
    err = err < 0 ? err : file_read_one(t, "concern.yaml", texts->concern, concern_options, errors, &files);
    err = err < 0 ? err : names_make(t, &files);
    if (err < 0)
        return err;
    concerns_make(t, &files.judgements, errors);
    return errors->count > before ? ERR_CONFIG : 0;
}

int tables_new(const struct tables_texts *texts, struct config_errors *errors, struct tables **out)
{
    struct tables *tables = calloc(1, sizeof *tables);
    if (tables == NULL)
        return ERR_NOMEM;
    tables->arena = arena_new();
    tables->nothing = (struct concern){.means = "", .then = ""};
    int err = tables->arena == NULL ? ERR_NOMEM : tables_fill(tables, texts, errors);
    if (err < 0) {
        tables_free(tables);
        return err;
    }
    *out = tables;
    return 0;
}

void tables_free(struct tables *tables)
{
    if (tables == NULL)
        return;
    name_map_free(tables->map);
    arena_free(tables->arena);
    free(tables);
}

/* ---- asking ---- */

const struct concern *tables_concern(const struct tables *tables, unsigned category)
{
    bool known = category < CATEGORY_MAX && tables->concerns[category].means != NULL;
    return known ? &tables->concerns[category] : &tables->nothing;
}

unsigned tables_gravest(const struct tables *tables, uint64_t categories)
{
    unsigned gravest = CATEGORY_NONE;
    int most = -1;
    for (; categories != 0; categories &= categories - 1) {
        unsigned id = (unsigned)__builtin_ctzll(categories);
        if (tables->concerns[id].weight > most) {
            most = tables->concerns[id].weight;
            gravest = id;
        }
    }
    return gravest;
}

bool tables_find(const struct tables *tables, const uint8_t *name, struct tables_hit *out)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    size_t count = name_map_find(tables->map, name, hits, NULL);
    if (count == 0)
        return false;
    const struct entry *entry = &tables->entries[hits[count - 1].number];
    *out = (struct tables_hit){.kind = entry->kind,
                               .service = entry->service,
                               .labels = hits[count - 1].labels,
                               .is_shared = entry->is_shared};
    return true;
}

const uint8_t *tables_service_name(const struct tables *tables, size_t i)
{
    /* They stand first. */
    return i < tables->count && tables->entries[i].kind == SITE_SERVICE ? tables->names[i] : NULL;
}
