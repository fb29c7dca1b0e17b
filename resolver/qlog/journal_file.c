/* The files of a journal: made, mapped, found again, brought to disk. */
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

#include "base/err.h"
#include "base/file.h"
#include "base/random.h"
#include "qlog/journal.h"

#define PAGE_BYTES ((size_t)4096)
#define COPY_BYTES ((size_t)256 << 10) /* in one call */

/* The path, from the log folder, of the file in memory. */
static char *memory_path(const char *file, char out[QLOG_NAME_MAX + sizeof JOURNAL_MEMORY])
{
    snprintf(out, QLOG_NAME_MAX + sizeof JOURNAL_MEMORY, "%s/%s", JOURNAL_MEMORY, file);
    return out;
}

/* "journal-<id>.jnl" */
bool journal_file_is(const char *name)
{
    size_t len = strlen(name);
    return strncmp(name, "journal-", 8) == 0 && len >= 4 && strcmp(name + len - 4, ".jnl") == 0 && len < QLOG_NAME_MAX;
}

/* ---- making ---- */

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

/* A new file with all of its blocks. Returns its descriptor. */
static int file_make(int dir_fd, const char *path, size_t bytes)
{
    int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    int code = file_allocate(fd, bytes);
    if (code == 0)
        return fd;
    close(fd);
    unlinkat(dir_fd, path, 0);
    return code;
}

/* Maps the file and touches every page, so that the worker never waits for one; where the kernel can't, it waits a little. */
static int file_map(struct journal *journal, int fd)
{
    void *map = mmap(NULL, journal->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    journal->map = map;
    (void)madvise(map, journal->bytes, MADV_POPULATE_WRITE);
    return 0;
}

/* The worker's side of the journal, in memory. Where there is no room for it, the file on disk is mapped instead. */
static bool memory_make(struct journal *journal, int dir_fd)
{
    char path[QLOG_NAME_MAX + sizeof JOURNAL_MEMORY];
    int fd = file_make(dir_fd, memory_path(journal->file, path), journal->bytes);
    if (fd < 0)
        return false;
    int code = file_map(journal, fd);
    close(fd);
    if (code < 0) {
        unlinkat(dir_fd, path, 0);
        return false;
    }
    (void)mlock(journal->map, journal->bytes); /* memory is not to become disk; where it may not be locked, it seldom does */
    return true;
}

/* Both under names that no reader looks at; the one on disk gets its own when all is ready. */
static int files_make(struct journal *journal, int dir_fd, const char *temporary, const struct journal_opts *opts)
{
    int fd = file_make(dir_fd, temporary, journal->bytes);
    if (fd < 0)
        return fd;
    journal->in_memory = opts->in_memory && memory_make(journal, dir_fd);
    if (journal->in_memory) {
        journal->disk_fd = fd;
    } else {
        int code = file_map(journal, fd);
        close(fd);
        if (code < 0)
            return code;
    }
    header_write(opts, journal);
    return renameat(dir_fd, temporary, dir_fd, journal->file) < 0 ? -errno : 0;
}

int journal_new(int dir_fd, const struct journal_opts *opts, struct journal **out)
{
    char temporary[QLOG_NAME_MAX + 4];
    struct random_pool pool = {0};
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return ERR_NOMEM;
    journal->disk_fd = -1;
    journal->bytes = (opts->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    random_bytes(&pool, &journal->id, sizeof journal->id);
    snprintf(journal->file, sizeof journal->file, "journal-%016" PRIx64 ".jnl", journal->id);
    snprintf(temporary, sizeof temporary, "%s.tmp", journal->file);
    int code = files_make(journal, dir_fd, temporary, opts);
    if (code < 0) {
        unlinkat(dir_fd, temporary, 0);
        journal_remove(journal, dir_fd);
        return code;
    }
    journal->used = JOURNAL_FIRST;
    journal->absorbed = journal->seen = JOURNAL_FIRST;
    *out = journal;
    return 0;
}

/* ---- finding again ---- */

/* Whether nothing of it was ever written, but its length. */
static bool is_blank(const uint8_t *bytes, size_t len)
{
    static const uint8_t zeros[PAGE_BYTES];
    for (size_t at = 0; at < len; at += sizeof zeros)
        if (memcmp(bytes + at, zeros, len - at < sizeof zeros ? len - at : sizeof zeros) != 0)
            return false;
    return true;
}

/* Without a header the file's name tells the id, and entries prove it. */
static int map_read_blindly(struct journal *journal, const char *file)
{
    struct journal_image image = {.bytes = journal->map, .len = journal->bytes};
    struct journal_item item;
    size_t pos = JOURNAL_FIRST;
    if (is_blank(journal->map, journal->bytes))
        return ERR_END;
    if (sscanf(file, "journal-%" SCNx64 ".jnl", &image.id) != 1 || !journal_next(&image, &pos, &item))
        return ERR_DAMAGED;
    journal->id = image.id;
    journal->is_damaged = true;
    journal->absorbed = journal->seen = JOURNAL_FIRST;
    return 0;
}

static int map_read(struct journal *journal, const char *file)
{
    struct journal_header header;
    int code = journal_header_read(journal->map, journal->bytes, &header);
    if (code < 0)
        return code == ERR_DAMAGED ? map_read_blindly(journal, file) : code;
    journal->id = header.id;
    memcpy(journal->node, header.node, sizeof header.node);
    journal->absorbed = journal->seen = journal_absorbed(journal);
    return 0;
}

static int map_open(struct journal *journal, int fd, const char *file, bool writable)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size < (off_t)sizeof(struct journal_header))
        return st.st_size == 0 ? ERR_END : ERR_DAMAGED;
    journal->bytes = (size_t)st.st_size;
    void *map = mmap(NULL, journal->bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    journal->map = map;
    return map_read(journal, file);
}

static int path_open(int dir_fd, const char *path, const char *file, bool writable, struct journal **out)
{
    int fd = openat(dir_fd, path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal != NULL)
        journal->disk_fd = -1;
    int code = journal == NULL ? ERR_NOMEM : map_open(journal, fd, file, writable);
    close(fd);
    if (code < 0) {
        journal_free(journal);
        return code;
    }
    *out = journal;
    return 0;
}

int journal_open(int dir_fd, const char *file, bool writable, struct journal **out)
{
    char memory[QLOG_NAME_MAX + sizeof JOURNAL_MEMORY];
    struct journal *journal;
    bool in_memory = path_open(dir_fd, memory_path(file, memory), file, writable, &journal) == 0;
    int code = in_memory ? 0 : path_open(dir_fd, file, file, writable, &journal);
    if (code < 0)
        return code;
    if (in_memory && writable) /* without the file on disk nothing but its rows has to be brought there */
        journal->disk_fd = openat(dir_fd, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    snprintf(journal->file, sizeof journal->file, "%s", file);
    journal->in_memory = in_memory;
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
    if (journal->disk_fd >= 0)
        close(journal->disk_fd);
    free(journal);
}

/* The one on disk first: what is left in memory only says itself that all of it is in segments. */
void journal_remove_files(int dir_fd, const char *file)
{
    char path[QLOG_NAME_MAX + sizeof JOURNAL_MEMORY];
    unlinkat(dir_fd, file, 0);
    unlinkat(dir_fd, memory_path(file, path), 0);
}

void journal_remove(struct journal *journal, int dir_fd)
{
    journal_remove_files(dir_fd, journal->file);
    journal_free(journal);
}

/* ---- notes and syncing ---- */

#define NOTE_AT offsetof(struct journal_header, absorbed)

static uint64_t *absorbed_note(const struct journal *journal)
{
    return (uint64_t *)(void *)(journal->map + NOTE_AT);
}

void journal_mark_absorbed(struct journal *journal, size_t pos)
{
    uint64_t note = pos;
    journal->absorbed = pos;
    __atomic_store_n(absorbed_note(journal), note, __ATOMIC_RELEASE);
    /* On disk it only spares work after a power cut: the segment says the same. */
    if (journal->disk_fd >= 0 && journal->synced > 0)
        (void)!pwrite(journal->disk_fd, &note, sizeof note, NOTE_AT);
}

size_t journal_absorbed(const struct journal *journal)
{
    uint64_t pos = __atomic_load_n(absorbed_note(journal), __ATOMIC_ACQUIRE);
    /* Not covered by the check, as it changes: a value that can't be right means "nothing yet". */
    return pos < JOURNAL_FIRST || pos > journal->bytes || pos % 8 != 0 ? JOURNAL_FIRST : (size_t)pos;
}

static int copy_sync(const struct journal *journal, size_t from, size_t to)
{
    int code = 0;
    for (size_t at = from; at < to && code == 0; at += COPY_BYTES)
        code = file_write_at(journal->disk_fd, journal->map + at, to - at < COPY_BYTES ? to - at : COPY_BYTES, (off_t)at);
    return code == 0 && fdatasync(journal->disk_fd) < 0 ? -errno : code;
}

int journal_sync(struct journal *journal, int dir_fd)
{
    size_t used = atomic_load_explicit(&journal->used, memory_order_acquire);
    size_t to = used == 0 ? journal->bytes : used; /* of a journal from before, nobody knows what is on disk */
    size_t from = journal->synced / PAGE_BYTES * PAGE_BYTES;
    int code = 0;
    if (to <= journal->synced)
        return 0;
    if (journal->disk_fd >= 0)
        code = copy_sync(journal, from, to);
    else if (msync(journal->map + from, to - from, MS_SYNC) < 0)
        code = -errno;
    if (code == 0 && !journal->is_named && fsync(dir_fd) < 0)
        code = -errno;
    if (code < 0)
        return code;
    journal->is_named = true;
    journal->synced = to;
    return 0;
}
