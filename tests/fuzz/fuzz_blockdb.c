/*
 * The reader of generations, with the bytes as a file or, to get behind the checksums, as its regions.
 *
 *     first byte % 3 == 0:  the rest is a file
 *     first byte % 3 == 1:  u16 index length, u16 entries length, u8 values, u8 feeds; index, entries, value table, names
 *                           to look up. What is missing is zero.
 *     first byte % 3 == 2:  changes to the regions of a generation with names, clauses, sets of clauses and addresses that
 *                           the compiler's own code has built, up to a region that does not exist; then names to look up:
 *                           u8 region, u8 count, u16 offset, count bytes to put there; count 0: the region ends there
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blockdb/internal.h"
#include "dns/name.h"
#include "support/generation.h"

#define LOOKUPS_MAX 200 /* of a kind; more only make an input slow */
#define NAMES       300

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
    for (unsigned i = 0; i < matches[0].clause_count; i++) {
        struct blockdb_clause clause;
        if (blockdb_clause(db, matches[0].clauses[i], &clause) < 0)
            abort();
    }
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

/* ---- a generation that was built ---- */

static const struct generation_clause CLAUSES[] = {
    {.kind = BLOCKDB_CLAUSE_NXDOMAIN, .flags = BLOCKDB_CLAUSE_ZONE, .left_out = "www.d5.example"},
    {.kind = BLOCKDB_CLAUSE_RECORD, .record_type = 1, .rdata = "\xc0\x00\x02\x01", .rdata_len = 4},
    {.kind = BLOCKDB_CLAUSE_BLOCK, .pattern = "n[0-9]+\\.d", .type = 28},
    {.kind = BLOCKDB_CLAUSE_ALLOW, .flags = BLOCKDB_CLAUSE_IMPORTANT | BLOCKDB_CLAUSE_OTHER, .type = 16},
    {.kind = BLOCKDB_CLAUSE_BLOCK, .pattern = "example$", .literal = "example"},
    {.kind = BLOCKDB_CLAUSE_BLOCK, .pattern = "^n1"},
};
static const struct generation_clause_rule EXTRA_RULES[] = {
    {{"d5.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 0}, &CLAUSES[0]},
    {{"d10.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 1}, &CLAUSES[1]},
    {{"example", GENERATION_BELOW, GENERATION_BLOCK, 4, 1}, &CLAUSES[3]},
    {{"@192.0.2.0/24", GENERATION_EXACT, GENERATION_BLOCK, 1, 2}, NULL},
    {{"@@2001:db8::/32", GENERATION_EXACT, GENERATION_BLOCK, 1, 2}, NULL},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, 2, 3}, &CLAUSES[4]},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, 2, 3}, &CLAUSES[5]},
};

#define EXTRAS (sizeof(EXTRA_RULES) / sizeof(EXTRA_RULES[0]))

/* Built once; the handle stays open, as the regions are its. */
static const struct blockdb *built(void)
{
    static struct blockdb *db;
    static char texts[NAMES][48];
    static struct generation_clause_rule rules[NAMES + EXTRAS];
    struct generation g;
    if (db)
        return db;
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), i % 5 ? "n%u.d%u.example" : "d%u.example", i, i / 8);
        rules[i].rule = (struct generation_rule){texts[i], (enum generation_scope)(i % 3), GENERATION_BLOCK,
                                                 CATEGORY_BIT(i % 40), (uint16_t)(i % 60)};
        rules[i].clause = i % 9 == 0 ? &CLAUSES[2] : NULL;
    }
    memcpy(rules + NAMES, EXTRA_RULES, sizeof(EXTRA_RULES));
    generation_init_clauses(&g, rules, NAMES + EXTRAS);
    if (blockdb_open(g.path, &db, NULL, 0) < 0)
        abort();
    generation_done(&g);
    return db;
}

static uint8_t take_u8(struct input *in)
{
    uint8_t byte = in->left > 0 ? *in->at : UINT8_MAX;
    in->at += in->left > 0;
    in->left -= in->left > 0;
    return byte;
}

/* Applies one change; false when there is no such region. */
static bool change(struct input *in, struct region regions[BLOCKDB_REGION_COUNT])
{
    unsigned id = take_u8(in);
    unsigned count = take_u8(in);
    size_t offset = take_u8(in);
    offset |= (size_t)take_u8(in) << 8;
    if (id <= BLOCKDB_REGION_META || id >= BLOCKDB_REGION_COUNT)
        return false;
    struct region *region = &regions[id];
    offset = region->len > 0 ? offset % region->len : 0;
    if (count == 0)
        region->len = offset;
    for (unsigned i = 0; i < count % 17 && offset + i < region->len; i++)
        ((uint8_t *)(uintptr_t)region->bytes)[offset + i] = take_u8(in);
    return true;
}

static void look_up_addresses(const struct blockdb *db)
{
    static const uint8_t ADDRESSES[][16] = {
        {[10] = 0xff, 0xff, 192, 0, 2, 7},
        {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
        {0},
        {[0] = 0xff, [15] = 0xff},
    };
    struct blockdb_match match;
    for (size_t i = 0; i < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); i++) {
        blockdb_lookup_address(db, BLOCKDB_ADDRESS_ANSWER, ADDRESSES[i], &match);
        blockdb_lookup_address(db, BLOCKDB_ADDRESS_CLIENT, ADDRESSES[i], &match);
    }
}

static void try_changes(struct input in)
{
    const struct blockdb *whole = built();
    struct region regions[BLOCKDB_REGION_COUNT];
    uint8_t *copies[BLOCKDB_REGION_COUNT] = {NULL};
    struct blockdb *db;
    memcpy(regions, whole->regions, sizeof(regions));
    for (unsigned id = BLOCKDB_REGION_META + 1; id < BLOCKDB_REGION_COUNT; id++) {
        struct input bytes = {regions[id].bytes, regions[id].len};
        regions[id].bytes = copies[id] = take(&bytes, regions[id].len);
    }
    while (in.left > 0 && change(&in, regions))
        continue;
    if (blockdb_from_regions(&whole->meta, regions, &db, NULL, 0) == 0) {
        walk_and_look_up(db);
        look_up_addresses(db);
        for (unsigned i = 0; i < LOOKUPS_MAX && in.left > 0; i++, in.at++, in.left--)
            look_up(db, in.at, in.left);
        blockdb_close(db);
    }
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        free(copies[id]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        try_file(data + 1, size - 1);
    else if (data[0] % 3 == 1)
        try_regions((struct input){data + 1, size - 1});
    else
        try_changes((struct input){data + 1, size - 1});
    return 0;
}
