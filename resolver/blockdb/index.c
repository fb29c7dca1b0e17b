#include "blockdb/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "blockdb/guide.h"
#include "blockdb/lanes.h"

#define CACHE_LINE   64
#define BUCKET_LINES 3 /* hold what tells which entries of a bucket to compare */

#define STARTS      4096 /* slots, a power of two; at most half are used */
#define STARTS_BITS 12

/* The span below a top-level label. Nearly all keys are in one of a few hundred, which spares them the root span. */
struct start {
    uint64_t word; /* 0: free slot */
    uint32_t span; /* 0, the root span, in a free slot */
};

struct index {
    const uint8_t *blocks;
    uint64_t *firsts;           /* first word of every block, in one place */
    struct blockdb_span *spans; /* span_count of them */
    uint32_t *slots;            /* of each span, into the guide */
    uint32_t span_count;
    struct guide guide;
    struct start starts[STARTS];
};

/*
 * A search under way. It looks into one block a step, so that those of a batch can wait for their cache misses together.
 * Each step leads to a deeper span, so every search ends, whatever the region holds.
 */
struct walk {
    const struct name_key *key;
    const struct blockdb_span *span;
    uint64_t word; /* of the key, in that span */
    const uint8_t *block;
    uint32_t bucket; /* at the end: what was found */
};

static_assert(BLOCKDB_BLOCK_GROUPS % 2 == 0, "a block is searched in halves");
static_assert(NAME_KEY_SLACK >= BLOCKDB_WORD_LEN, "a word can be read at the end of any key");

static inline uint64_t block_word(const uint8_t *block, uint32_t group)
{
    uint64_t word;
    memcpy(&word, block + group * sizeof(word), sizeof(word));
    return word;
}

static inline uint32_t block_ref(const uint8_t *block, uint32_t group)
{
    uint32_t ref;
    memcpy(&ref, block + BLOCKDB_BLOCK_GROUPS * BLOCKDB_WORD_LEN + group * sizeof(ref), sizeof(ref));
    return ref;
}

static inline const uint8_t *block_at(const struct index *index, uint32_t block)
{
    return index->blocks + (size_t)block * BLOCKDB_BLOCK_LEN;
}

static inline uint64_t mask_highest(uint32_t bytes)
{
    return bytes >= BLOCKDB_WORD_LEN ? UINT64_MAX : ~(UINT64_MAX >> 8 * bytes);
}

static inline uint64_t word_of(const struct name_key *key, uint32_t depth)
{
    uint32_t left = key->len > depth ? key->len - depth : 0;
    return __builtin_bswap64(bytes_load8(key->bytes + depth)) & mask_highest(left);
}

static inline uint64_t root_word_of(const struct name_key *key)
{
    uint64_t bytes = bytes_load8(key->bytes);
    return __builtin_bswap64(bytes & bytes_before_zero(bytes)) & mask_highest(key->len);
}

/* Where a word is among the starts, or the free slot where it belongs. The table is never full. */
static inline size_t start_find(const struct start *starts, uint64_t word)
{
    size_t at = (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - STARTS_BITS));
    while (starts[at].word != 0 && starts[at].word != word)
        at = (at + 1) % STARTS;
    return at;
}

/* Blocks must not belong to two spans: that bounds the work on them by the length of the region. */
static bool spans_are_sane(const struct index *index, uint32_t block_count)
{
    uint32_t end = 0;
    for (uint32_t i = 0; i < index->span_count; i++) {
        const struct blockdb_span *span = &index->spans[i];
        if (span->block < end || span->block > block_count || span->block_count == 0 ||
            span->block_count > block_count - span->block || span->depth > BLOCKDB_KEY_MAX)
            return false;
        end = span->block + span->block_count;
    }
    return true;
}

static int region_read(const struct region *region, struct index *index)
{
    struct blockdb_index_head head;
    if (region->len < sizeof(head))
        return ERR_DAMAGED;
    memcpy(&head, region->bytes, sizeof(head));
    if (head.blocks + head.block_count * (uint64_t)BLOCKDB_BLOCK_LEN > region->len ||
        head.spans + head.span_count * (uint64_t)sizeof(index->spans[0]) > region->len)
        return ERR_DAMAGED;
    index->blocks = region->bytes + head.blocks;
    index->span_count = head.span_count;
    index->firsts = calloc(head.block_count + (size_t)GUIDE_WINDOW, sizeof(index->firsts[0]));
    index->spans = calloc(head.span_count + (size_t)1, sizeof(index->spans[0]));
    index->slots = calloc(head.span_count + (size_t)1, sizeof(index->slots[0]));
    if (!index->firsts || !index->spans || !index->slots)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < head.block_count; i++)
        index->firsts[i] = block_word(block_at(index, i), 0);
    memcpy(index->spans, region->bytes + head.spans, head.span_count * sizeof(index->spans[0]));
    return spans_are_sane(index, head.block_count) ? 0 : ERR_DAMAGED;
}

static int guide_fill(struct index *index)
{
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < index->span_count; i++)
        err = guide_add(&index->guide, index->firsts + index->spans[i].block, index->spans[i].block_count,
                        &index->slots[i]);
    return err;
}

static void starts_fill(struct index *index)
{
    if (index->span_count == 0)
        return;
    uint32_t count = index->spans[0].block_count * BLOCKDB_BLOCK_GROUPS;
    for (uint32_t i = 0, used = 0; i < count && used < STARTS / 2; i++) {
        const uint8_t *block = block_at(index, index->spans[0].block + i / BLOCKDB_BLOCK_GROUPS);
        uint64_t word = block_word(block, i % BLOCKDB_BLOCK_GROUPS);
        uint32_t ref = block_ref(block, i % BLOCKDB_BLOCK_GROUPS);
        if (ref % 2 == 0 || ref >> 1 >= index->span_count || word == 0)
            continue;
        index->starts[start_find(index->starts, word)] = (struct start){word, ref >> 1};
        used++;
    }
}

int index_new(const struct region *region, struct index **out)
{
    struct index *index = calloc(1, sizeof(*index));
    if (!index)
        return ERR_NOMEM;
    int err = region_read(region, index);
    if (err == 0)
        err = guide_fill(index);
    if (err < 0) {
        index_free(index);
        return err;
    }
    starts_fill(index);
    *out = index;
    return 0;
}

void index_free(struct index *index)
{
    if (!index)
        return;
    guide_done(&index->guide);
    free(index->firsts);
    free(index->spans);
    free(index->slots);
    free(index);
}

static inline bool walk_finish(struct walk *walk, uint32_t bucket)
{
    walk->bucket = bucket;
    return false;
}

/*
 * The last of the window's words that is <= the one looked for, given that the first one is. Which way each comparison
 * goes can't be foreseen, so there is no branch.
 */
static inline uint32_t window_find(const uint64_t *firsts, uint32_t first, uint64_t word)
{
    uint32_t at = first;
#pragma GCC unroll 4
    for (uint32_t step = GUIDE_WINDOW / 2; step > 0; step /= 2)
        at += step & -(uint32_t)(firsts[at + step] <= word);
    return at;
}

/* The same among all words of a span. */
static inline uint32_t span_find(const uint64_t *firsts, uint32_t count, uint64_t word)
{
    uint32_t at = 0;
    for (uint32_t left = count; left > 1;) {
        uint32_t half = left / 2;
        at += firsts[at + half] <= word ? half : 0;
        left -= half;
    }
    return at;
}

/* Always inline: gcc takes a call that only prefetches for one without effect, and drops it. */
__attribute__((always_inline)) static inline void block_prefetch(const uint8_t *block)
{
    __builtin_prefetch(block);
    __builtin_prefetch(block + CACHE_LINE);
}

static inline void walk_enter(const struct index *index, uint32_t number, uint64_t word, struct walk *walk)
{
    const struct blockdb_span *span = &index->spans[number];
    const uint64_t *firsts = index->firsts + span->block;
    uint32_t window = guide_find(&index->guide, index->slots[number], word);
    uint32_t block =
        window != GUIDE_EVERYWHERE ? window_find(firsts, window, word) : span_find(firsts, span->block_count, word);
    walk->span = span;
    walk->word = word;
    walk->block = block_at(index, span->block + block);
}

/* Returns false when the search is over already. */
static inline bool walk_begin(const struct index *index, const struct name_key *key, struct walk *out)
{
    out->key = key;
    out->bucket = 0;
    if (index->span_count == 0)
        return false;
    uint64_t word = root_word_of(key);
    uint32_t span = index->starts[start_find(index->starts, word)].span;
    walk_enter(index, span, span == 0 ? word : word_of(key, index->spans[span].depth), out);
    return true;
}

/* The last of the block's groups whose word is <= the one looked for, or the first one. */
static inline uint32_t block_find(const uint8_t *block, uint64_t word)
{
    const uint32_t half = BLOCKDB_BLOCK_GROUPS / 2;
    uint32_t first = half & -(uint32_t)(block_word(block, half) <= word);
    uint32_t at = first;
#pragma GCC unroll 8
    for (uint32_t i = 1; i < half; i++)
        at += block_word(block, first + i) <= word;
    return at;
}

/* At the last group <= the key, or the first one when all sort behind it. Returns false when the search is over. */
static inline bool walk_step(const struct index *index, struct walk *walk)
{
    uint32_t group = block_find(walk->block, walk->word);
    uint64_t word = block_word(walk->block, group);
    uint32_t ref = block_ref(walk->block, group);
    if (word > walk->word)
        return walk_finish(walk, walk->span->before);
    if (ref % 2 == 0)
        return walk_finish(walk, ref);
    if (ref >> 1 >= index->span_count)
        return walk_finish(walk, INDEX_NOWHERE);

    const struct blockdb_span *below = &index->spans[ref >> 1];
    if (word < walk->word)
        return walk_finish(walk, below->last);
    if (below->depth <= walk->span->depth)
        return walk_finish(walk, INDEX_NOWHERE);
    walk_enter(index, ref >> 1, word_of(walk->key, below->depth), walk);
    return true;
}

__attribute__((always_inline)) static inline void bucket_prefetch(const struct blockdb *db, uint32_t bucket)
{
    for (unsigned line = 0; line < BUCKET_LINES; line++)
        __builtin_prefetch(db->regions[BLOCKDB_REGION_ENTRIES].bytes + bucket + line * CACHE_LINE);
}

uint32_t index_find(const struct blockdb *db, const struct name_key *key)
{
    struct walk walk;
    if (walk_begin(db->index, key, &walk))
        while (walk_step(db->index, &walk))
            continue;
    bucket_prefetch(db, walk.bucket);
    return walk.bucket;
}

void index_find_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                      uint32_t out_buckets[])
{
    struct walk walks[INDEX_BATCH_MAX];
    uint8_t active[INDEX_BATCH_MAX];
    size_t active_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (!walk_begin(db->index, keys[i], &walks[i]))
            continue;
        block_prefetch(walks[i].block);
        active[active_count++] = (uint8_t)i;
    }
    while (active_count > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < active_count; i++) {
            struct walk *walk = &walks[active[i]];
            if (!walk_step(db->index, walk)) {
                bucket_prefetch(db, walk->bucket);
                continue;
            }
            block_prefetch(walk->block);
            active[kept++] = active[i];
        }
        active_count = kept;
    }
    for (size_t i = 0; i < count; i++)
        out_buckets[i] = walks[i].bucket;
}
