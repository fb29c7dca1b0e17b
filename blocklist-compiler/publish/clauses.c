#include "publish/clauses.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define SLOTS_START 256 /* a power of two; at most half of them are used */

void clauses_init(struct clauses *clauses)
{
    *clauses = (struct clauses){.count = 0};
}

void clauses_done(struct clauses *clauses)
{
    bytes_done(&clauses->records);
    bytes_done(&clauses->parts);
    bytes_done(&clauses->addresses);
    free(clauses->slots);
    clauses_init(clauses);
}

size_t clauses_parts_len(const struct blockdb_clause_record *head)
{
    return 2 * (size_t)head->type_count + head->pattern_len + head->literal_len + head->names_len + head->data_len;
}

void clauses_get(const struct clauses *clauses, uint16_t id, struct blockdb_clause_record *out,
                 const uint8_t **out_parts)
{
    memcpy(out, clauses->records.data + id * sizeof(*out), sizeof(*out));
    *out_parts = clauses->parts.data ? clauses->parts.data + out->parts : (const uint8_t *)"";
}

static uint64_t hash(const struct blockdb_clause_record *head, const uint8_t *parts)
{
    struct blockdb_clause_record same = *head;
    same.parts = 0;
    return XXH3_64bits(&same, sizeof(same)) ^ XXH3_64bits(parts, clauses_parts_len(head));
}

static bool is_same(const struct clauses *clauses, uint16_t id, const struct blockdb_clause_record *head,
                    const uint8_t *parts)
{
    struct blockdb_clause_record other;
    const uint8_t *other_parts;
    clauses_get(clauses, id, &other, &other_parts);
    other.parts = head->parts;
    return memcmp(&other, head, sizeof(other)) == 0 && memcmp(other_parts, parts, clauses_parts_len(head)) == 0;
}

static uint32_t *slot_find(const struct clauses *clauses, const struct blockdb_clause_record *head,
                           const uint8_t *parts)
{
    uint32_t mask = clauses->slot_count - 1;
    for (uint32_t at = (uint32_t)hash(head, parts) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &clauses->slots[at];
        if (*slot == 0 || is_same(clauses, (uint16_t)(*slot - 1), head, parts))
            return slot;
    }
}

static int grow_slots(struct clauses *clauses)
{
    if (clauses->slots && (clauses->count + 1) * 2 <= clauses->slot_count)
        return 0;
    uint32_t count = clauses->slots ? clauses->slot_count * 2 : SLOTS_START;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (!slots)
        return ERR_NOMEM;
    free(clauses->slots);
    clauses->slots = slots;
    clauses->slot_count = count;
    for (uint32_t id = 0; id < clauses->count; id++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        clauses_get(clauses, (uint16_t)id, &head, &parts);
        *slot_find(clauses, &head, parts) = id + 1;
    }
    return 0;
}

int clauses_intern(struct clauses *clauses, const struct blockdb_clause_record *head, const uint8_t *parts,
                   uint16_t *out_id)
{
    struct blockdb_clause_record record = *head;
    int err = grow_slots(clauses);
    if (err < 0)
        return err;
    uint32_t *slot = slot_find(clauses, head, parts);
    if (*slot == 0) {
        if (clauses->count == BLOCKDB_CLAUSE_MAX)
            return ERR_LIMIT;
        record.parts = (uint32_t)clauses->parts.len;
        bytes_add(&clauses->parts, parts, clauses_parts_len(head));
        bytes_add(&clauses->records, &record, sizeof(record));
        if (!bytes_ok(&clauses->parts) || !bytes_ok(&clauses->records))
            return ERR_NOMEM;
        *slot = ++clauses->count;
    }
    *out_id = (uint16_t)(*slot - 1);
    return 0;
}

int clauses_add_address(struct clauses *clauses, const struct prefix *prefix, enum blockdb_address_use use,
                        uint16_t clause)
{
    struct blockdb_address_record record = {.bits = prefix->bits, .use = (uint8_t)use, .clause = clause};
    memcpy(record.addr, prefix->addr.bytes, sizeof(record.addr));
    bytes_add(&clauses->addresses, &record, sizeof(record));
    return bytes_ok(&clauses->addresses) ? 0 : ERR_NOMEM;
}

static int compare(const void *a, const void *b)
{
    const struct blockdb_address_record *x = a;
    const struct blockdb_address_record *y = b;
    if (x->use != y->use)
        return x->use - y->use;
    if (x->bits != y->bits)
        return x->bits - y->bits;
    int cmp = memcmp(x->addr, y->addr, sizeof(x->addr));
    return cmp != 0 ? cmp : x->clause - y->clause;
}

void clauses_sort_addresses(struct clauses *clauses)
{
    void *bytes = clauses->addresses.data;
    struct blockdb_address_record *records = bytes;
    size_t count = clauses->addresses.len / sizeof(*records);
    size_t kept = 0;
    if (count == 0)
        return;
    qsort(records, count, sizeof(*records), compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare(&records[kept - 1], &records[i]) != 0)
            records[kept++] = records[i];
    clauses->addresses.len = kept * sizeof(*records);
}
