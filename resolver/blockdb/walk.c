#include <stdlib.h>
#include <string.h>

#include "blockdb/bucket.h"
#include "blockdb/check.h"

struct blockdb_walk {
    const struct region *entries;
    struct bucket bucket;
    uint32_t entry;      /* the next one of the bucket; bucket.count: the next bucket comes first */
    const uint8_t *text; /* of that entry */
    uint32_t offset;     /* of the next bucket */
    uint64_t left;       /* entries that must still come */
    size_t key_len;      /* 0: no key yet */
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
    walk->entry = 0;
    if (!bucket_open(walk->entries, walk->offset, &walk->bucket))
        return false;
    walk->text = walk->bucket.texts;
    return true;
}

/* Where the bucket behind this text starts, or the region's tail. */
static uint32_t offset_behind(const struct blockdb_walk *walk)
{
    size_t offset = (size_t)(walk->text - walk->entries->bytes);
    return (uint32_t)((offset + BLOCKDB_BUCKET_ALIGN - 1) / BLOCKDB_BUCKET_ALIGN * BLOCKDB_BUCKET_ALIGN);
}

/* Makes the next entry's key. false when it is too long, outside of the region, or does not sort behind the one before. */
static bool key_advance(struct blockdb_walk *walk)
{
    const struct bucket *bucket = &walk->bucket;
    uint8_t key[BLOCKDB_KEY_MAX];
    size_t text_len = bucket->lens[walk->entry];
    size_t len = bucket->prefix_len + text_len + 1;
    if (len > sizeof(key) || text_len > (size_t)(bucket->end - walk->text))
        return false;
    memcpy(key, bucket->prefix, bucket->prefix_len);
    memcpy(key + bucket->prefix_len, walk->text, text_len);
    key[len - 1] = 0;
    key[len - 1] = check_last(bucket->checks[walk->entry], check_ending(key, len));

    int order = memcmp(key, walk->key, len < walk->key_len ? len : walk->key_len);
    if (order < 0 || (order == 0 && len <= walk->key_len))
        return false;
    memcpy(walk->key, key, len);
    walk->key_len = len;
    return true;
}

int blockdb_walk_next(struct blockdb_walk *walk, struct blockdb_entry *out)
{
    if (walk->left == 0)
        return walk->entry == walk->bucket.count && walk->offset + BLOCKDB_TAIL == walk->entries->len ? 0 : ERR_DAMAGED;
    if (walk->entry == walk->bucket.count && !bucket_enter(walk))
        return ERR_DAMAGED;
    if (!key_advance(walk))
        return ERR_DAMAGED;
    *out = (struct blockdb_entry){
        .key = walk->key,
        .key_len = walk->key_len,
        .value = bucket_value(&walk->bucket, walk->entry),
    };
    walk->text += walk->bucket.lens[walk->entry++];
    walk->offset = offset_behind(walk);
    walk->left--;
    return 1;
}
