#include "trie/trie.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trie/sort.h"
#include "trie/value.h"

#define KEYS_START     (1u << 20)
#define RECORDS_START  (1u << 16)
#define DEPTH_MAX      128 /* labels of a key */
#define PREFETCH_AHEAD 16

struct trie {
    struct trie_opts opts;
    uint8_t *keys; /* per name a length byte and the key */
    size_t keys_len, keys_cap;
    struct record *records;
    size_t record_count, record_cap;
    struct value_table values;
    struct value last_value; /* feeds say the same about name after name */
    uint32_t last_id;        /* its id; UINT32_MAX: none yet */
    uint16_t last_feed;
    uint32_t last_clause;   /* id + 1; 0: none */
    uint64_t *entry_counts; /* by value id; made by trie_build */
};

int trie_new(const struct trie_opts *opts, struct trie **out)
{
    struct trie *trie = calloc(1, sizeof(*trie));
    if (!trie)
        return ERR_NOMEM;
    trie->opts = *opts;
    trie->last_id = UINT32_MAX;
    int err = value_init(&trie->values);
    if (err < 0) {
        free(trie);
        return err;
    }
    *out = trie;
    return 0;
}

void trie_free(struct trie *trie)
{
    if (!trie)
        return;
    value_done(&trie->values);
    free(trie->keys);
    free(trie->records);
    free(trie->entry_counts);
    free(trie);
}

/* Growing by a half: realloc moves pages instead of copying them, and what is not written takes no memory. */
static int make_room(struct trie *trie, size_t key_len)
{
    size_t needed = trie->keys_len + 1 + key_len + SORT_KEY_SLACK;
    if (trie->keys_len + 1 + key_len > UINT32_MAX)
        return ERR_LIMIT;
    if (needed > trie->keys_cap) {
        size_t cap = trie->keys_cap ? trie->keys_cap + trie->keys_cap / 2 : KEYS_START;
        uint8_t *keys = realloc(trie->keys, cap);
        if (!keys)
            return ERR_NOMEM;
        trie->keys = keys;
        trie->keys_cap = cap;
    }
    if (trie->record_count == trie->record_cap) {
        size_t cap = trie->record_cap ? trie->record_cap + trie->record_cap / 2 : RECORDS_START;
        struct record *records = realloc(trie->records, cap * sizeof(*records));
        if (!records)
            return ERR_NOMEM;
        trie->records = records;
        trie->record_cap = cap;
    }
    return 0;
}

static int item_value(struct trie *trie, const struct trie_item *item, uint32_t *out)
{
    struct value *value = &trie->last_value;
    uint32_t clause = item->has_clause ? item->clause + 1u : 0;
    if (trie->last_clause != clause || trie->last_id == UINT32_MAX || trie->last_feed != item->feed ||
        memcmp(&value->self, &item->self, sizeof(item->self)) != 0 ||
        memcmp(&value->below, &item->below, sizeof(item->below)) != 0) {
        *value = (struct value){.self = item->self, .below = item->below};
        trie->last_id = UINT32_MAX;
        trie->last_feed = item->feed;
        trie->last_clause = clause;
        int err = feedset_single(&trie->values.feedsets, item->feed, &value->feedset);
        if (err == 0 && item->has_clause)
            err = feedset_single(&trie->values.clausesets, item->clause, &value->clauseset);
        if (err == 0)
            err = value_intern(&trie->values, value, &trie->last_id);
        if (err < 0)
            return err;
    }
    *out = trie->last_id;
    return 0;
}

int trie_add(struct trie *trie, const struct name_key *key, const struct trie_item *item)
{
    static const struct blockdb_rules nothing;
    uint32_t value;

    assert(!trie->entry_counts);
    if (key->len == 0 || key->len > BLOCKDB_KEY_MAX || !key->whole || item->feed >= BLOCKDB_FEED_MAX ||
        (!item->has_clause && rules_within(&item->self, &nothing) && rules_within(&item->below, &nothing)))
        return ERR_INVAL;
    if (trie->opts.names_max > 0 && trie->record_count >= trie->opts.names_max)
        return ERR_LIMIT;
    int err = make_room(trie, key->len);
    if (err == 0)
        err = item_value(trie, item, &value);
    if (err < 0)
        return err;

    uint8_t *at = trie->keys + trie->keys_len;
    at[0] = (uint8_t)key->len;
    memcpy(at + 1, key->bytes, key->len);
    trie->records[trie->record_count++] = (struct record){.key = (uint32_t)trie->keys_len, .value = value};
    trie->keys_len += 1u + key->len;
    return 0;
}

static void key_prefetch(const struct trie *trie, size_t record)
{
    if (record + PREFETCH_AHEAD < trie->record_count)
        __builtin_prefetch(trie->keys + trie->records[record + PREFETCH_AHEAD].key);
}

static bool same_key(const struct trie *trie, const struct record *a, const struct record *b)
{
    const uint8_t *a_key = trie->keys + a->key;
    const uint8_t *b_key = trie->keys + b->key;
    return memcmp(a_key, b_key, 1u + a_key[0]) == 0;
}

/* Makes one record of all that have the same key. */
static int merge(struct trie *trie)
{
    size_t kept = 0;
    for (size_t i = 0; i < trie->record_count; i++) {
        key_prefetch(trie, i);
        struct record *last = kept > 0 ? &trie->records[kept - 1] : NULL;
        if (!last || !same_key(trie, last, &trie->records[i])) {
            trie->records[kept++] = trie->records[i];
            continue;
        }
        int err = value_merge(&trie->values, last->value, trie->records[i].value, &last->value);
        if (err < 0)
            return err;
    }
    trie->record_count = kept;
    return 0;
}

/* The listed parents of the entry at hand, each with what it and its own parents say for names below. */
struct ancestors {
    struct {
        const uint8_t *key; /* with its length byte */
        struct blockdb_rules below;
    } stack[DEPTH_MAX];
    size_t depth;
};

static bool covers(const uint8_t *parent, const uint8_t *key)
{
    return parent[0] < key[0] && key[1 + parent[0]] == 0 && memcmp(parent + 1, key + 1, parent[0]) == 0;
}

static void ancestors_push(struct ancestors *a, const uint8_t *key, const struct blockdb_rules *below)
{
    struct blockdb_rules sum = *below;
    if (a->depth > 0)
        rules_add(&sum, &a->stack[a->depth - 1].below);
    a->stack[a->depth].key = key;
    a->stack[a->depth].below = sum;
    a->depth++;
}

static void prune(struct trie *trie)
{
    static const struct blockdb_rules nothing;
    struct ancestors parents = {.depth = 0};
    size_t kept = 0;

    for (size_t i = 0; i < trie->record_count; i++) {
        key_prefetch(trie, i);
        const struct record entry = trie->records[i];
        const uint8_t *key = trie->keys + entry.key;
        const struct value *value = &trie->values.values[entry.value];
        while (parents.depth > 0 && !covers(parents.stack[parents.depth - 1].key, key))
            parents.depth--;
        const struct blockdb_rules *known = parents.depth > 0 ? &parents.stack[parents.depth - 1].below : &nothing;
        if (value->clauseset == 0 && rules_within(&value->self, known) && rules_within(&value->below, known))
            continue;
        if (!rules_within(&value->below, &nothing))
            ancestors_push(&parents, key, &value->below);
        trie->entry_counts[entry.value]++;
        trie->records[kept++] = entry;
    }
    trie->record_count = kept;
}

int trie_build(struct trie *trie, struct trie_stats *out)
{
    struct trie_stats stats = {.added = trie->record_count};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = trie->opts.thread_count > 0 ? trie->opts.thread_count
                       : processors > 0            ? (unsigned)processors
                                                   : 1;

    assert(!trie->entry_counts);
    sort_records(trie->records, trie->record_count, trie->keys, threads);
    int err = merge(trie);
    if (err < 0)
        return err;
    trie->entry_counts = calloc(trie->values.count + 1u, sizeof(*trie->entry_counts));
    if (!trie->entry_counts)
        return ERR_NOMEM;
    stats.duplicates = stats.added - trie->record_count;
    prune(trie);
    stats.entries = trie->record_count;
    stats.subsumed = stats.added - stats.duplicates - stats.entries;
    *out = stats;
    return 0;
}

uint64_t trie_entry_count(const struct trie *trie)
{
    return trie->record_count;
}

size_t trie_value_count(const struct trie *trie)
{
    return trie->values.count;
}

size_t trie_feedset_count(const struct trie *trie)
{
    return trie->values.feedsets.count;
}

void trie_value(const struct trie *trie, uint32_t id, struct trie_value *out)
{
    const struct value *value = &trie->values.values[id];
    out->self = value->self;
    out->below = value->below;
    out->feeds = feedset_get(&trie->values.feedsets, value->feedset, &out->feed_count);
    out->feedset = value->feedset;
    out->clauses = feedset_get(&trie->values.clausesets, value->clauseset, &out->clause_count);
    out->entry_count = trie->entry_counts ? trie->entry_counts[id] : 0;
}

int trie_next(const struct trie *trie, uint64_t *position, struct trie_entry *out)
{
    assert(trie->entry_counts);
    if (*position >= trie->record_count)
        return 0;
    key_prefetch(trie, *position);
    const struct record *record = &trie->records[(*position)++];
    const uint8_t *key = trie->keys + record->key;
    *out = (struct trie_entry){.key = key + 1, .key_len = key[0], .value = record->value};
    return 1;
}
