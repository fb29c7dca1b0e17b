#include "qlog/segment.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

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

void segment_pledge(uint64_t sequence, const uint8_t chain[QLOG_HASH_LEN], struct segment_pledge *out)
{
    out->sequence = sequence;
    memcpy(out->purpose, SEGMENT_PLEDGE, sizeof out->purpose);
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
    if (h->version != QLOG_FORMAT_VERSION)
        return ERR_FORMAT_VERSION;
    return h->check == XXH3_64bits(h, offsetof(struct segment_header, check)) ? 0 : ERR_DAMAGED;
}

/* Takes footer, blocks and journals out of the bytes the trailer points to, once the check was compared. */
static int footer_unpack(struct segment *s, const uint8_t *bytes, size_t len)
{
    struct segment_footer f;
    memcpy(&f, bytes, sizeof f);
    uint64_t blocks_len = f.block_count * (uint64_t)sizeof *s->blocks;
    uint64_t journals_len = f.journal_count * (uint64_t)sizeof *s->journals;
    if (len != sizeof f + blocks_len + journals_len)
        return ERR_DAMAGED;
    s->blocks = malloc(blocks_len + 1);
    s->journals = malloc(journals_len + 1);
    if (s->blocks == NULL || s->journals == NULL)
        return ERR_NOMEM;
    memcpy(s->blocks, bytes + sizeof f, blocks_len);
    memcpy(s->journals, bytes + sizeof f + blocks_len, journals_len);
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
    code = bytes_get(s, t->footer_offset, bytes, covered);
    if (code == 0 && t->check != XXH3_64bits(bytes, covered))
        code = ERR_DAMAGED;
    if (code == 0)
        code = footer_unpack(s, bytes, t->footer_len);
    free(bytes);
    return code;
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

/* Without a footer: from header to header, as far as they look like blocks. */
static int blocks_walk(struct segment *s)
{
    struct block_header h;
    free(s->blocks);
    free(s->journals);
    s->blocks = NULL;
    s->journals = NULL;
    s->footer = (struct segment_footer){0};
    s->footer_damaged = true;
    for (uint64_t offset = sizeof s->header; bytes_get(s, offset, &h, sizeof h) == 0; offset += h.len) {
        if (h.magic != BLOCK_MAGIC || h.len < sizeof h || h.len > s->bytes - offset)
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

static int file_read(struct segment *s)
{
    struct stat st;
    if (fstat(s->fd, &st) < 0)
        return -errno;
    s->bytes = (uint64_t)st.st_size;
    int code = header_get(s);
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
    free(s->buffer.bytes);
    free(s);
}

/* ---- listing ---- */

static int by_sequence(const void *a, const void *b)
{
    const struct segment_file *x = a;
    const struct segment_file *y = b;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* "segment-<ms>-<sequence>.qlog", and nothing else. */
static bool file_parse(const char *name, struct segment_file *out)
{
    int used = 0;
    if (strlen(name) >= sizeof out->file ||
        sscanf(name, "segment-%" SCNd64 "-%" SCNu64 ".qlog%n", &out->first_ms, &out->sequence, &used) != 2)
        return false;
    return used > 0 && name[used] == '\0' && strcpy(out->file, name) != NULL;
}

static int list_add(struct segment_list *list, int dir_fd, struct segment_file *file)
{
    struct stat st;
    if (fstatat(dir_fd, file->file, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* retention was quicker */
    file->bytes = (uint64_t)st.st_size;
    struct segment_file *files = realloc(list->files, (list->count + 1) * sizeof *files);
    if (files == NULL)
        return ERR_NOMEM;
    list->files = files;
    list->files[list->count++] = *file;
    return 0;
}

int segment_list(int dir_fd, struct segment_list *out)
{
    struct segment_list list = {0};
    struct dirent *entry;
    int code = 0;
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        code = -errno;
        if (fd >= 0)
            close(fd);
        return code;
    }
    while (code == 0 && (entry = readdir(dir)) != NULL) {
        struct segment_file file;
        if (file_parse(entry->d_name, &file))
            code = list_add(&list, dir_fd, &file);
    }
    closedir(dir);
    if (code < 0) {
        segment_list_done(&list);
        return code;
    }
    if (list.count > 1)
        qsort(list.files, list.count, sizeof *list.files, by_sequence);
    *out = list;
    return 0;
}

void segment_list_done(struct segment_list *list)
{
    free(list->files);
    *list = (struct segment_list){0};
}
