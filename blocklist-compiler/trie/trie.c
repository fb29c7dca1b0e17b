#include "trie/trie.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trie/value.h"

#define BYTES_START   (1u << 16)
#define HEAD_LEN      5   /* of an entry: value u32, key length u8; the key follows */
#define DEPTH_MAX     128 /* labels of a key */
#define POSITION_BITS 48  /* of the offset in a position; the part is above */

/* Entries, one behind the other. */
struct part {
    uint8_t *bytes;
    size_t len, cap;
    size_t chain[DEPTH_MAX]; /* where the last entry starts, with its listed parents before it */
    size_t chain_len;
    uint64_t added, entry_count;
    struct value_table values;
    uint32_t *numbers; /* from ids of this part's values to those of the trie; made by trie_build() */
    uint64_t *counts;  /* entries by value id of the trie */
    uint8_t apart[TRIE_APART];
};

struct trie {
    struct trie_opts opts;
    struct part parts[TRIE_PARTS_MAX];
    struct value_table values;
    uint64_t *entry_counts; /* by value id; made by trie_build */
};

static uint8_t *entry_key(const struct part *part, size_t at)
{
    return part->bytes + at + HEAD_LEN;
}

static size_t entry_key_len(const struct part *part, size_t at)
{
    return part->bytes[at + HEAD_LEN - 1];
}

static uint32_t entry_value(const struct part *part, size_t at)
{
    uint32_t value;
    memcpy(&value, part->bytes + at, sizeof(value));
    return value;
}

int trie_new(const struct trie_opts *opts, struct trie **out)
{
    assert(opts->part_count <= TRIE_PARTS_MAX);
    struct trie *trie = calloc(1, sizeof(*trie));
    if (!trie)
        return ERR_NOMEM;
    trie->opts = *opts;
    trie->opts.part_count += opts->part_count == 0;
    int err = value_init(&trie->values);
    for (unsigned i = 0; err == 0 && i < trie->opts.part_count; i++)
        err = value_init(&trie->parts[i].values);
    if (err < 0) {
        trie_free(trie);
        return err;
    }
    *out = trie;
    return 0;
}

static void part_done(struct part *part)
{
    value_done(&part->values);
    free(part->bytes);
    free(part->numbers);
    free(part->counts);
}

void trie_free(struct trie *trie)
{
    if (!trie)
        return;
    for (unsigned i = 0; i < trie->opts.part_count; i++)
        part_done(&trie->parts[i]);
    value_done(&trie->values);
    free(trie->entry_counts);
    free(trie);
}

/* ---- filling ---- */

int trie_item_value(struct trie *trie, unsigned part, const struct trie_item *item, uint32_t *out)
{
    static const struct blockdb_rules nothing;
    struct value_table *values = &trie->parts[part].values;
    struct value value = {.self = item->self, .below = item->below};
    if (item->feed >= BLOCKDB_FEED_MAX ||
        (!item->has_clause && rules_within(&item->self, &nothing) && rules_within(&item->below, &nothing)))
        return ERR_INVAL;
    int err = feedset_single(&values->feedsets, item->feed, &value.feedset);
    if (err == 0 && item->has_clause)
        err = feedset_single(&values->clausesets, item->clause, &value.clauseset);
    return err < 0 ? err : value_intern(values, &value, out);
}

/* Growing by a half: realloc moves pages instead of copying them, and what is not written takes no memory. */
static int make_room(struct part *part, size_t len)
{
    if (part->cap - part->len >= len)
        return 0;
    size_t cap = part->cap ? part->cap + part->cap / 2 : BYTES_START;
    uint8_t *bytes = realloc(part->bytes, cap);
    if (!bytes)
        return ERR_NOMEM;
    part->bytes = bytes;
    part->cap = cap;
    return 0;
}

/* Below 0, 0, above 0: where a key stands before, at, behind another one. */
static int compare_keys(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int cmp = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return cmp != 0 ? cmp : (a_len > b_len) - (a_len < b_len);
}

static size_t last_entry(const struct part *part)
{
    return part->chain[part->chain_len - 1];
}

static bool covers(const uint8_t *parent, size_t parent_len, const uint8_t *key, size_t key_len)
{
    return parent_len < key_len && key[parent_len] == 0 && memcmp(parent, key, parent_len) == 0;
}

static void chain_add(struct part *part, const uint8_t *key, size_t key_len)
{
    while (part->chain_len > 0 &&
           !covers(entry_key(part, last_entry(part)), entry_key_len(part, last_entry(part)), key, key_len))
        part->chain_len--;
    part->chain[part->chain_len++] = part->len;
}

static void append(struct part *part, const uint8_t *key, size_t key_len, uint32_t value)
{
    uint8_t *at = part->bytes + part->len;
    memcpy(at, &value, sizeof(value));
    at[HEAD_LEN - 1] = (uint8_t)key_len;
    memmove(at + HEAD_LEN, key, key_len);
    part->len += HEAD_LEN + key_len;
    part->entry_count++;
}

static int put_again(struct part *part, uint32_t value)
{
    uint32_t merged;
    int err = value_merge(&part->values, entry_value(part, last_entry(part)), value, &merged);
    if (err == 0)
        memcpy(part->bytes + last_entry(part), &merged, sizeof(merged));
    return err;
}

int trie_put(struct trie *trie, unsigned part_number, const uint8_t *key, size_t key_len, uint32_t value,
             uint64_t repeat)
{
    struct part *part = &trie->parts[part_number];
    assert(!trie->entry_counts && part_number < trie->opts.part_count && value < part->values.count);
    if (key_len == 0 || key_len > BLOCKDB_KEY_MAX)
        return ERR_INVAL;
    if (trie->opts.names_max > 0 && part->added >= trie->opts.names_max)
        return ERR_LIMIT;
    int order = part->len == 0 ? 1
                               : compare_keys(key, key_len, entry_key(part, last_entry(part)),
                                              entry_key_len(part, last_entry(part)));
    if (order < 0)
        return ERR_INVAL;
    int err = order == 0 ? put_again(part, value) : make_room(part, HEAD_LEN + key_len);
    if (err < 0)
        return err;
    if (order > 0) {
        chain_add(part, key, key_len);
        append(part, key, key_len, value);
    }
    part->added += repeat;
    return 0;
}

/* ---- building ---- */

/* The listed parents of a key, each with what it and its own parents say for names below; that key may be one of them. */
struct ancestors {
    const uint8_t *key;
    size_t key_len;
    struct {
        size_t len; /* of the parent, which is the start of the key */
        struct blockdb_rules below;
    } stack[DEPTH_MAX];
    size_t depth;
};

static void ancestors_push(struct ancestors *a, size_t len, const struct blockdb_rules *below)
{
    struct blockdb_rules sum = *below;
    if (a->depth > 0)
        rules_add(&sum, &a->stack[a->depth - 1].below);
    a->stack[a->depth].len = len;
    a->stack[a->depth].below = sum;
    a->depth++;
}

/* Leaves those that are parents of key, the next one, too. */
static void ancestors_advance(struct ancestors *a, const uint8_t *key, size_t key_len)
{
    while (a->depth > 0 && !covers(a->key, a->stack[a->depth - 1].len, key, key_len))
        a->depth--;
    a->key = key;
    a->key_len = key_len;
}

/* One part's way to its end, in a thread of its own. */
struct pruner {
    const struct trie *trie;
    struct part *part;
    struct ancestors parents; /* at first: those of the last key of the part before */
    uint8_t before[BLOCKDB_KEY_MAX];
};

/* Leaves of the part what says something new, with the value ids of the trie. */
static void *prune(void *ctx)
{
    static const struct blockdb_rules nothing;
    struct pruner *p = ctx;
    struct part *part = p->part;
    size_t end = part->len;
    part->len = part->entry_count = 0;
    for (size_t at = 0; at < end;) {
        const uint8_t *key = entry_key(part, at);
        size_t key_len = entry_key_len(part, at);
        uint32_t id = part->numbers[entry_value(part, at)];
        const struct value *value = &p->trie->values.values[id];
        at += HEAD_LEN + key_len;
        ancestors_advance(&p->parents, key, key_len);
        const struct blockdb_rules *known =
            p->parents.depth > 0 ? &p->parents.stack[p->parents.depth - 1].below : &nothing;
        if (value->clauseset == 0 && rules_within(&value->self, known) && rules_within(&value->below, known))
            continue;
        p->parents.key = entry_key(part, part->len); /* where the key moves to: what is behind may be written over */
        append(part, key, key_len, id);
        part->counts[id]++;
        if (!rules_within(&value->below, &nothing))
            ancestors_push(&p->parents, key_len, &value->below);
    }
    return NULL;
}

/* The id in the trie of what a part calls id. */
static int unite_value(struct trie *trie, const struct part *part, uint32_t id, uint32_t *out)
{
    struct value value = part->values.values[id];
    size_t count;
    const uint16_t *members = feedset_get(&part->values.feedsets, value.feedset, &count);
    int err = feedset_intern(&trie->values.feedsets, members, count, &value.feedset);
    members = feedset_get(&part->values.clausesets, value.clauseset, &count);
    if (err == 0)
        err = feedset_intern(&trie->values.clausesets, members, count, &value.clauseset);
    return err < 0 ? err : value_intern(&trie->values, &value, out);
}

/* In the order of parts and of first use, so that the numbers do not depend on where the parts were cut. */
static int unite_values(struct trie *trie)
{
    for (unsigned i = 0; i < trie->opts.part_count; i++) {
        struct part *part = &trie->parts[i];
        part->numbers = calloc(part->values.count + 1u, sizeof(*part->numbers));
        int err = part->numbers ? 0 : ERR_NOMEM;
        for (uint32_t id = 0; err == 0 && id < part->values.count; id++)
            err = unite_value(trie, part, id, &part->numbers[id]);
        if (err < 0)
            return err;
    }
    return 0;
}

/* The parents that the part before leaves to `next`: those it began with, and the chain of its last key. */
static void pruner_inherit(const struct trie *trie, const struct pruner *before, struct pruner *next)
{
    const struct part *part = before->part;
    next->parents = before->parents;
    if (part->len > 0)
        ancestors_advance(&next->parents, entry_key(part, last_entry(part)), entry_key_len(part, last_entry(part)));
    for (size_t i = 0; i < part->chain_len; i++) {
        uint32_t id = part->numbers[entry_value(part, part->chain[i])];
        ancestors_push(&next->parents, entry_key_len(part, part->chain[i]), &trie->values.values[id].below);
    }
    if (next->parents.key_len > 0) /* a copy: the part is about to be rewritten */
        memcpy(next->before, next->parents.key, next->parents.key_len);
    next->parents.key = next->before;
}

static void prune_all(struct trie *trie, struct pruner *pruners)
{
    pthread_t threads[TRIE_PARTS_MAX];
    unsigned count = trie->opts.part_count, started = 0;
    for (unsigned i = 0; i < count; i++) {
        pruners[i].trie = trie;
        pruners[i].part = &trie->parts[i];
        pruners[i].parents.key = pruners[i].before;
        if (i > 0)
            pruner_inherit(trie, &pruners[i - 1], &pruners[i]);
    }
    while (started + 1 < count && pthread_create(&threads[started], NULL, prune, &pruners[started]) == 0)
        started++;
    for (unsigned i = started; i < count; i++)
        (void)prune(&pruners[i]);
    while (started > 0)
        (void)pthread_join(threads[--started], NULL);
}

/* Whether each part begins behind the last key of those before; clears the way for prune_all(). */
static int prepare(struct trie *trie)
{
    const struct part *before = NULL;
    for (unsigned i = 0; i < trie->opts.part_count; i++) {
        struct part *part = &trie->parts[i];
        part->counts = calloc(1, trie->values.count * sizeof(*part->counts) + TRIE_APART);
        if (!part->counts)
            return ERR_NOMEM;
        if (part->len == 0)
            continue;
        if (before && compare_keys(entry_key(before, last_entry(before)), entry_key_len(before, last_entry(before)),
                                   entry_key(part, 0), entry_key_len(part, 0)) >= 0)
            return ERR_INVAL;
        before = part;
    }
    trie->entry_counts = calloc(trie->values.count + 1u, sizeof(*trie->entry_counts));
    return trie->entry_counts ? 0 : ERR_NOMEM;
}

int trie_build(struct trie *trie, struct trie_stats *out)
{
    struct trie_stats stats = {0};
    uint64_t merged = 0;
    assert(!trie->entry_counts);
    struct pruner *pruners = calloc(trie->opts.part_count, sizeof(*pruners));
    int err = pruners ? unite_values(trie) : ERR_NOMEM;
    if (err == 0)
        err = prepare(trie);
    for (unsigned i = 0; i < trie->opts.part_count; i++) {
        stats.added += trie->parts[i].added;
        merged += trie->parts[i].entry_count;
    }
    if (err == 0)
        prune_all(trie, pruners);
    free(pruners);
    if (err < 0)
        return err;
    for (unsigned i = 0; i < trie->opts.part_count; i++)
        for (uint32_t id = 0; id < trie->values.count; id++)
            trie->entry_counts[id] += trie->parts[i].counts[id];
    stats.entries = trie_entry_count(trie);
    stats.duplicates = stats.added - merged;
    stats.subsumed = merged - stats.entries;
    *out = stats;
    return 0;
}

/* ---- reading ---- */

uint64_t trie_entry_count(const struct trie *trie)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < trie->opts.part_count; i++)
        count += trie->parts[i].entry_count;
    return count;
}

size_t trie_value_count(const struct trie *trie)
{
    return trie->values.count;
}

size_t trie_feedset_count(const struct trie *trie)
{
    return trie->values.feedsets.count;
}

void trie_value(const struct trie *trie, uint32_t id, struct trie_value *out)
{
    const struct value *value = &trie->values.values[id];
    out->self = value->self;
    out->below = value->below;
    out->feeds = feedset_get(&trie->values.feedsets, value->feedset, &out->feed_count);
    out->feedset = value->feedset;
    out->clauses = feedset_get(&trie->values.clausesets, value->clauseset, &out->clause_count);
    out->entry_count = trie->entry_counts ? trie->entry_counts[id] : 0;
}

int trie_next(const struct trie *trie, uint64_t *position, struct trie_entry *out)
{
    assert(trie->entry_counts);
    unsigned number = (unsigned)(*position >> POSITION_BITS);
    size_t at = *position & ((UINT64_C(1) << POSITION_BITS) - 1);
    while (number < trie->opts.part_count && at >= trie->parts[number].len) {
        number++;
        at = 0;
    }
    if (number == trie->opts.part_count)
        return 0;
    const struct part *part = &trie->parts[number];
    *out = (struct trie_entry){entry_key(part, at), entry_key_len(part, at), entry_value(part, at)};
    *position = (uint64_t)number << POSITION_BITS | (at + HEAD_LEN + out->key_len);
    return 1;
}
