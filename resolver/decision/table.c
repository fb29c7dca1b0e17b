#include "decision/table.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name_map.h"

#define HASH UINT64_C(0x9e3779b97f4a7c15)

/* One name of a decision, without what only people read. Those about one name stand together. */
struct row {
    uint8_t name[NAME_MAX_LEN];
    bool below;
    bool lifts_safe_search;
    bool last;    /* of this name */
    uint8_t kind; /* enum decision_kind */
    uint8_t scope;
    uint32_t number; /* of the scope */
    uint32_t id;
    int64_t from_s, until_s;
};

/* Somebody to whom nothing is open. Those of one client stand together. */
struct pause {
    uint64_t key;
    bool last; /* of this key */
    uint32_t id;
    int64_t from_s, until_s;
};

struct table {
    struct row *rows;
    size_t count;
    struct name_map *map; /* number: index in firsts */
    uint32_t *firsts;     /* first row of each name */
    struct pause *pauses;
    size_t pause_count;
    uint32_t *slots; /* open addressing: 1 + index of a key's first pause; 0: free */
    size_t slot_mask;
    bool paused_scopes[DECISION_DEVICE + 1]; /* that there is a pause of */
    uint8_t (*spared)[NAME_MAX_LEN];
    struct name_map *spared_map;
    uint64_t grant_never;
    uint32_t version;
};

/* ---- making: names ---- */

/* By name, then newest first: of two that say the same the newer one is found first. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    int order = memcmp(x->name, y->name, sizeof x->name);
    return order != 0 ? order : (x->id < y->id) - (x->id > y->id);
}

static void add_row(struct table *table, const struct decision *d, uint32_t number, const uint8_t *name, bool below)
{
    struct row *row = &table->rows[table->count++];
    *row = (struct row){.below = below,
                        .lifts_safe_search = d->lifts_safe_search,
                        .kind = (uint8_t)d->kind,
                        .scope = (uint8_t)d->scope,
                        .number = number,
                        .id = d->id,
                        .from_s = d->from_s,
                        .until_s = d->until_s};
    memcpy(row->name, name, name_len(name));
}

static uint64_t pause_key(enum decision_scope scope, uint32_t number)
{
    return (uint64_t)scope << 32 | number;
}

static void add_pause(struct table *table, const struct decision *d, uint32_t number)
{
    table->pauses[table->pause_count++] =
        (struct pause){.key = pause_key(d->scope, number), .id = d->id, .from_s = d->from_s, .until_s = d->until_s};
    table->paused_scopes[d->scope] = true;
}

static void take_decision(struct table *table, const struct decision *d, uint32_t number)
{
    size_t pos = 0;
    bool below;
    const uint8_t *name;
    if (decision_is_whole(d)) {
        add_pause(table, d, number);
        return;
    }
    add_row(table, d, number, d->name, d->below);
    while ((name = decision_name_next(d, &pos, &below)) != NULL)
        add_row(table, d, number, name, below);
}

static int compare_pauses(const void *a, const void *b)
{
    const struct pause *x = a;
    const struct pause *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->id < y->id) - (x->id > y->id);
}

static void take_decisions(struct table *table, const struct table_opts *opts)
{
    for (size_t i = 0; i < opts->count; i++) {
        const struct decision *d = opts->decisions[i];
        if (d->pending || decision_is_over(d, opts->now_s))
            continue;
        int64_t number = d->scope == DECISION_EVERYONE ? 0 : opts->number(opts->ctx, d->scope, d->whom);
        if (number >= 0 && number <= UINT32_MAX)
            take_decision(table, d, (uint32_t)number);
    }
    qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
    qsort(table->pauses, table->pause_count, sizeof *table->pauses, compare_pauses);
}

static bool ends_later(int64_t a_s, int64_t b_s)
{
    return a_s == 0 || (b_s != 0 && a_s >= b_s);
}

static bool for_all_of(const struct row *a, const struct row *b)
{
    return a->scope == DECISION_EVERYONE || (a->scope == b->scope && a->number == b->number);
}

/* Whether a says all that b says, and for all the time that b says it. */
static bool covers(const struct row *a, const struct row *b)
{
    return a->kind == b->kind && (a->below || !b->below) && for_all_of(a, b) && a->from_s <= b->from_s &&
           ends_later(a->until_s, b->until_s) && a->lifts_safe_search == b->lifts_safe_search;
}

/* Whether kept rows from `first` on and row are two of which one is enough; the one that says more is kept. */
static bool merge_row(struct table *table, size_t first, size_t kept, const struct row *row)
{
    for (size_t i = first; i < kept; i++) {
        if (covers(&table->rows[i], row))
            return true;
        if (covers(row, &table->rows[i])) {
            table->rows[i] = *row;
            return true;
        }
    }
    return false;
}

/* So a name has few rows for each scope, extent and kind, however often somebody decided about it. */
static void drop_covered(struct table *table)
{
    size_t kept = 0, first = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct row row = table->rows[i];
        if (kept > 0 && memcmp(table->rows[kept - 1].name, row.name, NAME_MAX_LEN) != 0)
            first = kept;
        if (!merge_row(table, first, kept, &row))
            table->rows[kept++] = row;
    }
    table->count = kept;
}

/* Marks the last row of each name, and makes the map of the names. */
static int index_rows(struct table *table)
{
    size_t names = 0;
    const uint8_t **keys = calloc(table->count + 1, sizeof *keys);
    table->firsts = calloc(table->count + 1, sizeof *table->firsts);
    if (keys == NULL || table->firsts == NULL) {
        free(keys);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < table->count; i++) {
        bool first = i == 0 || table->rows[i - 1].last;
        table->rows[i].last =
            i + 1 == table->count || memcmp(table->rows[i].name, table->rows[i + 1].name, NAME_MAX_LEN) != 0;
        if (!first)
            continue;
        table->firsts[names] = (uint32_t)i;
        keys[names++] = table->rows[i].name;
    }
    int err = name_map_new(keys, names, &table->map);
    free(keys);
    return err;
}

/* ---- making: pauses ---- */

/* The slot of a key, or the free one where it would go. */
static uint32_t *slot_of(const struct table *table, uint64_t key)
{
    size_t at = (size_t)(key * HASH >> 32) & table->slot_mask;
    while (table->slots[at] != 0 && table->pauses[table->slots[at] - 1].key != key)
        at = (at + 1) & table->slot_mask;
    return &table->slots[at];
}

static int index_pauses(struct table *table)
{
    size_t slots = 4;
    while (slots < 2 * table->pause_count)
        slots *= 2;
    table->slots = calloc(slots, sizeof *table->slots);
    if (table->slots == NULL)
        return ERR_NOMEM;
    table->slot_mask = slots - 1;
    for (size_t i = 0; i < table->pause_count; i++) {
        bool first = i == 0 || table->pauses[i - 1].last;
        table->pauses[i].last = i + 1 == table->pause_count || table->pauses[i].key != table->pauses[i + 1].key;
        if (first)
            *slot_of(table, table->pauses[i].key) = (uint32_t)i + 1;
    }
    return 0;
}

static int take_spared(struct table *table, const struct table_opts *opts)
{
    const uint8_t **keys = calloc(opts->spared_count + 1, sizeof *keys);
    table->spared = calloc(opts->spared_count + 1, sizeof *table->spared);
    if (keys == NULL || table->spared == NULL) {
        free(keys);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < opts->spared_count; i++) {
        memcpy(table->spared[i], opts->spared[i], name_len(opts->spared[i]));
        keys[i] = table->spared[i];
    }
    int err = name_map_new(keys, opts->spared_count, &table->spared_map);
    free(keys);
    return err;
}

/* ---- making: all of it ---- */

static size_t count_names(const struct table_opts *opts)
{
    size_t count = 0;
    for (size_t i = 0; i < opts->count; i++) {
        size_t pos = 0;
        bool below;
        count++;
        while (decision_name_next(opts->decisions[i], &pos, &below) != NULL)
            count++;
    }
    return count;
}

static int fill(struct table *table, const struct table_opts *opts)
{
    table->version = opts->version;
    table->grant_never = opts->grant_never;
    table->rows = calloc(count_names(opts) + 1, sizeof *table->rows);
    table->pauses = calloc(opts->count + 1, sizeof *table->pauses);
    if (table->rows == NULL || table->pauses == NULL)
        return ERR_NOMEM;
    take_decisions(table, opts);
    drop_covered(table);
    int err = index_rows(table);
    if (err == 0)
        err = index_pauses(table);
    return err < 0 ? err : take_spared(table, opts);
}

int table_new(const struct table_opts *opts, struct table **out)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    int err = fill(table, opts);
    if (err < 0) {
        table_free(table);
        return err;
    }
    *out = table;
    return 0;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    name_map_free(table->map);
    name_map_free(table->spared_map);
    free(table->firsts);
    free(table->rows);
    free(table->pauses);
    free(table->slots);
    free(table->spared);
    free(table);
}

uint32_t table_version(const struct table *table)
{
    return table->version;
}

size_t table_count(const struct table *table)
{
    return table->count;
}

/* ---- asking ---- */

bool table_concerns(const struct table *table, const uint8_t *name)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    return table->count > 0 && name_map_find(table->map, name, hits, NULL) > 0;
}

static uint32_t number_of(const struct table_who *who, enum decision_scope scope)
{
    switch (scope) {
    case DECISION_GROUP:
        return who->group;
    case DECISION_USER:
        return who->user;
    case DECISION_DEVICE:
        return who->device;
    case DECISION_EVERYONE:
        break;
    }
    return 0;
}

static bool is_meant(const struct row *row, bool whole, const struct table_who *who)
{
    return (whole || row->below) && row->number == number_of(who, (enum decision_scope)row->scope);
}

/* Whether the time between the two is now; *change_s comes no later than when that will be another answer. */
static bool is_now(int64_t from_s, int64_t until_s, int64_t now_s, int64_t *change_s)
{
    int64_t next_s = now_s < from_s ? from_s : until_s;
    if (next_s > now_s && next_s < *change_s)
        *change_s = next_s;
    return now_s >= from_s && (until_s == 0 || now_s < until_s);
}

static struct table_decision *place_of(struct table_found *found, const struct row *row)
{
    switch ((enum decision_kind)row->kind) {
    case DECISION_SUSPEND:
        return &found->pause;
    case DECISION_BLOCK:
        return &found->block;
    case DECISION_GRANT:
        return &found->grant;
    case DECISION_ALLOW:
        break;
    }
    return &found->allow;
}

void table_find_target(const struct table *table, const uint8_t *name, const struct table_who *who, int64_t now_s,
                       struct table_found *out)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    *out = (struct table_found){.grant_never = table->grant_never, .change_s = INT64_MAX};
    size_t count = table->count == 0 ? 0 : name_map_find(table->map, name, hits, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &table->rows[table->firsts[hits[i].number]];
        for (bool more = true; more; more = !row->last, row += more) {
            struct table_decision *found = place_of(out, row);
            if (!is_meant(row, hits[i].whole, who) || !is_now(row->from_s, row->until_s, now_s, &out->change_s) ||
                found->labels >= hits[i].labels)
                continue;
            *found = (struct table_decision){
                .id = row->id, .labels = hits[i].labels, .lifts_safe_search = row->lifts_safe_search};
        }
    }
}

bool table_pauses(const struct table *table)
{
    return table->pause_count > 0;
}

/* The pause of everything, in out->pause. */
static void find_pause(const struct table *table, const struct table_who *who, int64_t now_s, struct table_found *out)
{
    int64_t last_s = 0;
    for (enum decision_scope scope = DECISION_GROUP; scope <= DECISION_DEVICE; scope++) {
        uint32_t slot = table->paused_scopes[scope] ? *slot_of(table, pause_key(scope, number_of(who, scope))) : 0;
        const struct pause *pause = slot == 0 ? NULL : &table->pauses[slot - 1];
        for (bool more = pause != NULL; more; more = !pause->last, pause += more) {
            if (!is_now(pause->from_s, pause->until_s, now_s, &out->change_s) || pause->until_s <= last_s)
                continue;
            out->pause = (struct table_decision){.id = pause->id};
            last_s = pause->until_s;
        }
    }
}

static bool is_spared(const struct table *table, const uint8_t *name)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    return name_map_find(table->spared_map, name, hits, NULL) > 0;
}

void table_find(const struct table *table, const uint8_t *name, const struct table_who *who, int64_t now_s,
                struct table_found *out)
{
    table_find_target(table, name, who, now_s, out);
    if (table->pause_count > 0 && !is_spared(table, name))
        find_pause(table, who, now_s, out);
}
