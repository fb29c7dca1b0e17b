#include "publish/entries.h"

#include <assert.h>
#include <string.h>

#include "blockdb/check.h"

#define BUCKET_MIN  24 /* entries; a cut is searched from here */
#define BUCKET_MAX  48 /* to here */
#define BUCKET_GOAL 36
#define LABELS_MAX  128

static_assert(BUCKET_MAX <= BLOCKDB_BUCKET_MAX, "a bucket holds what is put into it");

struct entries_writer {
    const struct trie *trie;
    const uint32_t *value_numbers;
    struct entries *out;
    struct trie_entry pending[BUCKET_MAX + 1]; /* what may go into the next bucket */
    size_t pending_count;
    struct trie_entry ancestors[LABELS_MAX]; /* listed parents of the entry written last, and itself */
    size_t ancestor_count;
    struct trie_entry last; /* the entry written last */
};

static size_t shared_len(const struct trie_entry *a, const struct trie_entry *b)
{
    size_t max = a->key_len < b->key_len ? a->key_len : b->key_len;
    size_t len = 0;
    while (len < max && a->key[len] == b->key[len])
        len++;
    return len;
}

/* Leaves the listed proper ancestors of entry. */
static void ancestors_pop(struct entries_writer *w, const struct trie_entry *entry)
{
    while (w->ancestor_count > 0) {
        const struct trie_entry *last = &w->ancestors[w->ancestor_count - 1];
        if (last->key_len < entry->key_len && entry->key[last->key_len] == 0 &&
            memcmp(last->key, entry->key, last->key_len) == 0)
            return;
        w->ancestor_count--;
    }
}

/* Labels are not empty, so there is a byte behind a zero byte and it is not zero. */
static void separator_write(struct entries_writer *w, const struct trie_entry *first)
{
    uint32_t len = (uint32_t)shared_len(&w->last, first) + 1;
    struct separator separator = {
        .bucket = w->out->last_bucket,
        .text = (uint32_t)w->out->texts.len,
        .len = len + (first->key[len - 1] == 0),
    };
    bytes_add(&w->out->texts, first->key, separator.len);
    bytes_add(&w->out->separators, &separator, sizeof(separator));
}

/* The parts of a bucket, before their sizes are known. */
struct parts {
    uint8_t lens[BUCKET_MAX], checks[BUCKET_MAX];
    uint8_t values[BUCKET_MAX + LABELS_MAX]; /* of the entries, then of the ancestors */
    uint8_t ancestor_lens[LABELS_MAX];
    uint16_t lows[BUCKET_MAX + LABELS_MAX];
    size_t entry_count, ancestor_count, low_count, prefix_len;
};

static void value_add(const struct entries_writer *w, struct parts *parts, uint32_t value)
{
    uint32_t number = w->value_numbers[value];
    uint8_t *at = &parts->values[parts->entry_count + parts->ancestor_count];
    *at = (uint8_t)(number < BLOCKDB_VALUE_INLINE ? number : BLOCKDB_VALUE_INLINE + (number >> 16));
    if (number >= BLOCKDB_VALUE_INLINE)
        parts->lows[parts->low_count++] = (uint16_t)number;
}

static void entry_add(struct entries_writer *w, struct parts *parts, const struct trie_entry *entry)
{
    value_add(w, parts, entry->value);
    parts->lens[parts->entry_count] = (uint8_t)(entry->key_len - parts->prefix_len - 1);
    parts->checks[parts->entry_count++] = check_of(check_ending(entry->key, entry->key_len));
    w->out->hash = entries_hash(w->out->hash, entry->key, entry->key_len, w->value_numbers[entry->value]);
}

static void parts_write(const struct parts *parts, const struct trie_entry *entries, struct bytes *region)
{
    bytes_add_u8(region, (uint8_t)parts->entry_count);
    bytes_add_u8(region, (uint8_t)parts->prefix_len);
    bytes_add_u8(region, (uint8_t)parts->ancestor_count);
    bytes_add_u8(region, (uint8_t)parts->low_count);
    bytes_add(region, entries[0].key, parts->prefix_len);
    bytes_add(region, parts->lens, parts->entry_count);
    bytes_add(region, parts->checks, parts->entry_count);
    bytes_add(region, parts->values, parts->entry_count + parts->ancestor_count);
    bytes_add(region, parts->ancestor_lens, parts->ancestor_count);
    bytes_add(region, parts->lows, parts->low_count * sizeof(parts->lows[0]));
    for (size_t i = 0; i < parts->entry_count; i++)
        bytes_add(region, entries[i].key + parts->prefix_len, parts->lens[i]);
    while (region->len % BLOCKDB_BUCKET_ALIGN != 0 && bytes_ok(region))
        bytes_add_u8(region, 0);
}

/* What the first count pending entries share, without the last byte of the shortest one, which is the first then. */
static size_t prefix_len(const struct entries_writer *w, size_t count)
{
    size_t shared = shared_len(&w->pending[0], &w->pending[count - 1]);
    return shared < w->pending[0].key_len ? shared : shared - 1;
}

static void ancestors_add(const struct entries_writer *w, struct parts *parts)
{
    for (size_t i = 0; i < w->ancestor_count; i++) {
        value_add(w, parts, w->ancestors[i].value);
        parts->ancestor_lens[parts->ancestor_count++] = (uint8_t)w->ancestors[i].key_len;
    }
}

/* Writes the first count pending entries as a bucket. */
static void bucket_write(struct entries_writer *w, size_t count)
{
    struct parts parts;
    const struct trie_entry *first = &w->pending[0];

    parts.entry_count = parts.ancestor_count = parts.low_count = 0;
    parts.prefix_len = prefix_len(w, count);
    w->out->last_bucket = (uint32_t)w->out->region.len;
    if (w->out->bucket_count++ > 0)
        separator_write(w, first);
    for (size_t i = 0; i < count; i++)
        entry_add(w, &parts, &w->pending[i]);
    ancestors_pop(w, first);
    ancestors_add(w, &parts);
    parts_write(&parts, w->pending, &w->out->region);

    for (size_t i = 0; i < count; i++) {
        ancestors_pop(w, &w->pending[i]);
        w->ancestors[w->ancestor_count++] = w->pending[i];
    }
    w->last = w->pending[count - 1];
    w->pending_count -= count;
    memmove(w->pending, w->pending + count, w->pending_count * sizeof(w->pending[0]));
    w->out->name_count += count;
}

static size_t distance(size_t count)
{
    return count < BUCKET_GOAL ? BUCKET_GOAL - count : count - BUCKET_GOAL;
}

/* How many of the pending entries make the best bucket: the shortest separator, of those the size next to the goal. */
static size_t cut_find(const struct entries_writer *w)
{
    size_t best = BUCKET_GOAL;
    size_t best_len = SIZE_MAX;
    for (size_t count = BUCKET_MIN; count <= BUCKET_MAX; count++) {
        size_t len = shared_len(&w->pending[count - 1], &w->pending[count]);
        if (len < best_len || (len == best_len && distance(count) < distance(best))) {
            best = count;
            best_len = len;
        }
    }
    return best;
}

static int all_write(struct entries_writer *w)
{
    static const uint8_t TAIL[BLOCKDB_TAIL];
    uint64_t position = 0;
    struct trie_entry entry;
    while (trie_next(w->trie, &position, &entry) > 0) {
        w->pending[w->pending_count++] = entry;
        if (w->pending_count <= BUCKET_MAX)
            continue;
        bucket_write(w, cut_find(w));
        if (w->out->region.len > UINT32_MAX - (1u << 20))
            return ERR_LIMIT;
    }
    if (w->pending_count > BUCKET_GOAL)
        bucket_write(w, w->pending_count / 2);
    if (w->pending_count > 0)
        bucket_write(w, w->pending_count);
    bytes_add(&w->out->region, TAIL, sizeof(TAIL));
    return bytes_ok(&w->out->region) && bytes_ok(&w->out->texts) && bytes_ok(&w->out->separators) ? 0 : ERR_NOMEM;
}

int entries_write(const struct trie *trie, const uint32_t *value_numbers, struct entries *out)
{
    struct entries entries = {.bucket_count = 0};
    struct entries_writer writer = {.trie = trie, .value_numbers = value_numbers, .out = &entries};

    int err = all_write(&writer);
    if (err < 0) {
        entries_done(&entries);
        return err;
    }
    *out = entries;
    return 0;
}

void entries_done(struct entries *entries)
{
    bytes_done(&entries->region);
    bytes_done(&entries->texts);
    bytes_done(&entries->separators);
}
