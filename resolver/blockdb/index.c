#include "blockdb/index.h"

#include <assert.h>
#include <string.h>

#include "blockdb/lanes.h"

#define WORD_SIZE sizeof(uint64_t)
#define REF_SIZE  sizeof(uint32_t)

#define CACHE_LINE   64
#define BUCKET_LINES 2 /* hold what tells which entries of a bucket to compare */

/*
 * A search under way. It looks at one block of sixteen words a step, so that those of a batch can wait for their cache
 * misses together. Each step leads to a lower level of a span or to a deeper span, so every search ends, whatever the
 * region holds.
 */
struct walk {
    const struct name_key *key;
    uint64_t word;          /* of the key, in the span at hand */
    const uint8_t *words;   /* the level at hand */
    uint32_t first;         /* its word that the next step begins with */
    uint32_t shift;         /* BLOCKDB_FANOUT_BITS per level below this one */
    uint32_t padding;       /* levels are padded to a multiple of this plus one */
    uint32_t count;         /* groups of the span at hand */
    uint32_t before, depth; /* of the span at hand */
    uint32_t bucket;        /* at the end: what was found */
};

static_assert(BLOCKDB_TAIL >= BLOCKDB_FANOUT * sizeof(uint64_t), "a block of any span can be read");
static_assert(NAME_KEY_SLACK >= BLOCKDB_WORD_LEN, "a word can be read at the end of any key");

static struct blockdb_index_head head_read(const struct region *index)
{
    struct blockdb_index_head head;
    memcpy(&head, index->bytes, sizeof(head));
    return head;
}

/* number < head.span_count */
static struct blockdb_span span_read(const struct region *index, const struct blockdb_index_head *head, uint32_t number)
{
    struct blockdb_span span;
    memcpy(&span, index->bytes + head->spans + number * sizeof(span), sizeof(span));
    return span;
}

static inline uint64_t word_read(const uint8_t *words, uint32_t i)
{
    uint64_t word;
    memcpy(&word, words + i * WORD_SIZE, sizeof(word));
    return word;
}

/* What a level of count words is padded to a multiple of, less one. */
static uint32_t padding_of(uint32_t count)
{
    return count > BLOCKDB_FANOUT ? BLOCKDB_FANOUT - 1 : 0;
}

/* Bits to shift a group's number right by to find its word in the highest level. */
static uint32_t shift_of(uint32_t count)
{
    uint32_t highest_bit = 31 - (uint32_t)__builtin_clz((count - 1) | 1);
    return highest_bit / BLOCKDB_FANOUT_BITS * BLOCKDB_FANOUT_BITS;
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

static bool span_check(const struct region *index, const struct blockdb_span *span)
{
    if (span->count == 0 || span->depth > BLOCKDB_KEY_MAX)
        return false;
    uint64_t padding = padding_of(span->count);
    uint64_t words = 0;
    for (uint32_t shift = 0; shift <= shift_of(span->count); shift += BLOCKDB_FANOUT_BITS)
        words += (((span->count - 1) >> shift) + 1 + padding) & ~padding;
    return span->words + words * WORD_SIZE + span->count * REF_SIZE <= index->len - BLOCKDB_TAIL;
}

bool index_check(const struct region *index)
{
    if (index->len < sizeof(struct blockdb_index_head) + BLOCKDB_TAIL)
        return false;
    struct blockdb_index_head head = head_read(index);
    if (head.spans + head.span_count * (uint64_t)sizeof(struct blockdb_span) > index->len - BLOCKDB_TAIL)
        return false;
    for (uint32_t i = 0; i < head.span_count; i++) {
        struct blockdb_span span = span_read(index, &head, i);
        if (!span_check(index, &span))
            return false;
    }
    return true;
}

/* The slot of a word, or the free one where it belongs. The table is never full. */
static struct index_start *start_find(struct index_start *starts, uint64_t word)
{
    size_t at = (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (INDEX_STARTS - 1);
    while (starts[at].word != 0 && starts[at].word != word)
        at = (at + 1) & (INDEX_STARTS - 1);
    return &starts[at];
}

static bool walk_finish(struct walk *walk, uint32_t bucket)
{
    walk->bucket = bucket;
    return false;
}

static void walk_enter(const struct region *index, const struct blockdb_span *span, struct walk *walk)
{
    walk->words = index->bytes + span->words;
    walk->first = 0;
    walk->shift = shift_of(span->count);
    walk->padding = padding_of(span->count);
    walk->count = span->count;
    walk->before = span->before;
    walk->depth = span->depth;
}

static inline uint32_t level_len(const struct walk *walk)
{
    return ((walk->count - 1) >> walk->shift) + 1;
}

/* Moves on to the level below, or from the lowest one to the refs. */
static inline const uint8_t *level_end(const struct walk *walk, uint32_t len)
{
    return walk->words + ((len + walk->padding) & ~walk->padding) * WORD_SIZE;
}

/*
 * The last of a block's words that is <= the word looked for, given that the first one is. Which way each comparison goes
 * can't be foreseen, so there is no branch.
 */
static inline uint32_t block_find(const uint8_t *words, uint32_t first, uint32_t len, uint64_t word)
{
    uint32_t at = first;
#pragma GCC unroll 4
    for (uint32_t step = BLOCKDB_FANOUT / 2; step > 0; step /= 2) {
        uint32_t next = at + step;
        uint32_t up_to = (uint32_t)(next < len) & (uint32_t)(word_read(words, next) <= word);
        at += step & -up_to;
    }
    return at;
}

void index_starts_fill(const struct region *index, struct index_start *starts)
{
    struct blockdb_index_head head = head_read(index);
    struct walk walk;
    uint32_t used = 0;

    if (head.span_count == 0)
        return;
    struct blockdb_span root = span_read(index, &head, 0);
    walk_enter(index, &root, &walk);
    for (; walk.shift > 0; walk.shift -= BLOCKDB_FANOUT_BITS)
        walk.words = level_end(&walk, level_len(&walk));
    const uint8_t *refs = level_end(&walk, walk.count);
    for (uint32_t i = 0; i < walk.count && used < INDEX_STARTS / 2; i++) {
        uint32_t ref;
        memcpy(&ref, refs + i * REF_SIZE, sizeof(ref));
        uint64_t word = word_read(walk.words, i);
        if (ref % 2 == 0 || ref >> 1 >= head.span_count || word == 0)
            continue;
        *start_find(starts, word) = (struct index_start){word, ref >> 1};
        used++;
    }
}

/* Returns false when the search is over already. */
static bool walk_begin(const struct blockdb *db, const struct blockdb_index_head *head, const struct name_key *key,
                       struct walk *out)
{
    const struct region *index = &db->regions[BLOCKDB_REGION_INDEX];
    out->key = key;
    if (head->span_count == 0)
        return walk_finish(out, 0);
    uint64_t word = root_word_of(key);
    const struct index_start *start = start_find(db->starts, word);
    struct blockdb_span span = span_read(index, head, start->span);
    walk_enter(index, &span, out);
    out->word = start->word == 0 ? word : word_of(key, span.depth);
    return true;
}

/* At the last group <= the key, or the first one when all sort behind it. */
static bool group_step(const struct region *index, const struct blockdb_index_head *head, struct walk *walk,
                       uint32_t group)
{
    uint32_t ref;
    uint64_t word = word_read(walk->words, group);
    memcpy(&ref, level_end(walk, walk->count) + group * REF_SIZE, sizeof(ref));
    if (word > walk->word)
        return walk_finish(walk, walk->before);
    if (ref % 2 == 0)
        return walk_finish(walk, ref);
    if (ref >> 1 >= head->span_count)
        return walk_finish(walk, INDEX_NOWHERE);

    struct blockdb_span span = span_read(index, head, ref >> 1);
    if (word < walk->word)
        return walk_finish(walk, span.last);
    if (span.depth <= walk->depth)
        return walk_finish(walk, INDEX_NOWHERE);
    walk_enter(index, &span, walk);
    walk->word = word_of(walk->key, span.depth);
    return true;
}

/* Returns false when the search is over. */
static inline bool walk_step(const struct region *index, const struct blockdb_index_head *head, struct walk *walk)
{
    uint32_t len = level_len(walk);
    uint32_t found = block_find(walk->words, walk->first, len, walk->word);
    if (walk->shift == 0)
        return group_step(index, head, walk, found);
    walk->words = level_end(walk, len);
    walk->first = found * BLOCKDB_FANOUT;
    walk->shift -= BLOCKDB_FANOUT_BITS;
    return true;
}

/* Always inline: gcc takes a call that only prefetches for one without effect, and drops it. */
__attribute__((always_inline)) static inline void walk_prefetch(const struct walk *walk)
{
    const uint8_t *block = walk->words + walk->first * WORD_SIZE;
    __builtin_prefetch(block);
    __builtin_prefetch(block + CACHE_LINE);
    if (walk->shift == 0)
        __builtin_prefetch(level_end(walk, walk->count) + walk->first * REF_SIZE);
}

__attribute__((always_inline)) static inline void bucket_prefetch(const struct blockdb *db, uint32_t bucket)
{
    for (unsigned line = 0; line < BUCKET_LINES; line++)
        __builtin_prefetch(db->regions[BLOCKDB_REGION_ENTRIES].bytes + bucket + line * CACHE_LINE);
}

uint32_t index_find(const struct blockdb *db, const struct name_key *key)
{
    const struct region *index = &db->regions[BLOCKDB_REGION_INDEX];
    struct blockdb_index_head head = head_read(index);
    struct walk walk;
    if (walk_begin(db, &head, key, &walk))
        while (walk_step(index, &head, &walk))
            walk_prefetch(&walk);
    bucket_prefetch(db, walk.bucket);
    return walk.bucket;
}

void index_find_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                      uint32_t out_buckets[])
{
    const struct region *index = &db->regions[BLOCKDB_REGION_INDEX];
    struct blockdb_index_head head = head_read(index);
    struct walk walks[INDEX_BATCH_MAX];
    uint8_t active[INDEX_BATCH_MAX];
    size_t active_count = 0;

    for (size_t i = 0; i < count; i++)
        if (walk_begin(db, &head, keys[i], &walks[i]))
            active[active_count++] = (uint8_t)i;
    while (active_count > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < active_count; i++) {
            struct walk *walk = &walks[active[i]];
            if (!walk_step(index, &head, walk)) {
                bucket_prefetch(db, walk->bucket);
                continue;
            }
            walk_prefetch(walk);
            active[kept++] = active[i];
        }
        active_count = kept;
    }
    for (size_t i = 0; i < count; i++)
        out_buckets[i] = walks[i].bucket;
}
