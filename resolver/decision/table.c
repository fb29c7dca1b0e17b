#include "decision/table.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name_map.h"

/* One decision, without what only people read. Those about one name stand together. */
struct row {
    uint8_t name[NAME_MAX_LEN];
    bool below;
    bool allows;
    bool last; /* of this name */
    uint16_t group;
    uint32_t id;
    int64_t until_s;
};

struct table {
    struct row *rows;
    size_t count;
    struct name_map *map; /* number: index in firsts */
    uint32_t *firsts;     /* first row of each name */
    uint32_t version;
};

/* ---- making ---- */

/* By name, then newest first: of two that say the same the newer one is found first. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    int order = memcmp(x->name, y->name, sizeof x->name);
    return order != 0 ? order : (x->id < y->id) - (x->id > y->id);
}

static void take_rows(struct table *table, const struct decision *const decisions[], size_t count, int64_t now_s,
                      table_group group, void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        const struct decision *d = decisions[i];
        int number = d->group[0] == '\0' ? TABLE_EVERYONE : group(ctx, d->group);
        if (!decision_in_force(d, now_s) || number < 0)
            continue;
        struct row *row = &table->rows[table->count++];
        *row = (struct row){.below = d->below,
                            .allows = d->kind == DECISION_ALLOW,
                            .group = (uint16_t)number,
                            .id = d->id,
                            .until_s = d->until_s};
        memcpy(row->name, d->name, name_len(d->name));
    }
    qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
}

static bool ends_later(const struct row *a, const struct row *b)
{
    return a->until_s == 0 || (b->until_s != 0 && a->until_s >= b->until_s);
}

/* Whether a says all that b says, and for at least as long. */
static bool covers(const struct row *a, const struct row *b)
{
    return a->allows == b->allows && (a->below || !b->below) && (a->group == TABLE_EVERYONE || a->group == b->group) &&
           ends_later(a, b);
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

/* So a name has at most one row for each group, extent and kind, however often somebody decided about it. */
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

int table_new(const struct decision *const decisions[], size_t count, int64_t now_s, table_group group, void *ctx,
              uint32_t version, struct table **out)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    table->version = version;
    table->rows = calloc(count + 1, sizeof *table->rows);
    int err = table->rows == NULL ? ERR_NOMEM : 0;
    if (err == 0) {
        take_rows(table, decisions, count, now_s, group, ctx);
        drop_covered(table);
        err = index_rows(table);
    }
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
    free(table->firsts);
    free(table->rows);
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

static bool holds(const struct row *row, bool whole, uint16_t group, int64_t now_s)
{
    return (whole || row->below) && (row->group == TABLE_EVERYONE || row->group == group) &&
           (row->until_s == 0 || now_s < row->until_s);
}

void table_find(const struct table *table, const uint8_t *name, uint16_t group, int64_t now_s, struct table_found *out)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    *out = (struct table_found){.block = {.id = 0}};
    size_t count = table->count == 0 ? 0 : name_map_find(table->map, name, hits, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &table->rows[table->firsts[hits[i].number]];
        for (bool more = true; more; more = !row->last, row += more) {
            struct table_decision *found = row->allows ? &out->allow : &out->block;
            if (holds(row, hits[i].whole, group, now_s) && found->labels < hits[i].labels)
                *found = (struct table_decision){.id = row->id, .labels = hits[i].labels, .until_s = row->until_s};
        }
    }
}
