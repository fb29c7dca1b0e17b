#include <stdlib.h>
#include <string.h>

#include "blockdb/bucket.h"

struct blockdb_walk {
    const struct region *entries;
    struct bucket bucket;
    uint32_t offset; /* of the next bucket */
    uint64_t left;   /* entries that must still come */
    size_t key_len;
    bool started;
    uint8_t key[BLOCKDB_KEY_MAX];
};

int blockdb_walk_begin(const struct blockdb *db, struct blockdb_walk **out)
{
    struct blockdb_walk *walk = calloc(1, sizeof(*walk));
    if (!walk)
        return ERR_NOMEM;
    walk->entries = &db->regions[BLOCKDB_REGION_ENTRIES];
    walk->left = db->meta.name_count;
    *out = walk;
    return 0;
}

void blockdb_walk_end(struct blockdb_walk *walk)
{
    free(walk);
}

static bool bucket_enter(struct blockdb_walk *walk)
{
    struct bucket_ancestor ancestor;
    if (!bucket_open(walk->entries, walk->offset, &walk->bucket) || walk->bucket.entries_left == 0)
        return false;
    while (bucket_next_ancestor(&walk->bucket, &ancestor))
        continue;
    return walk->bucket.ancestors_left == 0;
}

/* Makes the key of an entry out of the one before. false when it is too long or does not sort behind that one. */
static bool key_advance(struct blockdb_walk *walk, const struct bucket_entry *entry, bool first_of_bucket)
{
    size_t len = (size_t)entry->shared + entry->rest_len;
    size_t shared = first_of_bucket ? 0 : walk->key_len;
    if (entry->shared > shared || entry->rest_len == 0 || len > sizeof(walk->key))
        return false;

    size_t old_rest_len = walk->key_len - entry->shared;
    size_t common = old_rest_len < entry->rest_len ? old_rest_len : entry->rest_len;
    int order = memcmp(entry->rest, walk->key + entry->shared, common);
    if (walk->started && (order < 0 || (order == 0 && entry->rest_len <= old_rest_len)))
        return false;
    memcpy(walk->key + entry->shared, entry->rest, entry->rest_len);
    walk->key_len = len;
    walk->started = true;
    return true;
}

int blockdb_walk_next(struct blockdb_walk *walk, struct blockdb_entry *out)
{
    struct bucket_entry entry;
    bool first_of_bucket = walk->bucket.entries_left == 0;

    if (walk->left == 0)
        return walk->bucket.entries_left == 0 && walk->offset == walk->entries->len ? 0 : ERR_DAMAGED;
    if (first_of_bucket && !bucket_enter(walk))
        return ERR_DAMAGED;
    if (!bucket_next_entry(&walk->bucket, &entry) || !key_advance(walk, &entry, first_of_bucket))
        return ERR_DAMAGED;
    walk->offset = (uint32_t)(walk->bucket.at - walk->entries->bytes);
    walk->left--;
    *out = (struct blockdb_entry){.key = walk->key, .key_len = walk->key_len, .value = entry.value};
    return 1;
}
