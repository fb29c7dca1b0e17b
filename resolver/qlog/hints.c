#include "qlog/hints.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "belisha/category.h"
#include "dns/name.h"

struct hints {
    struct segment_hint *blocks;
    uint32_t count, cap;
    uint64_t *words; /* of all blocks' filters */
    size_t word_count, word_cap;
    uint64_t *keys; /* of the block in hand: each hash once; 0 = free */
    uint32_t key_count, key_cap;
};

/* Of names that end alike, the keys of the first are those of the next. */
static uint64_t key_of(const uint8_t *suffix, size_t len)
{
    uint64_t hash = XXH3_64bits(suffix, len);
    return hash == 0 ? 1 : hash;
}

/* ---- making ---- */

int hints_new(struct hints **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NOMEM : 0;
}

void hints_free(struct hints *hints)
{
    if (hints == NULL)
        return;
    free(hints->blocks);
    free(hints->words);
    free(hints->keys);
    free(hints);
}

static void key_place(uint64_t *keys, uint32_t cap, uint64_t key, uint32_t *count)
{
    uint32_t at = (uint32_t)key & (cap - 1);
    while (keys[at] != 0 && keys[at] != key)
        at = (at + 1) & (cap - 1);
    *count += keys[at] == 0;
    keys[at] = key;
}

static int keys_grow(struct hints *h)
{
    uint32_t cap = h->key_cap == 0 ? 16384 : h->key_cap * 2;
    uint32_t count = 0;
    uint64_t *keys = calloc(cap, sizeof *keys);
    if (keys == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < h->key_cap; i++)
        if (h->keys[i] != 0)
            key_place(keys, cap, h->keys[i], &count);
    free(h->keys);
    h->keys = keys;
    h->key_cap = cap;
    return 0;
}

static int key_put(struct hints *h, uint64_t key)
{
    if (h->key_count >= h->key_cap / 2 && keys_grow(h) < 0)
        return ERR_NOMEM;
    key_place(h->keys, h->key_cap, key, &h->key_count);
    return 0;
}

/* Where each label begins; returns how many there are, without the root. */
static unsigned labels_find(const uint8_t *name, uint8_t at[NAME_MAX_LEN / 2 + 1])
{
    unsigned count = 0;
    for (unsigned pos = 0; name[pos] != 0; pos += name[pos] + 1u)
        at[count++] = (uint8_t)pos;
    return count;
}

static int name_put(struct hints *h, const uint8_t *name, size_t len)
{
    uint8_t at[NAME_MAX_LEN / 2 + 1];
    unsigned labels = labels_find(name, at);
    int code = 0;
    for (unsigned last = 2; code == 0 && last <= labels && last <= HINTS_LABELS_MAX; last++) {
        size_t from = at[labels - last];
        code = key_put(h, key_of(name + from, len - from));
    }
    return code;
}

static int names_put(struct hints *h, const struct dict *names)
{
    int code = 0;
    if (h->keys != NULL)
        memset(h->keys, 0, h->key_cap * sizeof *h->keys);
    h->key_count = 0;
    for (uint32_t i = 0; code == 0 && i < names->count; i++) {
        size_t len;
        const uint8_t *name = dict_at(names, i, &len);
        code = name_put(h, name, len);
    }
    return code;
}

static void bits_set(uint64_t *words, uint32_t count, uint64_t key)
{
    const uint32_t step = (uint32_t)(key >> 32) | 1;
    uint32_t at = (uint32_t)key;
    for (unsigned i = 0; i < HINTS_HASHES; i++, at += step) {
        uint64_t bit = (uint64_t)at * (count * UINT64_C(64)) >> 32;
        words[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

static int filter_make(struct hints *h, struct segment_hint *hint)
{
    uint32_t count = (h->key_count * HINTS_BITS_PER_KEY + 63) / 64;
    if (h->word_count + count > h->word_cap) {
        size_t cap = (h->word_cap + count) * 2;
        uint64_t *words = realloc(h->words, cap * sizeof *words);
        if (words == NULL)
            return ERR_NOMEM;
        h->words = words;
        h->word_cap = cap;
    }
    uint64_t *words = count == 0 ? NULL : h->words + h->word_count;
    if (count > 0)
        memset(words, 0, count * sizeof *words);
    for (uint32_t i = 0; count > 0 && i < h->key_cap; i++)
        if (h->keys[i] != 0)
            bits_set(words, count, h->keys[i]);
    hint->at = (uint32_t)h->word_count;
    hint->words = count;
    h->word_count += count;
    return 0;
}

static void verdicts_note(const struct block_builder *b, struct segment_hint *hint)
{
    for (uint32_t i = 0; i < b->what_keys.count; i++) {
        const struct block_what *what = &b->what[i];
        if (what->category < CATEGORY_MAX)
            hint->categories |= CATEGORY_BIT(what->category);
        hint->actions |= what->action < 32 ? 1u << what->action : 0;
    }
}

int hints_add(struct hints *h, const struct block_builder *b)
{
    struct segment_hint hint = {0};
    if (h->count == h->cap) {
        uint32_t cap = h->cap * 2 + 16;
        struct segment_hint *blocks = realloc(h->blocks, cap * sizeof *blocks);
        if (blocks == NULL)
            return ERR_NOMEM;
        h->blocks = blocks;
        h->cap = cap;
    }
    verdicts_note(b, &hint);
    int code = names_put(h, &b->names);
    if (code == 0)
        code = filter_make(h, &hint);
    if (code == 0)
        h->blocks[h->count++] = hint;
    return code;
}

void hints_write(const struct hints *h, struct text *out)
{
    const struct segment_hints head = {
        .blocks = h->count, .hashes = HINTS_HASHES, .labels_max = HINTS_LABELS_MAX, .words = (uint32_t)h->word_count};
    text_add(out, (const char *)&head, sizeof head);
    if (h->count > 0)
        text_add(out, (const char *)h->blocks, h->count * sizeof *h->blocks);
    if (h->word_count > 0)
        text_add(out, (const char *)h->words, h->word_count * sizeof *h->words);
}

/* ---- reading ---- */

void hints_query_make(struct hints_query *query, const struct filter *filter)
{
    const struct qlog_filter *w = &filter->wanted;
    uint8_t at[NAME_MAX_LEN / 2 + 1];
    *query = (struct hints_query){.categories = w->categories};
    if (w->action >= 0 && w->action < 32)
        query->actions = 1u << w->action;
    unsigned labels = w->name == NULL ? 0 : labels_find(w->name, at);
    query->has_name = labels >= 2;
    query->labels = labels < HINTS_LABELS_READ ? labels : HINTS_LABELS_READ;
    for (unsigned last = 2; last <= query->labels; last++)
        query->name_hash[last] = key_of(w->name + at[labels - last], name_len(w->name) - at[labels - last]);
}

static bool name_may_be_there(const uint8_t *words, const struct segment_hint *hint, const struct segment_hints *head,
                              uint64_t key)
{
    const uint32_t step = (uint32_t)(key >> 32) | 1;
    uint32_t at = (uint32_t)key;
    for (uint32_t i = 0; i < head->hashes; i++, at += step) {
        uint64_t bit = (uint64_t)at * (hint->words * UINT64_C(64)) >> 32;
        uint64_t word;
        memcpy(&word, words + ((size_t)hint->at + bit / 64) * sizeof word, sizeof word);
        if ((word >> bit % 64 & 1) == 0)
            return false;
    }
    return true;
}

/* The hint of the block, if the section is what it should be; *out_words is where the filters begin. */
static bool hint_find(const struct segment *segment, uint32_t block, struct segment_hints *out_head,
                      struct segment_hint *out_hint, const uint8_t **out_words)
{
    const uint8_t *bytes;
    size_t len;
    if (segment->footer_damaged || !segment_section(segment, SEGMENT_HINTS, &bytes, &len) || len < sizeof *out_head)
        return false;
    memcpy(out_head, bytes, sizeof *out_head);
    uint64_t table_len = (uint64_t)out_head->blocks * sizeof *out_hint;
    uint64_t words_len = (uint64_t)out_head->words * sizeof(uint64_t);
    if (out_head->labels_max < 2 || out_head->labels_max > HINTS_LABELS_READ || out_head->hashes > 32 ||
        block >= out_head->blocks || out_head->blocks != segment->footer.block_count ||
        len != sizeof *out_head + table_len + words_len)
        return false;
    memcpy(out_hint, bytes + sizeof *out_head + block * sizeof *out_hint, sizeof *out_hint);
    *out_words = bytes + sizeof *out_head + table_len;
    return (uint64_t)out_hint->at + out_hint->words <= out_head->words;
}

bool hints_allow(const struct segment *segment, uint32_t block, const struct hints_query *query)
{
    struct segment_hints head;
    struct segment_hint hint;
    const uint8_t *words;
    if ((!query->has_name && query->categories == 0 && query->actions == 0) ||
        !hint_find(segment, block, &head, &hint, &words))
        return true;
    if (query->categories != 0 && (query->categories & hint.categories) == 0)
        return false;
    if (query->actions != 0 && (query->actions & hint.actions) == 0)
        return false;
    if (!query->has_name)
        return true;
    uint64_t key = query->name_hash[query->labels < head.labels_max ? query->labels : head.labels_max];
    return hint.words > 0 && name_may_be_there(words, &hint, &head, key);
}
