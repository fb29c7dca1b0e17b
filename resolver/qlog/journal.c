#include "qlog/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.h"

#define PAGE_BYTES ((size_t)4096)

static_assert(ATOMIC_INT_LOCK_FREE == 2, "an entry is committed by one store");

/* ---- making and mapping ---- */

static int file_allocate(int fd, size_t bytes)
{
    int code = posix_fallocate(fd, 0, (off_t)bytes);
    return code == EFBIG ? ERR_NOSPACE : -code;
}

static void header_write(const struct journal_opts *opts, struct journal *journal)
{
    struct journal_header header = {.version = JOURNAL_VERSION,
                                    .writer = opts->writer,
                                    .id = journal->id,
                                    .file_bytes = journal->bytes,
                                    .absorbed = JOURNAL_FIRST};
    memcpy(header.magic, JOURNAL_MAGIC, sizeof header.magic);
    snprintf(header.node, sizeof header.node, "%s", opts->node);
    memcpy(journal->node, header.node, sizeof header.node);
    header.check = XXH3_64bits(&header, offsetof(struct journal_header, check));
    memcpy(journal->map, &header, sizeof header);
}

/* Allocates and maps the file under a name that no reader looks at; it gets its own when it is whole. */
static int file_make(int dir_fd, const char *temporary, struct journal *journal)
{
    int code = 0;
    int fd = openat(dir_fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    code = file_allocate(fd, journal->bytes);
    if (code == 0) {
        void *map = mmap(NULL, journal->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        code = map == MAP_FAILED ? -errno : 0;
        journal->map = map == MAP_FAILED ? NULL : map;
    }
    close(fd);
    if (code < 0)
        unlinkat(dir_fd, temporary, 0);
    return code;
}

int journal_new(int dir_fd, const struct journal_opts *opts, struct journal **out)
{
    char temporary[QLOG_NAME_MAX + 4];
    struct random_pool pool = {0};
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return ERR_NOMEM;
    journal->bytes = (opts->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    random_bytes(&pool, &journal->id, sizeof journal->id);
    snprintf(journal->file, sizeof journal->file, "journal-%016" PRIx64 ".jnl", journal->id);
    snprintf(temporary, sizeof temporary, "%s.tmp", journal->file);
    int code = file_make(dir_fd, temporary, journal);
    if (code < 0) {
        free(journal);
        return code;
    }
    /* Touches every page now, so that the worker never waits for one; where the kernel can't, it waits a little. */
    (void)madvise(journal->map, journal->bytes, MADV_POPULATE_WRITE);
    header_write(opts, journal);
    journal->used = JOURNAL_FIRST;
    journal->absorbed = journal->seen = JOURNAL_FIRST;
    if (renameat(dir_fd, temporary, dir_fd, journal->file) < 0) {
        code = -errno;
        unlinkat(dir_fd, temporary, 0);
        journal_free(journal);
        return code;
    }
    *out = journal;
    return 0;
}

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

static int map_open(struct journal *journal, int fd, bool writable)
{
    struct stat st;
    struct journal_header header;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size < (off_t)sizeof header)
        return ERR_DAMAGED;
    journal->bytes = (size_t)st.st_size;
    void *map = mmap(NULL, journal->bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    journal->map = map;
    int code = journal_header_read(journal->map, journal->bytes, &header);
    if (code < 0)
        return code;
    journal->id = header.id;
    memcpy(journal->node, header.node, sizeof header.node);
    journal->absorbed = journal->seen = journal_absorbed(journal);
    return 0;
}

int journal_open(int dir_fd, const char *file, bool writable, struct journal **out)
{
    int fd = openat(dir_fd, file, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    struct journal *journal = calloc(1, sizeof *journal);
    int code = journal == NULL ? ERR_NOMEM : map_open(journal, fd, writable);
    close(fd);
    if (code < 0) {
        journal_free(journal);
        return code;
    }
    snprintf(journal->file, sizeof journal->file, "%s", file);
    journal->retired = true;
    *out = journal;
    return 0;
}

void journal_free(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->map != NULL)
        munmap(journal->map, journal->bytes);
    free(journal);
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

struct journal_image journal_image(const struct journal *journal)
{
    size_t used = atomic_load_explicit(&journal->used, memory_order_acquire);
    return (struct journal_image){
        .bytes = journal->map, .len = used == 0 ? journal->bytes : used, .id = journal->id, .own = used != 0};
}

bool journal_next(const struct journal_image *image, size_t *pos, struct journal_item *out)
{
    const size_t head = sizeof(struct journal_entry);
    size_t at = *pos;
    uint32_t check;
    if (at % 8 != 0 || at > image->len || image->len - at < head)
        return false;
    const uint8_t *entry = image->bytes + at;
    uint32_t len = __atomic_load_n((const uint32_t *)(const void *)entry, __ATOMIC_ACQUIRE);
    if (len < head + sizeof(int64_t) + 8 || len > JOURNAL_ENTRY_MAX || len % 8 != 0 || len > image->len - at)
        return false;
    memcpy(&check, entry + offsetof(struct journal_entry, check), sizeof check);
    if (!image->own && check != entry_check(image->id, at, entry + head, len - head))
        return false;
    out->body = entry + head;
    out->len = len - head;
    memcpy(&out->time_ns, out->body, sizeof out->time_ns);
    out->kind = out->body[offsetof(struct journal_row, kind)];
    *pos = at + len;
    return true;
}

/* ---- notes and syncing ---- */

static uint64_t *absorbed_note(const struct journal *journal)
{
    return (uint64_t *)(void *)(journal->map + offsetof(struct journal_header, absorbed));
}

void journal_mark_absorbed(struct journal *journal, size_t pos)
{
    journal->absorbed = pos;
    __atomic_store_n(absorbed_note(journal), (uint64_t)pos, __ATOMIC_RELEASE);
}

size_t journal_absorbed(const struct journal *journal)
{
    uint64_t pos = __atomic_load_n(absorbed_note(journal), __ATOMIC_ACQUIRE);
    /* Not covered by the check, as it changes: a value that can't be right means "nothing yet". */
    return pos < JOURNAL_FIRST || pos > journal->bytes || pos % 8 != 0 ? JOURNAL_FIRST : (size_t)pos;
}

int journal_sync(struct journal *journal)
{
    size_t used = atomic_load_explicit(&journal->used, memory_order_acquire);
    size_t from = journal->synced / PAGE_BYTES * PAGE_BYTES;
    if (used <= journal->synced)
        return 0;
    if (msync(journal->map + from, used - from, MS_SYNC) < 0)
        return -errno;
    journal->synced = used;
    return 0;
}
