#include "sheaf/cursor.h"

#include <string.h>

#define LABEL_MAX 63

int sheaf_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int cmp = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return cmp != 0 ? cmp : (a_len > b_len) - (a_len < b_len);
}

/* False: it ends too early or is longer than any number of ours. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t number = 0;
    if (*at < end && **at < 0x80) {
        *out = *(*at)++;
        return true;
    }
    for (unsigned shift = 0; shift < 63 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = number;
            return true;
        }
    }
    return false;
}

static bool has_zero(const uint8_t *bytes, size_t len)
{
    bool found = false;
    for (size_t i = 0; i < len; i++)
        found |= bytes[i] == 0;
    return found;
}

/* Whether the key is one of a name: labels of 1 to 63 bytes. Those before `from` are known to be. */
static bool is_name(const uint8_t *key, size_t len, size_t from)
{
    /* Nearly always: no label begins behind `from`, and none can be too long. */
    if (from < len && len <= LABEL_MAX && !has_zero(key + from, len - from))
        return true;
    size_t start = from;
    while (start > 0 && key[start - 1] != 0)
        start--;
    for (size_t i = from; i < len; i++) {
        if (key[i] != 0)
            continue;
        if (i == start || i - start > LABEL_MAX)
            return false;
        start = i + 1;
    }
    return len == 0 || (start < len && len - start <= LABEL_MAX);
}

static bool open_block(struct sheaf_cursor *cursor)
{
    if (cursor->block == cursor->sheaf->block_count)
        return false;
    const struct sheaf_block *block = &cursor->sheaf->blocks[cursor->block++];
    cursor->at = cursor->sheaf->bytes + block->at;
    cursor->end = cursor->at + block->len;
    cursor->left = block->count;
    return true;
}

/* key: eight bytes at least, whatever they are behind its end. */
static uint64_t head_of(const uint8_t *key, size_t key_len)
{
    uint64_t head;
    memcpy(&head, key, sizeof head);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    head = __builtin_bswap64(head);
#endif
    if (key_len >= sizeof head)
        return head;
    return key_len == 0 ? 0 : head & ~(UINT64_MAX >> (key_len * 8));
}

/* As memcpy(), for the few bytes that a key adds; eight more of each side may be touched. */
static void copy_short(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i += sizeof(uint64_t))
        memcpy(to + i, from + i, sizeof(uint64_t));
}

/* A key that goes on behind, or is, the one before. */
static int read_key(struct sheaf_cursor *cursor, size_t shared, size_t rest, bool first)
{
    const uint8_t *at = cursor->at;
    if (shared > cursor->key_len || (first && shared > 0) || shared + rest > BLOCKDB_KEY_MAX ||
        rest > (size_t)(cursor->end - at))
        return ERR_DAMAGED;
    int order = rest > 0 && (shared == cursor->key_len || at[0] > cursor->key[shared]) ? 1
                : rest == 0 && shared == cursor->key_len                               ? 0
                                                                                       : -1;
    if (first)
        order = sheaf_key_compare(at, rest, cursor->key, cursor->key_len);
    if (order < 0)
        return ERR_DAMAGED;
    cursor->again = order == 0;
    if (cursor->end - at >= (ptrdiff_t)(rest + sizeof(uint64_t)))
        copy_short(cursor->key + shared, at, rest);
    else
        memcpy(cursor->key + shared, at, rest);
    cursor->at += rest;
    cursor->key_len = (uint8_t)(shared + rest);
    if (!is_name(cursor->key, cursor->key_len, shared))
        return ERR_DAMAGED;
    if (shared < sizeof cursor->head)
        cursor->head = head_of(cursor->key, cursor->key_len);
    return 0;
}

static int read_rule(struct sheaf_cursor *cursor, bool first)
{
    uint64_t kind;
    if (cursor->end - cursor->at < 3)
        return ERR_DAMAGED;
    size_t shared = cursor->at[0], rest = cursor->at[1];
    cursor->at += 2;
    cursor->repeat = 1;
    if (!read_varint(&cursor->at, cursor->end, &kind) ||
        ((kind & 1) != 0 && !read_varint(&cursor->at, cursor->end, &cursor->repeat)) ||
        kind >> 1 >= cursor->sheaf->kind_count || cursor->repeat == 0)
        return ERR_DAMAGED;
    cursor->kind = (uint32_t)(kind >> 1);
    return read_key(cursor, shared, rest, first);
}

int sheaf_cursor_next(struct sheaf_cursor *cursor)
{
    bool first = cursor->left == 0;
    if (cursor->past || (first && !open_block(cursor)))
        return 0;
    cursor->left--;
    int err = read_rule(cursor, first);
    if (err < 0)
        return err;
    cursor->past = cursor->head >= cursor->until_head && cursor->until != NULL &&
                   sheaf_key_compare(cursor->key, cursor->key_len, cursor->until->bytes, cursor->until->len) >= 0;
    return cursor->past ? 0 : 1;
}

int sheaf_check(const struct sheaf *sheaf)
{
    struct sheaf_cursor cursor;
    int got;
    sheaf_cursor_init(&cursor, sheaf, NULL, NULL);
    do
        got = sheaf_cursor_next(&cursor);
    while (got > 0);
    return got;
}

int sheaf_block_key(const struct sheaf *sheaf, uint32_t block, struct sheaf_key *out)
{
    struct sheaf_cursor cursor = {.sheaf = sheaf, .block = block, .until_head = UINT64_MAX};
    int got = sheaf_cursor_next(&cursor);
    if (got <= 0)
        return ERR_DAMAGED;
    out->len = cursor.key_len;
    memcpy(out->bytes, cursor.key, cursor.key_len);
    return 0;
}

/* The last block that begins before key, where rules from key on may start. */
static uint32_t block_before(const struct sheaf *sheaf, const struct sheaf_key *key)
{
    uint32_t low = 0, high = sheaf->block_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct sheaf_key start;
        /* A damaged block is met again, and said to be one, by the walk that follows. */
        if (sheaf_block_key(sheaf, middle, &start) == 0 &&
            sheaf_key_compare(start.bytes, start.len, key->bytes, key->len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : low - 1;
}

void sheaf_cursor_init(struct sheaf_cursor *cursor, const struct sheaf *sheaf, const struct sheaf_key *from,
                       const struct sheaf_key *until)
{
    memset(cursor, 0, sizeof *cursor);
    cursor->sheaf = sheaf;
    cursor->until = until;
    cursor->until_head = until == NULL ? UINT64_MAX : head_of(until->bytes, until->len);
    if (from == NULL)
        return;
    cursor->block = block_before(sheaf, from);
    struct sheaf_cursor ahead = *cursor;
    while (sheaf_cursor_next(&ahead) > 0 && sheaf_key_compare(ahead.key, ahead.key_len, from->bytes, from->len) < 0)
        *cursor = ahead;
}
