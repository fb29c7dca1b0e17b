#include <stdlib.h>
#include <string.h>

#include "blockdb/bucket.h"

struct blockdb_walk {
    const struct region *entries;
    struct bucket bucket;
    uint32_t entry;  /* the next one of the bucket; bucket.count: the next bucket comes first */
    uint32_t text;   /* where the rest of that entry starts in bucket.texts */
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
    walk->entry = walk->text = 0;
    return bucket_open(walk->entries, walk->offset, &walk->bucket);
}

/* Makes the key of an entry out of the one before. false when it is too long or does not sort behind that one. */
static bool key_advance(struct blockdb_walk *walk, const struct bucket_entry *entry)
{
    size_t len = (size_t)entry->shared + entry->rest_len;
    if (entry->shared > (walk->entry > 0 ? walk->key_len : 0) || entry->rest_len == 0 || len > sizeof(walk->key))
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

    if (walk->left == 0)
        return walk->entry == walk->bucket.count && walk->offset + BLOCKDB_TAIL == walk->entries->len ? 0 : ERR_DAMAGED;
    if (walk->entry == walk->bucket.count && !bucket_enter(walk))
        return ERR_DAMAGED;
    if (!bucket_entry(&walk->bucket, walk->entry, walk->text, &entry) || !key_advance(walk, &entry))
        return ERR_DAMAGED;
    *out = (struct blockdb_entry){
        .key = walk->key,
        .key_len = walk->key_len,
        .value = bucket_value(&walk->bucket, walk->bucket.ancestor_count + walk->entry),
    };
    walk->entry++;
    walk->text += entry.rest_len;
    walk->offset = (uint32_t)(walk->bucket.texts + walk->text - walk->entries->bytes);
    walk->left--;
    return 1;
}
