#include "qlog/segment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/origin.h"

#define FOOTER_LEN_MAX (64u << 20)

void segment_hash(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[QLOG_HASH_LEN])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, QLOG_HASH_LEN);
    crypto_generichash_update(&state, a, a_len);
    if (b_len > 0)
        crypto_generichash_update(&state, b, b_len);
    crypto_generichash_final(&state, out, QLOG_HASH_LEN);
}

void segment_pledge(uint64_t sequence, uint32_t flags, const uint8_t chain[QLOG_HASH_LEN], struct segment_pledge *out)
{
    out->sequence = sequence;
    memcpy(out->purpose, (flags & SEGMENT_MERGED) != 0 ? SEGMENT_PLEDGE_MERGED : SEGMENT_PLEDGE, sizeof out->purpose);
    memcpy(out->chain, chain, sizeof out->chain);
}

/* ---- opening ---- */

static int bytes_get(const struct segment *s, uint64_t offset, void *out, size_t len)
{
    uint8_t *at = out;
    if (offset > s->bytes || s->bytes - offset < len)
        return ERR_DAMAGED;
    while (len > 0) {
        ssize_t got = pread(s->fd, at, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? ERR_DAMAGED : -errno;
        at += got;
        len -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

static int header_get(struct segment *s)
{
    struct segment_header *h = &s->header;
    int code = bytes_get(s, 0, h, sizeof *h);
    if (code < 0)
        return code;
    if (memcmp(h->magic, SEGMENT_MAGIC, sizeof h->magic) != 0)
        return ERR_DAMAGED;
    if (h->check != XXH3_64bits(h, offsetof(struct segment_header, check)))
        return ERR_DAMAGED;
    return h->version == 0 || h->version > QLOG_FORMAT_VERSION ? ERR_FORMAT_VERSION : 0;
}

static size_t proof_len(const struct segment *s)
{
    return s->header.version >= 2 ? sizeof s->proof : 0;
}

/* Takes footer, blocks and journals out of the bytes the trailer points to, once the check was compared. */
static int footer_unpack(struct segment *s)
{
    struct segment_footer f;
    const size_t head = sizeof f + proof_len(s);
    const size_t len = s->footer_len;
    if (len < head)
        return ERR_DAMAGED;
    memcpy(&f, s->footer_bytes, sizeof f);
    memcpy(&s->proof, s->footer_bytes + sizeof f, proof_len(s));
    uint64_t blocks_len = f.block_count * (uint64_t)sizeof *s->blocks;
    uint64_t journals_len = f.journal_count * (uint64_t)sizeof *s->journals;
    if (blocks_len + journals_len > len - head || (s->header.version == 1 && head + blocks_len + journals_len != len))
        return ERR_DAMAGED;
    s->blocks = malloc(blocks_len + 1);
    s->journals = malloc(journals_len + 1);
    if (s->blocks == NULL || s->journals == NULL)
        return ERR_NOMEM;
    memcpy(s->blocks, s->footer_bytes + head, blocks_len);
    memcpy(s->journals, s->footer_bytes + head + blocks_len, journals_len);
    f.node[QLOG_NODE_MAX - 1] = '\0';
    s->footer = f;
    return 0;
}

static int footer_get(struct segment *s)
{
    struct segment_trailer *t = &s->trailer;
    if (s->bytes < sizeof *t)
        return ERR_DAMAGED;
    int code = bytes_get(s, s->bytes - sizeof *t, t, sizeof *t);
    if (code < 0)
        return code;
    if (memcmp(t->magic, SEGMENT_TRAILER_MAGIC, sizeof t->magic) != 0 || t->footer_len < sizeof s->footer ||
        t->footer_len > FOOTER_LEN_MAX || t->footer_offset + t->footer_len + sizeof *t != s->bytes)
        return ERR_DAMAGED;
    size_t covered = t->footer_len + offsetof(struct segment_trailer, check);
    uint8_t *bytes = malloc(covered);
    if (bytes == NULL)
        return ERR_NOMEM;
    s->footer_bytes = bytes;
    s->footer_len = t->footer_len;
    code = bytes_get(s, t->footer_offset, bytes, covered);
    if (code == 0 && t->check != XXH3_64bits(bytes, covered))
        code = ERR_DAMAGED;
    return code == 0 ? footer_unpack(s) : code;
}

static int block_append(struct segment *s, const struct segment_block *block)
{
    struct segment_block *blocks = realloc(s->blocks, (s->footer.block_count + 1) * sizeof *blocks);
    if (blocks == NULL)
        return ERR_NOMEM;
    s->blocks = blocks;
    s->blocks[s->footer.block_count++] = *block;
    return 0;
}

static bool block_is_there(const struct segment *s, uint64_t offset, struct block_header *out)
{
    return bytes_get(s, offset, out, sizeof *out) == 0 && out->magic == BLOCK_MAGIC && out->len >= sizeof *out &&
           out->len <= s->bytes - offset && out->len <= BLOCK_LEN_MAX;
}

/* Whether its bytes are as they were written. */
static bool block_is_whole(const struct segment *s, uint64_t offset, size_t len)
{
    struct block *block = calloc(1, sizeof *block);
    uint8_t *bytes = malloc(len);
    bool whole =
        block != NULL && bytes != NULL && bytes_get(s, offset, bytes, len) == 0 && block_open(block, bytes, len) == 0;
    if (block != NULL)
        block_done(block);
    free(block);
    free(bytes);
    return whole;
}

/* The next block behind damage. */
static bool block_search(const struct segment *s, uint64_t *offset, struct block_header *out)
{
    static const uint32_t magic = BLOCK_MAGIC;
    uint8_t bytes[4096];
    for (uint64_t at = *offset + 1; at + sizeof *out < s->bytes;) {
        size_t len = s->bytes - at < sizeof bytes ? (size_t)(s->bytes - at) : sizeof bytes;
        const uint8_t *found = bytes_get(s, at, bytes, len) == 0 ? memmem(bytes, len, &magic, sizeof magic) : NULL;
        at += found == NULL ? len - 3 : (size_t)(found - bytes);
        if (found == NULL)
            continue;
        if (block_is_there(s, at, out) && block_is_whole(s, at, out->len)) {
            *offset = at;
            return true;
        }
        at++;
    }
    return false;
}

/* Without a footer: from header to header, as far as they look like blocks. */
static int blocks_walk(struct segment *s)
{
    struct block_header h;
    free(s->blocks);
    free(s->journals);
    s->blocks = NULL;
    s->journals = NULL;
    s->footer_len = 0;
    s->footer = (struct segment_footer){0};
    s->proof = (struct segment_proof){0};
    s->footer_damaged = true;
    for (uint64_t offset = sizeof s->header; bytes_get(s, offset, &h, sizeof h) == 0; offset += h.len) {
        if (!block_is_there(s, offset, &h) && !block_search(s, &offset, &h))
            break;
        struct segment_block block = {
            .offset = offset, .len = h.len, .rows = h.rows, .gaps = h.gaps, .min_ns = h.min_ns, .max_ns = h.max_ns};
        bool first = s->footer.block_count == 0;
        s->footer.first_ns = first || h.min_ns < s->footer.first_ns ? h.min_ns : s->footer.first_ns;
        s->footer.last_ns = first || h.max_ns > s->footer.last_ns ? h.max_ns : s->footer.last_ns;
        s->footer.rows += h.rows;
        if (block_append(s, &block) < 0)
            return ERR_NOMEM;
    }
    return 0;
}

/* Behind a header that can't be read a whole footer tells where the blocks are; of which version it is shows by its length. */
static int footer_get_blindly(struct segment *s)
{
    int code = ERR_DAMAGED;
    s->header_damaged = true;
    for (uint32_t version = 1; code == ERR_DAMAGED && version <= QLOG_FORMAT_VERSION; version++) {
        free(s->footer_bytes);
        s->footer_bytes = NULL;
        s->header = (struct segment_header){.version = version};
        code = footer_get(s);
    }
    return code;
}

static int file_read(struct segment *s)
{
    struct stat st;
    if (fstat(s->fd, &st) < 0)
        return -errno;
    s->bytes = (uint64_t)st.st_size;
    int code = header_get(s);
    if (code == ERR_DAMAGED)
        return footer_get_blindly(s);
    if (code < 0)
        return code;
    code = footer_get(s);
    return code == ERR_DAMAGED ? blocks_walk(s) : code;
}

int segment_open_fd(int fd, struct segment **out)
{
    struct segment *s = calloc(1, sizeof *s);
    if (s == NULL) {
        close(fd);
        return ERR_NOMEM;
    }
    s->fd = fd;
    int code = file_read(s);
    if (code < 0) {
        segment_close(s);
        return code;
    }
    *out = s;
    return 0;
}

int segment_open(int dir_fd, const char *file, struct segment **out)
{
    int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : segment_open_fd(fd, out);
}

int segment_copy_block(const struct segment *s, uint32_t i, struct segment_buffer *buffer)
{
    const struct segment_block *block = &s->blocks[i];
    if (block->len > BLOCK_LEN_MAX)
        return ERR_DAMAGED;
    if (block->len > buffer->cap) {
        uint8_t *bytes = realloc(buffer->bytes, block->len);
        if (bytes == NULL)
            return ERR_NOMEM;
        buffer->bytes = bytes;
        buffer->cap = block->len;
    }
    buffer->len = block->len;
    return bytes_get(s, block->offset, buffer->bytes, block->len);
}

int segment_read_block(struct segment *s, uint32_t i, const uint8_t **out, size_t *out_len)
{
    int code = segment_copy_block(s, i, &s->buffer);
    if (code < 0)
        return code;
    *out = s->buffer.bytes;
    *out_len = s->buffer.len;
    return 0;
}

void segment_close(struct segment *s)
{
    if (s == NULL)
        return;
    close(s->fd);
    free(s->blocks);
    free(s->journals);
    free(s->footer_bytes);
    free(s->buffer.bytes);
    free(s);
}

/* ---- what is in the footer ---- */

size_t segment_stem_len(const struct segment *s)
{
    return s->header.version == 1 ? s->footer_len : sizeof s->footer + sizeof s->proof;
}

bool segment_is_merged(const struct segment *s)
{
    return !s->footer_damaged && (s->trailer.flags & SEGMENT_MERGED) != 0;
}

bool segment_section(const struct segment *s, uint32_t kind, const uint8_t **out, size_t *out_len)
{
    struct segment_section section;
    size_t pos = sizeof s->footer + proof_len(s) + s->footer.block_count * sizeof *s->blocks +
                 s->footer.journal_count * sizeof *s->journals;
    while (s->header.version >= 2 && pos < s->footer_len && s->footer_len - pos >= sizeof section) {
        memcpy(&section, s->footer_bytes + pos, sizeof section);
        pos += sizeof section;
        if (section.len > s->footer_len - pos)
            return false;
        if (section.kind == kind) {
            *out = s->footer_bytes + pos;
            *out_len = section.len;
            return true;
        }
        pos += (section.len + (size_t)7) & ~(size_t)7;
    }
    return false;
}

int segment_chain_end(const struct segment *s, uint8_t out[QLOG_HASH_LEN])
{
    struct origin origin;
    struct origins origins;
    memcpy(out, s->trailer.chain, QLOG_HASH_LEN);
    if (!segment_is_merged(s))
        return 0;
    origins_begin(&origins, s);
    while (origins_next(&origins, &origin))
        memcpy(out, origin.head.chain, QLOG_HASH_LEN);
    return origins.damaged ? ERR_DAMAGED : 0;
}
