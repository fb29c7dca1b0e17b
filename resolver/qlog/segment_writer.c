#include "qlog/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define WRITE_BYTES                                                                                                    \
    ((size_t)32 << 10) /* in one call: a worker that wakes need not wait for the kernel to end a long one */

struct segment_writer {
    int dir_fd;
    int fd;
    uint64_t offset;
    uint64_t sequence;
    struct segment_footer footer;
    struct segment_block *blocks;
    size_t block_cap;
    uint8_t prev[QLOG_HASH_LEN]; /* what the next block, or the chain, goes on from */
    const struct signing_key *key;
    bool has_clear; /* a block with rows is not sealed */
    struct text buffer;
    bool finished;
};

static void temporary_name(uint64_t sequence, char out[QLOG_NAME_MAX])
{
    snprintf(out, QLOG_NAME_MAX, "segment-%08" PRIu64 ".tmp", sequence);
}

static int bytes_put(struct segment_writer *w, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t written = pwrite(w->fd, at, len < WRITE_BYTES ? len : WRITE_BYTES, (off_t)w->offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written == 0 || errno == EFBIG ? ERR_NOSPACE : -errno;
        at += written;
        len -= (size_t)written;
        w->offset += (uint64_t)written;
    }
    return 0;
}

static int header_put(struct segment_writer *w)
{
    struct segment_header header = {
        .version = QLOG_FORMAT_VERSION, .header_len = sizeof header, .sequence = w->sequence};
    memcpy(header.magic, SEGMENT_MAGIC, sizeof header.magic);
    memcpy(header.prev, w->prev, sizeof header.prev);
    header.check = XXH3_64bits(&header, offsetof(struct segment_header, check));
    return bytes_put(w, &header, sizeof header);
}

int segment_begin(const struct segment_opts *opts, struct segment_writer **out)
{
    char file[QLOG_NAME_MAX];
    struct segment_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NOMEM;
    w->dir_fd = opts->dir_fd;
    w->sequence = opts->sequence;
    w->key = opts->key;
    w->buffer.max = BLOCK_LEN_MAX;
    memcpy(w->prev, opts->prev, sizeof w->prev);
    snprintf(w->footer.node, sizeof w->footer.node, "%s", opts->node);
    temporary_name(w->sequence, file);
    w->fd = openat(w->dir_fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int code = w->fd < 0 ? -errno : header_put(w);
    if (code < 0) {
        segment_abort(w);
        return code;
    }
    *out = w;
    return 0;
}

static void totals_add(struct segment_footer *f, const struct block_builder *b)
{
    bool first = f->block_count == 0;
    if (first || b->min_ns < f->first_ns)
        f->first_ns = b->min_ns;
    if (first || b->max_ns > f->last_ns)
        f->last_ns = b->max_ns;
    if (b->row_count > 0) {
        if (f->rows == 0 || b->first_generation < f->first_generation)
            f->first_generation = b->first_generation;
        if (f->rows == 0 || b->last_generation > f->last_generation)
            f->last_generation = b->last_generation;
    }
    f->rows += b->row_count;
    f->lost += b->lost;
    f->block_count++;
}

static int blocks_room(struct segment_writer *w)
{
    if (w->footer.block_count < w->block_cap)
        return 0;
    size_t cap = w->block_cap * 2 + 16;
    struct segment_block *blocks = realloc(w->blocks, cap * sizeof *blocks);
    if (blocks == NULL)
        return ERR_NOMEM;
    w->blocks = blocks;
    w->block_cap = cap;
    return 0;
}

int segment_put_block(struct segment_writer *w, struct block_builder *b)
{
    if (b->row_count == 0 && b->gap_count == 0)
        return 0;
    if (blocks_room(w) < 0)
        return ERR_NOMEM;
    w->buffer.len = 0;
    w->has_clear |= b->row_count > 0 && b->key == NULL;
    int code = block_finish(b, w->prev, &w->buffer);
    if (code < 0)
        return code;
    struct segment_block *entry = &w->blocks[w->footer.block_count];
    *entry = (struct segment_block){.offset = w->offset,
                                    .len = (uint32_t)w->buffer.len,
                                    .rows = b->row_count,
                                    .gaps = b->gap_count,
                                    .min_ns = b->min_ns,
                                    .max_ns = b->max_ns};
    segment_hash(w->buffer.bytes, w->buffer.len, NULL, 0, entry->hash);
    code = bytes_put(w, w->buffer.bytes, w->buffer.len);
    if (code < 0)
        return code;
    memcpy(w->prev, entry->hash, sizeof w->prev);
    totals_add(&w->footer, b);
    block_builder_clear(b);
    return 0;
}

static void trailer_sign(const struct segment_writer *w, struct segment_trailer *trailer)
{
    struct segment_pledge pledge;
    if (w->key == NULL)
        return;
    segment_pledge(w->sequence, trailer->chain, &pledge);
    signing_key_sign(w->key, &pledge, sizeof pledge, trailer->signature);
    memcpy(trailer->key_id, w->key->public.id, sizeof trailer->key_id);
    trailer->flags |= SEGMENT_SIGNED;
}

/* Footer and trailer in the buffer. */
static int end_make(struct segment_writer *w, const struct segment_journal *journals, size_t count,
                    struct segment_trailer *trailer)
{
    struct text *t = &w->buffer;
    w->footer.journal_count = (uint32_t)count;
    t->len = 0;
    text_add(t, (const char *)&w->footer, sizeof w->footer);
    if (w->footer.block_count > 0)
        text_add(t, (const char *)w->blocks, w->footer.block_count * sizeof *w->blocks);
    if (count > 0)
        text_add(t, (const char *)journals, count * sizeof *journals);
    *trailer = (struct segment_trailer){.footer_offset = w->offset, .footer_len = (uint32_t)t->len};
    trailer->flags = w->footer.rows > 0 && !w->has_clear ? SEGMENT_SEALED : 0;
    memcpy(trailer->magic, SEGMENT_TRAILER_MAGIC, sizeof trailer->magic);
    if (text_ok(t)) {
        segment_hash(w->prev, sizeof w->prev, t->bytes, t->len, trailer->chain);
        trailer_sign(w, trailer);
    }
    text_add(t, (const char *)trailer, sizeof *trailer);
    if (!text_ok(t))
        return ERR_NOMEM;
    trailer->check = XXH3_64bits(t->bytes, trailer->footer_len + offsetof(struct segment_trailer, check));
    memcpy(t->bytes + trailer->footer_len, trailer, sizeof *trailer);
    return 0;
}

static int file_settle(struct segment_writer *w)
{
    char temporary[QLOG_NAME_MAX];
    char file[QLOG_NAME_MAX];
    int64_t first_ms = w->footer.first_ns / 1000000;
    temporary_name(w->sequence, temporary);
    snprintf(file, sizeof file, "segment-%013" PRId64 "-%08" PRIu64 ".qlog", first_ms < 0 ? 0 : first_ms, w->sequence);
    if (fsync(w->fd) < 0 || renameat(w->dir_fd, temporary, w->dir_fd, file) < 0)
        return -errno;
    w->finished = true;
    return fsync(w->dir_fd) < 0 ? -errno : 0;
}

int segment_finish(struct segment_writer *w, const struct segment_journal *journals, size_t count,
                   uint8_t out_chain[QLOG_HASH_LEN])
{
    struct segment_trailer trailer;
    int code = end_make(w, journals, count, &trailer);
    if (code == 0)
        code = bytes_put(w, w->buffer.bytes, w->buffer.len);
    if (code == 0)
        code = file_settle(w);
    if (w->finished) /* a folder that could not be synced does not take the segment back */
        memcpy(out_chain, trailer.chain, sizeof trailer.chain);
    return w->finished ? 0 : code;
}

void segment_abort(struct segment_writer *w)
{
    char file[QLOG_NAME_MAX];
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (!w->finished) {
        temporary_name(w->sequence, file);
        unlinkat(w->dir_fd, file, 0);
    }
    text_done(&w->buffer);
    free(w->blocks);
    free(w);
}
