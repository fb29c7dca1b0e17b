#include "support/unsorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trie/sort.h"

struct unsorted {
    uint8_t *keys;
    size_t keys_len, keys_cap;
    struct record *records;
    size_t record_count, record_cap;
    struct trie_item *items; /* each different one that came in a row */
    size_t item_count, item_cap;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "unsorted: %s\n", what);
    abort();
}

static void *grow(void *bytes, size_t *cap, size_t needed, size_t size)
{
    if (needed <= *cap)
        return bytes;
    *cap = needed + needed / 2 + 64;
    bytes = realloc(bytes, *cap * size);
    must(bytes != NULL, "no memory");
    return bytes;
}

struct unsorted *unsorted_new(void)
{
    struct unsorted *u = calloc(1, sizeof(*u));
    must(u != NULL, "no memory");
    return u;
}

void unsorted_add(struct unsorted *u, const struct name_key *key, const struct trie_item *item)
{
    u->keys = grow(u->keys, &u->keys_cap, u->keys_len + 1 + key->len + SORT_KEY_SLACK, 1);
    u->records = grow(u->records, &u->record_cap, u->record_count + 1, sizeof(*u->records));
    if (u->item_count == 0 || memcmp(&u->items[u->item_count - 1], item, sizeof(*item)) != 0) {
        u->items = grow(u->items, &u->item_cap, u->item_count + 1, sizeof(*u->items));
        u->items[u->item_count++] = *item;
    }
    u->records[u->record_count++] =
        (struct record){.key = (uint32_t)u->keys_len, .value = (uint32_t)(u->item_count - 1)};
    u->keys[u->keys_len] = (uint8_t)key->len;
    memcpy(u->keys + u->keys_len + 1, key->bytes, key->len);
    u->keys_len += 1u + key->len;
}

static void put(const struct unsorted *u, struct trie *trie, unsigned part, const struct record *record)
{
    uint32_t value;
    const uint8_t *key = u->keys + record->key;
    must(trie_item_value(trie, part, &u->items[record->value], &value) == 0, "value");
    must(trie_put(trie, part, key + 1, key[0], value, 1) == 0, "put");
}

/* Whether the key of a record is not that of the one before: parts may be cut only there. */
static bool begins(const struct unsorted *u, size_t record)
{
    const uint8_t *key = u->keys + u->records[record].key;
    return record == 0 || memcmp(u->keys + u->records[record - 1].key, key, 1u + key[0]) != 0;
}

struct trie *unsorted_build(struct unsorted *u, unsigned threads, struct trie_stats *out_stats)
{
    struct trie *trie;
    unsigned part = 0;
    must(trie_new(&(struct trie_opts){.part_count = threads}, &trie) == 0, "new");
    sort_records(u->records, u->record_count, u->keys, threads);
    for (size_t i = 0; i < u->record_count; i++) {
        if (part + 1 < threads && i >= u->record_count / threads * (part + 1) && begins(u, i))
            part++;
        put(u, trie, part, &u->records[i]);
    }
    must(trie_build(trie, out_stats) == 0, "build");
    free(u->keys);
    free(u->records);
    free(u->items);
    free(u);
    return trie;
}
