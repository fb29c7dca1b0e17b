#include "qlog/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/hints.h"
#include "qlog/proof.h"

#define WRITE_BYTES                                                                                                    \
    ((size_t)32 << 10) /* in one call: a worker that wakes need not wait for the kernel to end a long one */

#define FOOTER_LEN_MAX ((size_t)64 << 20)

struct segment_writer {
    int dir_fd;
    int fd;
    uint64_t offset;
    uint64_t sequence;
    uint64_t merged_from; /* 0: not merged */
    struct segment_footer footer;
    struct segment_block *blocks;
    size_t block_cap;
    struct proof *proof; /* of what is written; NULL: merged, its origins have theirs */
    struct text sections;
    struct hints *hints;
    uint8_t prev[QLOG_HASH_LEN]; /* what the next block, or the chain, goes on from */
    const struct signing_key *key;
    bool has_clear; /* a block with rows is not sealed */
    struct text buffer;
    bool finished;
};

static void temporary_name(const struct segment_writer *w, char out[QLOG_NAME_MAX])
{
    const char *kind = w->merged_from > 0 ? "merged" : "segment";
    snprintf(out, QLOG_NAME_MAX, "%s-%08" PRIu64 ".tmp", kind, w->sequence);
}

static void final_name(const struct segment_writer *w, char out[QLOG_NAME_MAX])
{
    int64_t first_ms = w->footer.first_ns / 1000000;
    int len = snprintf(out, QLOG_NAME_MAX, "segment-%013" PRId64, first_ms < 0 ? 0 : first_ms);
    if (w->merged_from > 0)
        len += snprintf(out + len, QLOG_NAME_MAX - (size_t)len, "-%08" PRIu64, w->merged_from);
    snprintf(out + len, QLOG_NAME_MAX - (size_t)len, "-%08" PRIu64 ".qlog", w->sequence);
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
    w->merged_from = opts->merged_from;
    w->key = opts->key;
    w->buffer.max = BLOCK_LEN_MAX;
    memcpy(w->prev, opts->prev, sizeof w->prev);
    snprintf(w->footer.node, sizeof w->footer.node, "%s", opts->node);
    temporary_name(w, file);
    w->fd = openat(w->dir_fd, file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int code = w->fd < 0 ? -errno : header_put(w);
    if (code == 0 && w->merged_from == 0)
        code = proof_new(&w->proof);
    if (code == 0)
        code = hints_new(&w->hints);
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

/* Before the block is packed, which hides who asked. */
static int proof_put(struct segment_writer *w, struct block_builder *b)
{
    struct proof_source source;
    int code = w->proof == NULL ? 0 : proof_of_builder(b, &source);
    if (code < 0 || w->proof == NULL)
        return code;
    proof_set_source(w->proof, &source);
    code = proof_add_rows(w->proof, 0, b->row_count);
    if (code == 0)
        code = proof_add_gaps(w->proof, b->gaps, b->gap_count);
    if (code == 0)
        proof_end_block(w->proof);
    return code;
}

int segment_put_block(struct segment_writer *w, struct block_builder *b)
{
    if (b->row_count == 0 && b->gap_count == 0)
        return 0;
    if (blocks_room(w) < 0)
        return ERR_NOMEM;
    w->buffer.len = 0;
    w->has_clear |= b->row_count > 0 && b->key == NULL;
    int code = proof_put(w, b);
    if (code == 0)
        code = hints_add(w->hints, b);
    if (code == 0)
        code = block_finish(b, w->prev, &w->buffer);
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

int segment_put_section(struct segment_writer *w, uint32_t kind, const void *bytes, size_t len)
{
    static const char zeros[8];
    const struct segment_section section = {.kind = kind, .len = (uint32_t)len};
    w->sections.max = FOOTER_LEN_MAX;
    text_add(&w->sections, (const char *)&section, sizeof section);
    text_add(&w->sections, bytes, len);
    text_add(&w->sections, zeros, -len & 7);
    return text_ok(&w->sections) ? 0 : ERR_NOMEM;
}

static int hints_put(struct segment_writer *w)
{
    struct text bytes = {.max = FOOTER_LEN_MAX};
    hints_write(w->hints, &bytes);
    int code = text_ok(&bytes) ? segment_put_section(w, SEGMENT_HINTS, bytes.bytes, bytes.len) : ERR_NOMEM;
    text_done(&bytes);
    return code;
}

static void trailer_sign(const struct segment_writer *w, struct segment_trailer *trailer)
{
    struct segment_pledge pledge;
    if (w->key == NULL)
        return;
    segment_pledge(w->sequence, trailer->flags, trailer->chain, &pledge);
    signing_key_sign(w->key, &pledge, sizeof pledge, trailer->signature);
    memcpy(trailer->key_id, w->key->public.id, sizeof trailer->key_id);
    trailer->flags |= SEGMENT_SIGNED;
}

/* The footer in the buffer; its beginning, which the chain value is over, holds the hash of the rest. */
static void footer_make(struct segment_writer *w, const struct segment_journal *journals, size_t count)
{
    struct segment_proof proof = {0};
    struct proof_value value = {0};
    struct text *t = &w->buffer;
    const size_t stem_len = sizeof w->footer + sizeof proof;
    w->footer.journal_count = (uint32_t)count;
    t->len = 0;
    if (w->proof != NULL)
        proof_end(w->proof, &value);
    memcpy(proof.rows, value.rows, sizeof proof.rows);
    memcpy(proof.who, value.who, sizeof proof.who);
    text_add(t, (const char *)&w->footer, sizeof w->footer);
    text_add(t, (const char *)&proof, sizeof proof);
    if (w->footer.block_count > 0)
        text_add(t, (const char *)w->blocks, w->footer.block_count * sizeof *w->blocks);
    if (count > 0)
        text_add(t, (const char *)journals, count * sizeof *journals);
    if (w->sections.len > 0)
        text_add(t, w->sections.bytes, w->sections.len);
    if (!text_ok(t))
        return;
    segment_hash(t->bytes + stem_len, t->len - stem_len, NULL, 0, proof.rest);
    memcpy(t->bytes + sizeof w->footer, &proof, sizeof proof);
}

/* Footer and trailer in the buffer. */
static int end_make(struct segment_writer *w, const struct segment_journal *journals, size_t count,
                    struct segment_trailer *trailer)
{
    struct text *t = &w->buffer;
    footer_make(w, journals, count);
    *trailer = (struct segment_trailer){.footer_offset = w->offset, .footer_len = (uint32_t)t->len};
    trailer->flags = (w->footer.rows > 0 && !w->has_clear ? SEGMENT_SEALED : 0u) |
                     (w->merged_from > 0 ? (uint32_t)SEGMENT_MERGED : 0u);
    memcpy(trailer->magic, SEGMENT_TRAILER_MAGIC, sizeof trailer->magic);
    if (text_ok(t)) {
        segment_hash(w->prev, sizeof w->prev, t->bytes, sizeof w->footer + sizeof(struct segment_proof),
                     trailer->chain);
        trailer_sign(w, trailer);
    }
    text_add(t, (const char *)trailer, sizeof *trailer);
    if (!text_ok(t))
        return ERR_NOMEM;
    trailer->check = XXH3_64bits(t->bytes, trailer->footer_len + offsetof(struct segment_trailer, check));
    memcpy(t->bytes + trailer->footer_len, trailer, sizeof *trailer);
    return 0;
}

int segment_sync(const struct segment_writer *w)
{
    return fdatasync(w->fd) < 0 ? -errno : 0;
}

int segment_complete(struct segment_writer *w, const struct segment_journal *journals, size_t count,
                     uint8_t out_chain[QLOG_HASH_LEN])
{
    struct segment_trailer trailer;
    int code = hints_put(w);
    if (code == 0)
        code = end_make(w, journals, count, &trailer);
    if (code == 0)
        code = bytes_put(w, w->buffer.bytes, w->buffer.len);
    if (code == 0 && fsync(w->fd) < 0)
        code = -errno;
    if (code == 0)
        memcpy(out_chain, trailer.chain, sizeof trailer.chain);
    return code;
}

int segment_reopen(const struct segment_writer *w, struct segment **out)
{
    int fd = dup(w->fd);
    return fd < 0 ? -errno : segment_open_fd(fd, out);
}

/* A folder that could not be synced does not take the segment back. */
int segment_name(struct segment_writer *w)
{
    char temporary[QLOG_NAME_MAX];
    char file[QLOG_NAME_MAX];
    temporary_name(w, temporary);
    final_name(w, file);
    if (renameat(w->dir_fd, temporary, w->dir_fd, file) < 0)
        return -errno;
    w->finished = true;
    return fsync(w->dir_fd) < 0 ? -errno : 0;
}

int segment_finish(struct segment_writer *w, const struct segment_journal *journals, size_t count,
                   uint8_t out_chain[QLOG_HASH_LEN])
{
    int code = segment_complete(w, journals, count, out_chain);
    if (code == 0)
        code = segment_name(w);
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
        temporary_name(w, file);
        unlinkat(w->dir_fd, file, 0);
    }
    text_done(&w->buffer);
    text_done(&w->sections);
    proof_free(w->proof);
    hints_free(w->hints);
    free(w->blocks);
    free(w);
}
