/* Damaged and cut generation files: an error at open, or look-ups that end; never a crash. */
#include "blockdb/blockdb.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blockdb/internal.h"
#include "dns/name.h"
#include "support/generation.h"

#define NAMES 400
#define PAGE  4096

#define EXTRAS 4

/* So that no region is empty. */
static const struct generation_clause CLAUSES[] = {
    {.kind = BLOCKDB_CLAUSE_NXDOMAIN, .flags = BLOCKDB_CLAUSE_ZONE, .left_out = "www.d5.example"},
    {.kind = BLOCKDB_CLAUSE_RECORD, .record_type = 1, .rdata = "\xc0\x00\x02\x01", .rdata_len = 4},
    {.kind = BLOCKDB_CLAUSE_BLOCK, .pattern = "n[0-9]+\\.d", .type = 28},
    {.kind = BLOCKDB_CLAUSE_BLOCK, .pattern = "example$", .literal = "example"},
};
static const struct generation_clause_rule EXTRA_RULES[EXTRAS] = {
    {{"d5.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 0}, &CLAUSES[0]},
    {{"d10.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 1}, &CLAUSES[1]},
    {{"@192.0.2.0/24", GENERATION_EXACT, GENERATION_BLOCK, 1, 2}, NULL},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, 2, 3}, &CLAUSES[3]},
};

struct fixture {
    struct generation g;
    char texts[NAMES][48];
    uint8_t *bytes; /* of the file */
    size_t len;
    char damaged[GENERATION_PATH_MAX]; /* where a damaged copy goes */
};

static int fixture_set_up(void **state)
{
    struct generation_clause_rule rules[NAMES + EXTRAS];
    struct fixture *f = calloc(1, sizeof(*f));
    struct stat st;
    assert_non_null(f);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(f->texts[i], sizeof(f->texts[i]), i % 5 ? "n%u.d%u.example" : "d%u.example", i, i / 8);
        rules[i].rule = (struct generation_rule){f->texts[i], (enum generation_scope)(i % 3), GENERATION_BLOCK,
                                                 CATEGORY_BIT(i % 40), (uint16_t)(i % 60)};
        rules[i].clause = i % 9 == 0 ? &CLAUSES[2] : NULL;
    }
    memcpy(rules + NAMES, EXTRA_RULES, sizeof(EXTRA_RULES));
    generation_init_clauses(&f->g, rules, NAMES + EXTRAS);
    int fd = open(f->g.path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    f->len = (size_t)st.st_size;
    f->bytes = malloc(f->len);
    assert_non_null(f->bytes);
    assert_int_equal(read(fd, f->bytes, f->len), f->len);
    close(fd);
    (void)snprintf(f->damaged, sizeof(f->damaged), "%.200s/damaged.mdb", f->g.folder);
    *state = f;
    return 0;
}

static int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    generation_done(&f->g);
    free(f->bytes);
    free(f);
    return 0;
}

static int open_bytes(const struct fixture *f, const uint8_t *bytes, size_t len, struct blockdb **out, char *why)
{
    (void)unlink(f->damaged);
    int fd = open(f->damaged, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    return blockdb_open(f->damaged, out, why, 256);
}

static void look_around(const struct blockdb *db, const struct fixture *f)
{
    for (unsigned i = 0; i < NAMES; i += 3) {
        uint8_t name[NAME_MAX_LEN];
        struct name_key key;
        struct blockdb_match match;
        uint8_t labels;
        assert_true(name_from_text(f->texts[i], strlen(f->texts[i]), name) > 0);
        name_key_make(name, &key);
        blockdb_lookup(db, &key, &match);
        for (unsigned category = 0; category < CATEGORY_MAX; category++)
            (void)blockdb_match_feed(db, &match, category, &labels);
        const struct name_key *keys[] = {&key, &key};
        struct blockdb_match matches[2];
        blockdb_lookup_batch(db, keys, 2, matches);
    }
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    assert_int_equal(blockdb_walk_begin(db, &walk), 0);
    while (blockdb_walk_next(walk, &entry) > 0)
        continue;
    blockdb_walk_end(walk);
}

static void open_refuses_a_file_cut_anywhere(void **state)
{
    const struct fixture *f = *state;
    for (size_t len = 0; len < f->len; len = len < 200 ? len + 1 : len + 1021) {
        struct blockdb *db;
        char why[256] = "";
        int err = open_bytes(f, f->bytes, len, &db, why);
        if (err >= 0)
            fail_msg("opened %zu of %zu bytes", len, f->len);
        assert_true(why[0] != 0);
    }
}

/* Everything but the free space of LMDB's own pages and padding is covered by a check or a checksum. */
static void open_notices_changed_bytes_or_is_not_harmed_by_them(void **state)
{
    const struct fixture *f = *state;
    unsigned opened = 0, refused = 0;
    uint8_t *bytes = malloc(f->len);
    assert_non_null(bytes);
    for (size_t at = 0; at < f->len; at += at < 200 || (at >= PAGE && at < PAGE + 200) ? 1 : 29) {
        struct blockdb *db;
        char why[256] = "";
        memcpy(bytes, f->bytes, f->len);
        bytes[at] ^= (uint8_t)(1u << at % 8 | 0x40);
        if (open_bytes(f, bytes, f->len, &db, why) < 0) {
            refused++;
            continue;
        }
        opened++;
        look_around(db, f);
        blockdb_close(db);
    }
    assert_true(refused > 500);
    assert_true(opened > 0);
    free(bytes);
}

static void open_refuses_each_region_with_a_wrong_byte(void **state)
{
    const struct fixture *f = *state;
    struct blockdb *good;
    size_t offsets[BLOCKDB_REGION_COUNT];
    size_t lens[BLOCKDB_REGION_COUNT];
    assert_int_equal(blockdb_open(f->g.path, &good, NULL, 0), 0);
    for (unsigned id = BLOCKDB_REGION_META + 1; id < BLOCKDB_REGION_COUNT; id++) {
        const struct region *region = &good->regions[id];
        const uint8_t *found = memmem(f->bytes, f->len, region->bytes, region->len);
        assert_non_null(found);
        offsets[id] = (size_t)(found - f->bytes);
        lens[id] = region->len;
    }
    blockdb_close(good);
    uint8_t *bytes = malloc(f->len);
    assert_non_null(bytes);
    for (unsigned id = BLOCKDB_REGION_META + 1; id < BLOCKDB_REGION_COUNT; id++)
        for (unsigned part = 0; part < 3 && lens[id] > 0; part++) {
            struct blockdb *db;
            char why[256] = "";
            memcpy(bytes, f->bytes, f->len);
            bytes[offsets[id] + (lens[id] - 1) * part / 2] ^= 0x10;
            int err = open_bytes(f, bytes, f->len, &db, why);
            if (err != ERR_DAMAGED)
                fail_msg("region %u: %d", id, err);
            assert_non_null(strstr(why, "checksum"));
        }
    free(bytes);
}

/* What a hostile writer can do who makes the checksums right: the same regions, with wrong bytes. */
static void lookups_end_whatever_regions_hold(void **state)
{
    const struct fixture *f = *state;
    static const unsigned IDS[] = {BLOCKDB_REGION_INDEX,        BLOCKDB_REGION_ENTRIES,   BLOCKDB_REGION_CLAUSES,
                                   BLOCKDB_REGION_CLAUSE_PARTS, BLOCKDB_REGION_ADDRESSES, BLOCKDB_REGION_CLAUSE_SETS};
    struct blockdb *good;
    uint64_t seed = 88172645463325252u;
    assert_int_equal(blockdb_open(f->g.path, &good, NULL, 0), 0);
    for (unsigned round = 0; round < 300; round++) {
        struct region regions[BLOCKDB_REGION_COUNT];
        struct blockdb *db;
        unsigned id = IDS[round % 6];
        memcpy(regions, good->regions, sizeof(regions));
        uint8_t *bytes = malloc(regions[id].len);
        assert_non_null(bytes);
        memcpy(bytes, regions[id].bytes, regions[id].len);
        for (unsigned change = 0; change < 1 + round / 30; change++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            bytes[(seed >> 8) % regions[id].len] = (uint8_t)(seed >> 40);
        }
        regions[id].bytes = bytes;
        if (blockdb_from_regions(&good->meta, regions, &db, NULL, 0) == 0) {
            look_around(db, f);
            blockdb_close(db);
        }
        free(bytes);
    }
    blockdb_close(good);
}

static void open_refuses_what_is_no_generation(void **state)
{
    const struct fixture *f = *state;
    struct blockdb *db;
    char why[256] = "";
    char path[GENERATION_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%.200s/nothing", f->g.folder);
    assert_int_equal(blockdb_open(path, &db, why, sizeof(why)), ERR_NOENT);
    assert_int_equal(blockdb_open(f->g.folder, &db, why, sizeof(why)), ERR_DAMAGED);
    assert_int_equal(open_bytes(f, (const uint8_t *)"hello", 5, &db, why), ERR_DAMAGED);
}

static void meta_change(const struct fixture *f, uint8_t *bytes, size_t field, uint32_t value)
{
    const uint64_t magic = BLOCKDB_MAGIC;
    memcpy(bytes, f->bytes, f->len);
    uint8_t *meta = memmem(bytes, f->len, &magic, sizeof(magic));
    assert_non_null(meta);
    memcpy(meta + field, &value, sizeof(value));
}

static void open_tells_another_version_from_damage(void **state)
{
    const struct fixture *f = *state;
    struct blockdb *db;
    char why[256] = "";
    uint8_t *bytes = malloc(f->len);
    assert_non_null(bytes);
    meta_change(f, bytes, offsetof(struct blockdb_meta, version), BLOCKDB_VERSION + 1);
    assert_int_equal(open_bytes(f, bytes, f->len, &db, why), ERR_FORMAT_VERSION);
    char version[32];
    (void)snprintf(version, sizeof(version), "reads version %u", BLOCKDB_VERSION);
    assert_non_null(strstr(why, version));
    meta_change(f, bytes, offsetof(struct blockdb_meta, byte_order), 0x04030201);
    assert_int_equal(open_bytes(f, bytes, f->len, &db, why), ERR_DAMAGED);
    meta_change(f, bytes, offsetof(struct blockdb_meta, feed_count), 1000);
    assert_int_equal(open_bytes(f, bytes, f->len, &db, why), ERR_DAMAGED);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_refuses_a_file_cut_anywhere),
        cmocka_unit_test(open_notices_changed_bytes_or_is_not_harmed_by_them),
        cmocka_unit_test(open_refuses_each_region_with_a_wrong_byte),
        cmocka_unit_test(lookups_end_whatever_regions_hold),
        cmocka_unit_test(open_refuses_what_is_no_generation),
        cmocka_unit_test(open_tells_another_version_from_damage),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
