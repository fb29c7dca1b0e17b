#include "policy/name_table.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/name_map.h"

/* What is said about one name. Bits are 1 << enum policy_special. */
struct entry {
    uint8_t exact;
    uint8_t below;
    bool zone_filtered;
    uint16_t record;
    uint16_t zone;
    uint16_t engine; /* from 1; 0: none */
};

struct name_table {
    struct name_map *map;  /* number: index in entries */
    struct entry *entries; /* one for each name that was given; of equal names the first has all */
    uint8_t *bytes;        /* of all names */
};

#define BIT(special) (uint8_t)(1u << (special))

static void entry_add(struct entry *entry, const struct policy_name *name)
{
    if (name->special == POLICY_SPECIAL_SAFE_SEARCH) {
        entry->engine = (uint16_t)(name->index + 1);
        return;
    }
    uint8_t bit = BIT(name->special);
    if (name->below)
        entry->below |= bit;
    else
        entry->exact |= bit;
    if (name->special == POLICY_SPECIAL_RECORD)
        entry->record = name->index;
    if (name->special == POLICY_SPECIAL_ZONE) {
        entry->zone = name->index;
        entry->zone_filtered = name->filtered;
    }
}

/* Copies the names one behind the other; *out_keys, which the caller frees, points to each. */
static int copy_names(struct name_table *table, const struct policy_name names[], size_t count,
                      const uint8_t ***out_keys)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        int name_bytes = name_check(names[i].name, NAME_MAX_LEN);
        if (name_bytes <= 1)
            return ERR_MALFORMED;
        len += (size_t)name_bytes;
    }
    const uint8_t **keys = calloc(count + 1, sizeof *keys);
    table->bytes = malloc(len + 1);
    if (keys == NULL || table->bytes == NULL) {
        free(keys);
        return ERR_NOMEM;
    }
    uint8_t *at = table->bytes;
    for (size_t i = 0; i < count; i++) {
        keys[i] = memcpy(at, names[i].name, name_len(names[i].name));
        at += name_len(names[i].name);
    }
    *out_keys = keys;
    return 0;
}

static void add_entries(struct name_table *table, const struct policy_name names[], size_t count)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    for (size_t i = 0; i < count; i++) {
        size_t found = name_map_find(table->map, names[i].name, hits, NULL);
        entry_add(&table->entries[hits[found - 1].number], &names[i]);
    }
}

int name_table_new(const struct policy_name names[], size_t count, struct name_table **out)
{
    const uint8_t **keys = NULL;
    struct name_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    table->entries = calloc(count + 1, sizeof *table->entries);
    int err = table->entries == NULL ? ERR_NOMEM : copy_names(table, names, count, &keys);
    if (err == 0)
        err = name_map_new(keys, count, &table->map);
    free(keys);
    if (err < 0) {
        name_table_free(table);
        return err;
    }
    add_entries(table, names, count);
    *out = table;
    return 0;
}

void name_table_free(struct name_table *table)
{
    if (table == NULL)
        return;
    name_map_free(table->map);
    free(table->entries);
    free(table->bytes);
    free(table);
}

#define DUTIES                                                                                                         \
    (BIT(POLICY_SPECIAL_RECORD) | BIT(POLICY_SPECIAL_ZONE) | BIT(POLICY_SPECIAL_NODATA) | BIT(POLICY_SPECIAL_NXDOMAIN))

static enum policy_special first_duty(uint8_t bits)
{
    if (bits & BIT(POLICY_SPECIAL_RECORD))
        return POLICY_SPECIAL_RECORD;
    if (bits & BIT(POLICY_SPECIAL_ZONE))
        return POLICY_SPECIAL_ZONE;
    return bits & BIT(POLICY_SPECIAL_NODATA) ? POLICY_SPECIAL_NODATA : POLICY_SPECIAL_NXDOMAIN;
}

/* Lays what an entry says over what its parents said. */
static void found_add(struct name_found *found, const struct entry *entry, bool is_whole, uint8_t labels)
{
    const uint8_t exact = is_whole ? entry->exact : 0;
    if (is_whole)
        found->engine = entry->engine;
    const uint8_t all = exact | entry->below;
    if (all == 0)
        return;
    if (all & BIT(POLICY_SPECIAL_HELP))
        found->help_labels = labels;
    if (all & BIT(POLICY_SPECIAL_BLOCK))
        found->block_labels = labels;
    if (all & BIT(POLICY_SPECIAL_ALLOW))
        found->allow_labels = labels;
    if (all & BIT(POLICY_SPECIAL_ZONE))
        found->zone = entry->zone;
    if ((all & DUTIES) == 0)
        return;
    found->duty = (uint8_t)first_duty(exact & DUTIES ? exact & DUTIES : all & DUTIES);
    found->duty_labels = labels;
    found->duty_index = found->duty == POLICY_SPECIAL_RECORD ? entry->record
                        : found->duty == POLICY_SPECIAL_ZONE ? entry->zone
                                                             : 0;
    found->duty_filtered = found->duty == POLICY_SPECIAL_ZONE && entry->zone_filtered;
}

void name_table_find(const struct name_table *table, const uint8_t *name, struct name_found *out)
{
    struct name_map_hit hits[NAME_MAX_LABELS];
    size_t count = name_map_find(table->map, name, hits, NULL);
    *out = (struct name_found){0};
    for (size_t i = 0; i < count; i++)
        found_add(out, &table->entries[hits[i].number], hits[i].whole, hits[i].labels);
}
