#include "qlog/journal.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BLANK_BYTES ((size_t)4096)

static_assert(ATOMIC_INT_LOCK_FREE == 2, "an entry is committed by one store");

int journal_header_read(const uint8_t *bytes, size_t len, struct journal_header *out)
{
    struct journal_header header;
    if (len < sizeof header)
        return ERR_DAMAGED;
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.magic, JOURNAL_MAGIC, sizeof header.magic) != 0 ||
        header.check != XXH3_64bits(&header, offsetof(struct journal_header, check)))
        return ERR_DAMAGED;
    if (header.version != JOURNAL_VERSION)
        return ERR_FORMAT_VERSION;
    header.node[QLOG_NODE_MAX - 1] = '\0';
    *out = header;
    return 0;
}

/* ---- entries ---- */

static uint32_t entry_check(uint64_t id, size_t offset, const uint8_t *body, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(body, len, id + offset);
}

/* Finishes the entry whose body lies at pos + 8: padding, check, and last of all its length. */
static void entry_commit(struct journal *journal, size_t pos, size_t body_len)
{
    uint8_t *entry = journal->map + pos;
    uint8_t *body = entry + sizeof(struct journal_entry);
    size_t padded = (body_len + 7) & ~(size_t)7;
    uint32_t len = (uint32_t)(sizeof(struct journal_entry) + padded);
    uint32_t check;
    memset(body + body_len, 0, padded - body_len);
    check = entry_check(journal->id, pos, body, padded);
    memcpy(entry + offsetof(struct journal_entry, check), &check, sizeof check);
    __atomic_store_n((uint32_t *)(void *)entry, len, __ATOMIC_RELEASE);
    atomic_store_explicit(&journal->used, pos + len, memory_order_release);
}

void journal_put_record(struct journal *journal, const struct qlog_record *record)
{
    size_t pos = atomic_load_explicit(&journal->used, memory_order_relaxed);
    size_t len = record_write(record, journal->map + pos + sizeof(struct journal_entry));
    entry_commit(journal, pos, len);
}

void journal_put_gap(struct journal *journal, const struct journal_gap *gap)
{
    size_t pos = atomic_load_explicit(&journal->used, memory_order_relaxed);
    memcpy(journal->map + pos + sizeof(struct journal_entry), gap, sizeof *gap);
    entry_commit(journal, pos, sizeof *gap);
}

struct journal_image journal_image(struct journal *journal)
{
    size_t used = atomic_load_explicit(&journal->used, memory_order_acquire);
    return (struct journal_image){.bytes = journal->map,
                                  .len = used == 0 ? journal->bytes : used,
                                  .id = journal->id,
                                  .own = used != 0,
                                  .searched = &journal->searched};
}

/* The entry at `at`, if one was finished there. Returns its length, else 0. */
static size_t entry_read(const struct journal_image *image, size_t at, struct journal_item *out)
{
    const size_t head = sizeof(struct journal_entry);
    uint32_t check;
    if (at % 8 != 0 || at > image->len || image->len - at < head)
        return 0;
    const uint8_t *entry = image->bytes + at;
    uint32_t len = __atomic_load_n((const uint32_t *)(const void *)entry, __ATOMIC_ACQUIRE);
    if (len < head + sizeof(int64_t) + 8 || len > JOURNAL_ENTRY_MAX || len % 8 != 0 || len > image->len - at)
        return 0;
    memcpy(&check, entry + offsetof(struct journal_entry, check), sizeof check);
    if (!image->own && check != entry_check(image->id, at, entry + head, len - head))
        return 0;
    out->body = entry + head;
    out->len = len - head;
    out->skipped = 0;
    memcpy(&out->time_ns, out->body, sizeof out->time_ns);
    out->kind = out->body[offsetof(struct journal_row, kind)];
    return len;
}

static bool is_blank(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* The first finished entry from `at` on; 0: there is none. Its check, with a seed that nobody knows who only asks questions, tells
 * it from bytes of names. */
static size_t entry_search(const struct journal_image *image, size_t at)
{
    struct journal_item item;
    while (at < image->len) {
        size_t rest = image->len - at;
        if (is_blank(image->bytes + at, rest < BLANK_BYTES ? rest : BLANK_BYTES)) {
            at += rest < BLANK_BYTES ? rest : BLANK_BYTES;
            continue;
        }
        for (size_t end = at + BLANK_BYTES; at < end && at < image->len; at += 8)
            if (entry_read(image, at, &item) > 0)
                return at;
    }
    return 0;
}

/*
 * Where bytes are damaged, or never came to the disk when the power went, what lies behind them is still good. Of a journal
 * that is being written, an entry behind may come while we look: then this one is finished, too.
 */
static size_t entry_behind(const struct journal_image *image, size_t *at, struct journal_item *out)
{
    bool at_end = *at % 8 != 0 || *at >= image->len || (image->searched != NULL && *image->searched == *at + 1);
    size_t found = at_end ? 0 : entry_search(image, *at + 8);
    if (found == 0) {
        if (image->searched != NULL)
            *image->searched = *at + 1;
        return 0;
    }
    size_t len = entry_read(image, *at, out);
    if (len > 0)
        return len;
    len = entry_read(image, found, out);
    out->skipped = found - *at;
    *at = found;
    return len;
}

bool journal_next(const struct journal_image *image, size_t *pos, struct journal_item *out)
{
    size_t at = *pos;
    size_t len = entry_read(image, at, out);
    if (len == 0 && !image->own)
        len = entry_behind(image, &at, out);
    if (len == 0)
        return false;
    *pos = at + len;
    return true;
}

bool journal_is_torn(const struct journal_image *image, size_t pos)
{
    uint32_t len = 0;
    if (image->own || pos > image->len || image->len - pos < sizeof len)
        return false;
    memcpy(&len, image->bytes + pos, sizeof len);
    return len != 0;
}
