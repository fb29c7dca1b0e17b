/*
 * The reader of generations, with the bytes as a file or, to get behind the checksums, as its regions.
 *
 *     first byte even:   the rest is a file
 *     first byte odd:    u16 index length, u16 entries length, u8 values, u8 feeds; index, entries, value table, names to
 *                        look up. What is missing is zero.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blockdb/internal.h"
#include "dns/name.h"

#define LOOKUPS_MAX 200 /* of a kind; more only make an input slow */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct blockdb *db, const uint8_t *bytes, size_t len)
{
    struct name_key key = {.whole = true, .labels = 1};
    struct blockdb_match matches[3];
    uint8_t labels;
    key.len = (uint16_t)(len < BLOCKDB_KEY_MAX ? len : BLOCKDB_KEY_MAX);
    memcpy(key.bytes, bytes, key.len);
    const struct name_key *keys[] = {&key, &key};
    blockdb_lookup(db, &key, &matches[0]);
    blockdb_lookup_batch(db, keys, 2, matches + 1);
    if (memcmp(&matches[0], &matches[2], sizeof(matches[0])) != 0)
        abort();
    (void)blockdb_match_feed(db, &matches[0], key.bytes[0] % 65, &labels);
}

static void walk_and_look_up(const struct blockdb *db)
{
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    if (blockdb_walk_begin(db, &walk) < 0)
        return;
    for (unsigned i = 0; i < LOOKUPS_MAX && blockdb_walk_next(walk, &entry) > 0; i++) {
        struct blockdb_value value;
        if (blockdb_value(db, entry.value, &value) == 0 && value.feed_count > 0)
            (void)blockdb_feed(db, value.feeds[value.feed_count - 1])->name;
        look_up(db, entry.key, entry.key_len);
    }
    blockdb_walk_end(walk);
}

static char file_path[] = "/tmp/fuzz-blockdb-XXXXXX";

static void file_remove(void)
{
    (void)unlink(file_path);
}

/* One file per process, rewritten for each input; LMDB wants a path. */
static void try_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char why[256];
    struct blockdb *db;
    if (fd < 0) {
        fd = mkstemp(file_path);
        if (fd < 0 || atexit(file_remove) != 0)
            abort();
    }
    if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    if (blockdb_open(file_path, &db, why, sizeof(why)) == 0) {
        walk_and_look_up(db);
        blockdb_close(db);
    }
}

struct input {
    const uint8_t *at;
    size_t left;
};

/* The next len bytes on their own heap block, so that a read behind them is noticed; zeros when there are fewer. */
static uint8_t *take(struct input *in, size_t len)
{
    uint8_t *bytes = calloc(len + 1, 1);
    size_t have = len < in->left ? len : in->left;
    if (!bytes)
        abort();
    uint8_t *exact = realloc(bytes, len ? len : 1);
    if (!exact)
        abort();
    memcpy(exact, in->at, have);
    in->at += have;
    in->left -= have;
    return exact;
}

static void try_regions(struct input in)
{
    struct region regions[BLOCKDB_REGION_COUNT] = {{0}};
    uint8_t *head = take(&in, 6);
    struct blockdb_meta meta = {.generation = 1, .name_count = 1u << 20, .bucket_count = 1};
    struct blockdb *db;

    meta.value_count = head[4];
    meta.feed_count = head[5];
    regions[BLOCKDB_REGION_INDEX].len = head[0] + head[1] * (size_t)256;
    regions[BLOCKDB_REGION_ENTRIES].len = head[2] + head[3] * (size_t)256;
    regions[BLOCKDB_REGION_VALUES].len = meta.value_count * sizeof(struct blockdb_value_record);
    regions[BLOCKDB_REGION_FEEDS].len = meta.feed_count * sizeof(struct blockdb_feed_record);
    regions[BLOCKDB_REGION_FEEDSETS].len = 64;
    regions[BLOCKDB_REGION_TEXTS].len = 64;
    for (unsigned id = BLOCKDB_REGION_INDEX; id <= BLOCKDB_REGION_TEXTS; id++)
        regions[id].bytes = take(&in, regions[id].len);
    if (blockdb_from_regions(&meta, regions, &db, NULL, 0) == 0) {
        walk_and_look_up(db);
        for (unsigned i = 0; i < LOOKUPS_MAX && in.left > 0; i++, in.at++, in.left--)
            look_up(db, in.at, in.left);
        blockdb_close(db);
    }
    for (unsigned id = BLOCKDB_REGION_INDEX; id <= BLOCKDB_REGION_TEXTS; id++)
        free((void *)(uintptr_t)regions[id].bytes);
    free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        try_file(data + 1, size - 1);
    else
        try_regions((struct input){data + 1, size - 1});
    return 0;
}
