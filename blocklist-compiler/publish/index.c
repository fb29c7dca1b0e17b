#include "publish/index.h"

#include <stdlib.h>
#include <string.h>

/*
 * A span under construction: the separators from..to (excluded), which share their first `depth` bytes. All spans stay
 * in one list, in the order of their numbers, and each one adds those below it at the end.
 */
struct span {
    uint32_t from, to;
    uint32_t depth;
};

struct index_writer {
    const struct separator *separators;
    uint32_t separator_count;
    const uint8_t *texts;
    struct span *spans;
    uint32_t span_count, span_cap;
    struct bytes records; /* struct blockdb_span by number */
    struct bytes *out;
    uint32_t blocks;                      /* where they start in out */
    uint64_t words[BLOCKDB_BLOCK_GROUPS]; /* of the block at hand */
    uint32_t refs[BLOCKDB_BLOCK_GROUPS];
    uint32_t group_count; /* in it */
};

/* LMDB starts a region 16 bytes behind the start of a page; a block is to be two cache lines, a pair that is fetched together. */
#define REGION_SKEW 16

/* Where the bucket in front of a separator starts. */
static uint32_t bucket_before(const struct index_writer *w, uint32_t separator)
{
    return separator == 0 ? 0 : w->separators[separator - 1].bucket;
}

/* The word of a separator, and how many of its bytes that stands for. */
static uint64_t word_of(const struct index_writer *w, uint32_t separator, uint32_t depth, uint32_t *out_len)
{
    const struct separator *s = &w->separators[separator];
    const uint8_t *text = w->texts + s->text;
    uint64_t word = 0;
    uint32_t len = 0;
    for (; len < BLOCKDB_WORD_LEN && depth + len < s->len && (depth > 0 || text[len] != 0); len++)
        word |= (uint64_t)text[depth + len] << (56 - 8 * len);
    *out_len = len;
    return word;
}

static int span_add(struct index_writer *w, uint32_t from, uint32_t to, uint32_t depth)
{
    if (w->span_count == w->span_cap) {
        uint32_t cap = w->span_cap ? w->span_cap * 2 : 1024;
        struct span *spans = realloc(w->spans, cap * sizeof(*spans));
        if (!spans)
            return ERR_NOMEM;
        w->spans = spans;
        w->span_cap = cap;
    }
    w->spans[w->span_count++] = (struct span){from, to, depth};
    return 0;
}

/* Writes the block at hand, if there is one. */
static void block_end(struct index_writer *w)
{
    static const uint64_t ZERO = 0;
    if (w->group_count == 0)
        return;
    for (uint32_t i = w->group_count; i < BLOCKDB_BLOCK_GROUPS; i++) {
        w->words[i] = w->words[i - 1];
        w->refs[i] = w->refs[i - 1];
    }
    bytes_add(w->out, w->words, sizeof(w->words));
    bytes_add(w->out, w->refs, sizeof(w->refs));
    bytes_add(w->out, &ZERO, sizeof(ZERO));
    w->group_count = 0;
}

static void block_add(struct index_writer *w, uint64_t word, uint32_t ref)
{
    w->words[w->group_count] = word;
    w->refs[w->group_count++] = ref;
    if (w->group_count == BLOCKDB_BLOCK_GROUPS)
        block_end(w);
}

static uint32_t block_count(const struct index_writer *w)
{
    return (uint32_t)(w->out->len - w->blocks) / BLOCKDB_BLOCK_LEN;
}

/* The separators from `from` on that have its word. Returns where the next group starts in *out_next. */
static int group_add(struct index_writer *w, const struct span *span, uint32_t from, uint32_t *out_next)
{
    uint32_t len, other_len;
    uint32_t to = from + 1;
    uint64_t word = word_of(w, from, span->depth, &len);
    while (to < span->to && word_of(w, to, span->depth, &other_len) == word)
        to++;
    *out_next = to;

    bool alone = to - from == 1 && w->separators[from].len <= span->depth + len;
    uint32_t ref = alone ? w->separators[from].bucket : w->span_count << 1 | 1;
    block_add(w, word, ref);
    if (alone)
        return 0;
    /* Below a top-level label the zero byte behind it is used up too. */
    uint32_t used = span->depth == 0 && len < BLOCKDB_WORD_LEN ? len + 1 : BLOCKDB_WORD_LEN;
    return span_add(w, from, to, span->depth + used);
}

static int span_write(struct index_writer *w, uint32_t number)
{
    const struct span span = w->spans[number];
    struct blockdb_span record = {
        .block = block_count(w),
        .before = bucket_before(w, span.from),
        .last = w->separators[span.to - 1].bucket,
        .depth = span.depth,
    };
    int err = 0;
    for (uint32_t next = span.from; err == 0 && next < span.to;)
        err = group_add(w, &span, next, &next);
    block_end(w);
    record.block_count = block_count(w) - record.block;
    bytes_add(&w->records, &record, sizeof(record));
    return err;
}

static int spans_write(struct index_writer *w)
{
    int err = w->separator_count > 0 ? span_add(w, 0, w->separator_count, 0) : 0;
    for (uint32_t i = 0; err == 0 && i < w->span_count; i++) {
        err = span_write(w, i);
        if (err == 0 && w->out->len > UINT32_MAX - (1u << 30))
            err = ERR_LIMIT;
    }
    return err;
}

int index_write(const struct entries *entries, struct bytes *out)
{
    static const uint8_t ZEROS[BLOCKDB_BLOCK_LEN];
    const void *separators = entries->separators.data;
    struct index_writer w = {
        .separators = separators,
        .separator_count = (uint32_t)(entries->separators.len / sizeof(struct separator)),
        .texts = entries->texts.data,
        .out = out,
        .blocks = BLOCKDB_BLOCK_LEN - REGION_SKEW,
    };
    bytes_add(out, ZEROS, w.blocks);
    int err = spans_write(&w);
    struct blockdb_index_head head = {w.blocks, block_count(&w), (uint32_t)out->len, w.span_count};
    bytes_add(out, w.records.data, w.records.len);
    bool ok = bytes_ok(out) && bytes_ok(&w.records);
    if (err == 0 && ok)
        memcpy(out->data, &head, sizeof(head));
    bytes_done(&w.records);
    free(w.spans);
    return err < 0 ? err : ok ? 0 : ERR_NOMEM;
}
