#include "policy/name_table.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dns/name.h"

/* What is said about one name, or nothing (a signpost). Bits are 1 << enum policy_special. */
struct entry {
    uint64_t hash;
    const uint8_t *name;
    uint8_t name_len;
    uint8_t exact;
    uint8_t below;
    bool zone_filtered;
    uint16_t record;
    uint16_t zone;
};

struct name_table {
    struct entry *slots; /* open addressing; name NULL: free */
    size_t mask;
    uint8_t *bytes; /* of all names */
};

#define BIT(special) (uint8_t)(1u << (special))

/* Hash of a name from that of its parent; label: the length byte and what follows. */
static uint64_t hash_label(uint64_t parent, const uint8_t *label)
{
    return XXH3_64bits_withSeed(label, (size_t)label[0] + 1, parent);
}

/* Offsets of a name's labels, from the left. Returns how many. */
static unsigned label_offsets(const uint8_t *name, uint8_t out[NAME_MAX_LABELS])
{
    unsigned count = 0;
    for (unsigned at = 0; name[at] != 0; at += name[at] + 1u)
        out[count++] = (uint8_t)at;
    return count;
}

/* The slot of a name: its entry, or the free one where it would go. */
static struct entry *slot_of(const struct name_table *table, uint64_t hash, const uint8_t *name, size_t len)
{
    size_t at = hash & table->mask;
    for (;; at = (at + 1) & table->mask) {
        struct entry *entry = &table->slots[at];
        if (entry->name == NULL)
            return entry;
        if (entry->hash == hash && entry->name_len == len && memcmp(entry->name, name, len) == 0)
            return entry;
    }
}

/* Makes the entries of a name and of all its parents; returns the name's own. */
static struct entry *entry_make(struct name_table *table, const uint8_t *name)
{
    uint8_t offsets[NAME_MAX_LABELS];
    unsigned labels = label_offsets(name, offsets);
    size_t end = name_len(name);
    uint64_t hash = 0;
    struct entry *entry = NULL;
    for (unsigned i = 0; i <= labels; i++) {
        const uint8_t *suffix = i == 0 ? name + end - 1 : name + offsets[labels - i];
        size_t len = (size_t)(name + end - suffix);
        if (i > 0)
            hash = hash_label(hash, suffix);
        entry = slot_of(table, hash, suffix, len);
        if (entry->name == NULL)
            *entry = (struct entry){.hash = hash, .name = suffix, .name_len = (uint8_t)len};
    }
    return entry;
}

static void entry_add(struct entry *entry, const struct policy_name *name)
{
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

static int measure(const struct policy_name names[], size_t count, size_t *out_bytes, size_t *out_entries)
{
    size_t bytes = 0;
    size_t entries = 1; /* the root */
    for (size_t i = 0; i < count; i++) {
        int len = name_check(names[i].name, NAME_MAX_LEN);
        if (len <= 1)
            return ERR_MALFORMED;
        bytes += (size_t)len;
        entries += name_label_count(names[i].name);
    }
    *out_bytes = bytes;
    *out_entries = entries;
    return 0;
}

int name_table_new(const struct policy_name names[], size_t count, struct name_table **out)
{
    size_t bytes;
    size_t entries;
    size_t slots = 16;
    int rc = measure(names, count, &bytes, &entries);
    if (rc < 0)
        return rc;
    while (slots < entries * 2)
        slots *= 2;
    struct name_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    table->slots = calloc(slots, sizeof *table->slots);
    table->bytes = malloc(bytes + 1);
    table->mask = slots - 1;
    if (table->slots == NULL || table->bytes == NULL) {
        name_table_free(table);
        return ERR_NOMEM;
    }
    uint8_t *at = table->bytes;
    for (size_t i = 0; i < count; i++) {
        size_t len = name_len(names[i].name);
        memcpy(at, names[i].name, len);
        entry_add(entry_make(table, at), &names[i]);
        at += len;
    }
    *out = table;
    return 0;
}

void name_table_free(struct name_table *table)
{
    if (table == NULL)
        return;
    free(table->slots);
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
    uint8_t offsets[NAME_MAX_LABELS];
    unsigned labels = label_offsets(name, offsets);
    size_t len = labels == 0 ? 1 : (size_t)offsets[labels - 1] + name[offsets[labels - 1]] + 2;
    uint64_t hash = 0;
    *out = (struct name_found){0};
    for (unsigned i = 1; i <= labels; i++) {
        const uint8_t *suffix = name + offsets[labels - i];
        hash = hash_label(hash, suffix);
        const struct entry *entry = slot_of(table, hash, suffix, (size_t)(name + len - suffix));
        if (entry->name == NULL)
            return;
        found_add(out, entry, i == labels, (uint8_t)i);
    }
}
