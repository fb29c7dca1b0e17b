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
    struct bytes records;     /* struct blockdb_span by number */
    struct bytes words, refs; /* of the span at hand */
    struct bytes *out;
};

/* LMDB starts a region 16 bytes behind the start of a page; blocks are to fill whole cache lines. */
#define REGION_SKEW 16
#define BLOCK_ALIGN 64

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

/* The separators from `from` on that have its word. Returns where the next group starts in *out_next. */
static int group_add(struct index_writer *w, const struct span *span, uint32_t from, uint32_t *out_next)
{
    uint32_t len, other_len;
    uint32_t to = from + 1;
    uint64_t word = word_of(w, from, span->depth, &len);
    while (to < span->to && word_of(w, to, span->depth, &other_len) == word)
        to++;
    *out_next = to;

    uint32_t ref = w->separators[from].bucket;
    bytes_add(&w->words, &word, sizeof(word));
    if (to - from == 1 && w->separators[from].len <= span->depth + len) {
        bytes_add(&w->refs, &ref, sizeof(ref));
        return 0;
    }
    ref = w->span_count << 1 | 1;
    bytes_add(&w->refs, &ref, sizeof(ref));
    /* Below a top-level label the zero byte behind it is used up too. */
    uint32_t used = span->depth == 0 && len < BLOCKDB_WORD_LEN ? len + 1 : BLOCKDB_WORD_LEN;
    return span_add(w, from, to, span->depth + used);
}

static void zeros_add(struct bytes *out, size_t count)
{
    static const uint8_t ZEROS[BLOCKDB_FANOUT * sizeof(uint64_t)];
    bytes_add(out, ZEROS, count);
}

/* Every (1 << shift)-th word of the span at hand. */
static void level_write(struct index_writer *w, uint32_t count, uint32_t shift)
{
    uint32_t len = ((count - 1) >> shift) + 1;
    if (shift == 0)
        bytes_add(w->out, w->words.data, w->words.len);
    else
        for (uint32_t i = 0; i < len; i++)
            bytes_add(w->out, w->words.data + ((size_t)i << shift) * sizeof(uint64_t), sizeof(uint64_t));
    if (count > BLOCKDB_FANOUT)
        zeros_add(w->out, (BLOCKDB_FANOUT - len % BLOCKDB_FANOUT) % BLOCKDB_FANOUT * sizeof(uint64_t));
}

static int span_write(struct index_writer *w, uint32_t number)
{
    const struct span span = w->spans[number];
    int err = 0;
    w->words.len = w->refs.len = 0;
    for (uint32_t next = span.from; err == 0 && next < span.to;)
        err = group_add(w, &span, next, &next);
    if (err < 0 || !bytes_ok(&w->words) || !bytes_ok(&w->refs))
        return ERR_NOMEM;

    uint32_t count = (uint32_t)(w->words.len / sizeof(uint64_t));
    uint32_t shift = 0;
    if (count > BLOCKDB_FANOUT)
        zeros_add(w->out, (BLOCK_ALIGN - (w->out->len + REGION_SKEW) % BLOCK_ALIGN) % BLOCK_ALIGN);
    struct blockdb_span record = {
        .words = (uint32_t)w->out->len,
        .count = count,
        .before = bucket_before(w, span.from),
        .last = w->separators[span.to - 1].bucket,
        .depth = span.depth,
    };
    bytes_add(&w->records, &record, sizeof(record));
    while ((count - 1) >> shift >= BLOCKDB_FANOUT)
        shift += BLOCKDB_FANOUT_BITS;
    for (; shift > 0; shift -= BLOCKDB_FANOUT_BITS)
        level_write(w, count, shift);
    level_write(w, count, 0);
    bytes_add(w->out, w->refs.data, w->refs.len);
    return 0;
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
    const void *separators = entries->separators.data;
    struct index_writer w = {
        .separators = separators,
        .separator_count = (uint32_t)(entries->separators.len / sizeof(struct separator)),
        .texts = entries->texts.data,
        .out = out,
    };
    zeros_add(out, sizeof(struct blockdb_index_head));
    int err = spans_write(&w);
    struct blockdb_index_head head = {.span_count = w.span_count, .spans = (uint32_t)out->len};
    bytes_add(out, w.records.data, w.records.len);
    zeros_add(out, BLOCKDB_TAIL);
    bool ok = bytes_ok(out) && bytes_ok(&w.records);
    if (err == 0 && ok)
        memcpy(out->data, &head, sizeof(head));
    bytes_done(&w.records);
    bytes_done(&w.words);
    bytes_done(&w.refs);
    free(w.spans);
    return err < 0 ? err : ok ? 0 : ERR_NOMEM;
}
