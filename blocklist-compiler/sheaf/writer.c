#include "sheaf/writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

int writer_init(struct writer *writer, int fd, unsigned part_count, uint32_t kind_count)
{
    assert(part_count > 0 && part_count <= WRITER_PARTS_MAX);
    memset(writer, 0, sizeof *writer);
    writer->fd = fd;
    writer->kind_count = kind_count;
    writer->part_count = part_count;
    atomic_init(&writer->end, sizeof(struct sheaf_head));
    for (unsigned i = 0; i < part_count; i++) {
        writer->parts[i].counts = calloc(1, kind_count * sizeof *writer->parts[i].counts + WRITER_APART);
        if (writer->parts[i].counts == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

void writer_done(struct writer *writer)
{
    for (unsigned i = 0; i < writer->part_count; i++) {
        bytes_done(&writer->parts[i].block);
        bytes_done(&writer->parts[i].blocks);
        free(writer->parts[i].counts);
    }
    memset(writer, 0, sizeof *writer);
}

static int put(int fd, const void *bytes, size_t len, uint64_t at)
{
    const uint8_t *from = bytes;
    for (size_t done = 0; done < len;) {
        ssize_t got = pwrite(fd, from + done, len - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && (errno == ENOSPC || errno == EDQUOT) ? ERR_NOSPACE : ERR_IO;
        done += (size_t)got;
    }
    return 0;
}

/* Ends the block at hand. */
static int flush(struct writer *writer, struct writer_part *part)
{
    struct sheaf_block block = {.len = (uint32_t)part->block.len, .count = part->block_count};
    if (part->block_count == 0)
        return 0;
    if (!bytes_ok(&part->block))
        return ERR_NOMEM;
    block.at = atomic_fetch_add(&writer->end, block.len);
    block.xxh3 = XXH3_64bits(part->block.data, part->block.len);
    bytes_add(&part->blocks, &block, sizeof block);
    int err = put(writer->fd, part->block.data, part->block.len, block.at);
    part->block.len = 0;
    part->block_count = 0;
    return err < 0 ? err : bytes_ok(&part->blocks) ? 0 : ERR_NOMEM;
}

static size_t shared_len(const struct writer_part *part, const uint8_t *key, size_t key_len)
{
    size_t max = key_len < part->key_len ? key_len : part->key_len, len = 0;
    for (; max - len >= sizeof(uint64_t); len += sizeof(uint64_t))
        if (memcmp(part->key + len, key + len, sizeof(uint64_t)) != 0)
            break;
    while (len < max && part->key[len] == key[len])
        len++;
    return len;
}

static uint8_t *write_varint(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

void writer_add(struct writer *writer, unsigned part_number, const uint8_t *key, size_t key_len, uint32_t kind,
                uint64_t repeat)
{
    struct writer_part *part = &writer->parts[part_number];
    uint8_t rule[2 + 10 + 10 + BLOCKDB_KEY_MAX];
    if (part->err < 0)
        return;
    if (part->block.len >= SHEAF_BLOCK_LEN)
        part->err = flush(writer, part);
    size_t shared = part->block_count == 0 ? 0 : shared_len(part, key, key_len), rest = key_len - shared;
    rule[0] = (uint8_t)shared;
    rule[1] = (uint8_t)rest;
    uint8_t *at = write_varint(rule + 2, (uint64_t)kind << 1 | (repeat > 1));
    if (repeat > 1)
        at = write_varint(at, repeat);
    memcpy(at, key + shared, rest);
    bytes_add(&part->block, rule, (size_t)(at - rule) + rest);
    memcpy(part->key + shared, key + shared, rest);
    part->key_len = (uint8_t)key_len;
    part->block_count++;
    part->counts[kind] += repeat;
}

static int add_blocks(struct writer *writer, struct sheaf_head *head, struct bytes *tail)
{
    for (unsigned i = 0; i < writer->part_count; i++) {
        struct writer_part *part = &writer->parts[i];
        int err = part->err < 0 ? part->err : flush(writer, part);
        if (err < 0)
            return err;
        bytes_add(tail, part->blocks.data, part->blocks.len);
        head->block_count += (uint32_t)(part->blocks.len / sizeof(struct sheaf_block));
    }
    return 0;
}

static void add_kinds(const struct writer *writer, const struct sheaf_kind *kinds, struct bytes *tail)
{
    for (uint32_t i = 0; i < writer->kind_count; i++) {
        struct sheaf_kind kind = kinds[i];
        kind.count = 0;
        for (unsigned part = 0; part < writer->part_count; part++)
            kind.count += writer->parts[part].counts[i];
        bytes_add(tail, &kind, sizeof kind);
    }
}

static void add_stats(const struct feed_stats *stats, struct sheaf_head *head, struct bytes *tail)
{
    static const struct feed_samples none;
    struct feed_stats numbers = *stats;
    struct feed_stats with_samples = *stats;
    feed_stats_forget_samples(&numbers);
    bytes_add(tail, &numbers, sizeof numbers);
    head->stats_len = sizeof numbers;
    size_t before = tail->len;
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++) {
        struct feed_stats_row row = feed_stats_row(&with_samples, i);
        if (*row.count > 0)
            bytes_add(tail, *row.samples != NULL ? *row.samples : &none, sizeof none);
    }
    head->samples_len = tail->len - before;
}

static int fill_tail(struct writer *writer, const struct writer_rest *rest, struct sheaf_head *head, struct bytes *tail)
{
    const struct clauses *clauses = rest->clauses;
    int err = add_blocks(writer, head, tail);
    if (err < 0)
        return err;
    add_kinds(writer, rest->kinds, tail);
    bytes_add(tail, clauses->records.data, clauses->records.len);
    bytes_add(tail, clauses->parts.data, clauses->parts.len);
    bytes_add(tail, clauses->addresses.data, clauses->addresses.len);
    add_stats(rest->stats, head, tail);
    return bytes_ok(tail) ? 0 : ERR_NOMEM;
}

int writer_finish(struct writer *writer, const struct writer_rest *rest)
{
    struct bytes tail = {0};
    struct sheaf_head head = {.magic = SHEAF_MAGIC,
                              .id = rest->id,
                              .kind_count = writer->kind_count,
                              .clause_count = rest->clauses->count,
                              .parts_len = rest->clauses->parts.len,
                              .addresses_len = rest->clauses->addresses.len};
    int err = fill_tail(writer, rest, &head, &tail);
    head.tail = (atomic_load(&writer->end) + 7) / 8 * 8;
    head.tail_len = tail.len;
    head.tail_xxh3 = XXH3_64bits(tail.data, tail.len);
    head.xxh3 = XXH3_64bits(&head, offsetof(struct sheaf_head, xxh3));
    if (err == 0)
        err = put(writer->fd, tail.data, tail.len, head.tail);
    if (err == 0)
        err = put(writer->fd, &head, sizeof head, 0);
    bytes_done(&tail);
    return err;
}
