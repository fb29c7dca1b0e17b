/* Index regions that no compiler writes: refused, or searched to an end. */
#include "blockdb/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS 40
#define SPANS  3

/* A region of BLOCKS blocks and SPANS spans that has just the bytes it needs. */
struct image {
    struct blockdb_index_head head;
    uint8_t blocks[BLOCKS][BLOCKDB_BLOCK_LEN];
    struct blockdb_span spans[SPANS];
};

static struct image *image_new(void)
{
    struct image *image = calloc(1, sizeof(*image));
    assert_non_null(image);
    image->head = (struct blockdb_index_head){
        .blocks = offsetof(struct image, blocks),
        .block_count = BLOCKS,
        .spans = offsetof(struct image, spans),
        .span_count = SPANS,
    };
    image->spans[0] = (struct blockdb_span){.block = 0, .block_count = 2, .before = 2, .last = 4, .depth = 0};
    image->spans[1] = (struct blockdb_span){.block = 2, .block_count = 30, .before = 6, .last = 8, .depth = 4};
    image->spans[2] = (struct blockdb_span){.block = 32, .block_count = 8, .before = 10, .last = 12, .depth = 12};
    return image;
}

static int image_open(const struct image *image, struct index **out)
{
    return index_new(&(struct region){(const uint8_t *)image, sizeof(*image)}, out);
}

static void open_refuses(struct image *image)
{
    struct index *index = NULL;
    assert_int_equal(image_open(image, &index), ERR_DAMAGED);
    assert_null(index);
    free(image);
}

static void spans_that_share_a_block_are_refused(void **state)
{
    (void)state;
    struct image *image = image_new();
    image->spans[1].block = 1;
    open_refuses(image);
    image = image_new();
    image->spans[2] = image->spans[1];
    open_refuses(image);
}

static void what_lies_outside_is_refused(void **state)
{
    (void)state;
    static const struct blockdb_index_head HEADS[] = {
        {.block_count = UINT32_MAX},
        {.blocks = UINT32_MAX, .block_count = 1},
        {.span_count = UINT32_MAX},
        {.spans = UINT32_MAX, .span_count = 1},
    };
    for (size_t i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++) {
        struct image *image = image_new();
        image->head = HEADS[i];
        open_refuses(image);
    }
    static const struct blockdb_span LAST[] = {
        {.block = 32, .block_count = 9, .depth = 12},         {.block = 41, .block_count = 0, .depth = 12},
        {.block = 41, .block_count = UINT32_MAX, .depth = 1}, {.block = 32, .block_count = 0, .depth = 12},
        {.block = 32, .block_count = 8, .depth = 254},
    };
    for (size_t i = 0; i < sizeof(LAST) / sizeof(LAST[0]); i++) {
        struct image *image = image_new();
        image->spans[2] = LAST[i];
        open_refuses(image);
    }
    struct index *index;
    assert_int_equal(index_new(&(struct region){(const uint8_t *)"", 0}, &index), ERR_DAMAGED);
}

/* Words in no order, refs to any span: below one's own span as well. */
static void a_search_ends_whatever_the_blocks_hold(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        struct image *image = image_new();
        struct blockdb db = {0};
        uint8_t *at = image->blocks[0];
        for (size_t i = 0; i < sizeof(image->blocks); i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            at[i] = (uint8_t)(seed >> 60 << (round % 5));
        }
        assert_int_equal(image_open(image, &db.index), 0);
        for (unsigned n = 0; n < 200; n++) {
            struct name_key key = {.len = (uint16_t)(n % 40), .labels = 1, .whole = true};
            for (size_t i = 0; i < sizeof(key.bytes); i++)
                key.bytes[i] = at[(n * 31 + i) % sizeof(image->blocks)];
            const struct name_key *keys[] = {&key, &key};
            uint32_t buckets[2];
            uint32_t bucket = index_find(&db, &key);
            index_find_batch(&db, keys, 2, buckets);
            assert_true(buckets[0] == bucket && buckets[1] == bucket);
        }
        index_free(db.index);
        free(image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_that_share_a_block_are_refused),
        cmocka_unit_test(what_lies_outside_is_refused),
        cmocka_unit_test(a_search_ends_whatever_the_blocks_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
