#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE         ((size_t)4096)
#define FOLDERS_MAX  4
#define FILES_MAX    4096
#define STATES_MAX   4096
#define NAMES_MAX    256
#define MAPPINGS_MAX 256

/* ---- the calls, and what stands in their place ---- */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_msync(void *at, size_t len, int flags);
int __wrap_msync(void *at, size_t len, int flags);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t len);
int __wrap_munmap(void *at, size_t len);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_posix_fallocate(int fd, off_t at, off_t len);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int dir_fd, const char *path, int flags);
int __wrap_unlinkat(int dir_fd, const char *path, int flags);
int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __real_symlinkat(const char *target, int dir_fd, const char *path);
int __wrap_symlinkat(const char *target, int dir_fd, const char *path);

/* ---- what is on the disk ---- */

struct file {
    ino_t ino;
    int fd; /* held, so that its number is not given again */
    uint8_t *durable;
    size_t durable_len;
};

struct entry {
    char name[128];
    char *target; /* of a link */
    int file;     /* else the index in files */
};

struct state {
    struct entry *entries;
    size_t count;
};

struct folder {
    char path[PATH_MAX];
    ino_t ino;
    struct state states[STATES_MAX]; /* the first is on the disk */
    size_t count;
};

struct mapping {
    uint8_t *at;
    size_t len;
    int file;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct folder *folders[FOLDERS_MAX];
static size_t folder_count;
static struct file files[FILES_MAX];
static int file_count;
static struct mapping mappings[MAPPINGS_MAX];
static struct disk_plan plan;
static uint64_t calls;

static struct folder *folder_of(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return NULL;
    for (size_t i = 0; i < folder_count; i++)
        if (folders[i]->ino == st.st_ino)
            return folders[i];
    return NULL;
}

/* The watched folder that a path given with dir_fd lies in, or NULL. */
static struct folder *folder_at(int dir_fd, const char *path)
{
    char above[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return dir_fd == AT_FDCWD ? NULL : folder_of(dir_fd);
    snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
    int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct folder *folder = path[0] == '/' && fd >= 0 ? folder_of(fd) : NULL;
    if (fd >= 0)
        close(fd);
    return folder;
}

static int file_of(ino_t ino)
{
    for (int i = file_count - 1; i >= 0; i--)
        if (files[i].ino == ino)
            return i;
    return -1;
}

static int file_know(const char *folder, const char *name, ino_t ino)
{
    char path[PATH_MAX + 130];
    int known = file_of(ino);
    if (known >= 0)
        return known;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(file_count < FILES_MAX);
    files[file_count] = (struct file){.ino = ino, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    assert_true(files[file_count].fd >= 0);
    return file_count++;
}

static void state_done(struct state *state)
{
    for (size_t i = 0; i < state->count; i++)
        free(state->entries[i].target);
    free(state->entries);
    *state = (struct state){0};
}

static void entry_take(struct folder *folder, const char *name, struct entry *out)
{
    char path[PATH_MAX + 300];
    char target[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    assert_int_equal(lstat(path, &st), 0);
    *out = (struct entry){.file = -1};
    snprintf(out->name, sizeof out->name, "%s", name);
    ssize_t len = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof target - 1) : -1;
    if (len >= 0)
        out->target = strndup(target, (size_t)len);
    else if (S_ISREG(st.st_mode))
        out->file = file_know(folder->path, name, st.st_ino);
}

/* The names as they are now join the states that a cut may leave. */
static void folder_note(struct folder *folder)
{
    if (folder == NULL)
        return;
    struct state state = {.entries = calloc(NAMES_MAX, sizeof *state.entries)};
    struct dirent *entry;
    DIR *dir = opendir(folder->path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_true(state.count < NAMES_MAX);
        entry_take(folder, entry->d_name, &state.entries[state.count++]);
    }
    if (dir != NULL)
        closedir(dir);
    assert_true(folder->count < STATES_MAX);
    folder->states[folder->count++] = state;
}

static void folder_sync(struct folder *folder)
{
    for (size_t i = 0; i + 1 < folder->count; i++)
        state_done(&folder->states[i]);
    folder->states[0] = folder->states[folder->count - 1];
    folder->count = 1;
}

/* Everything of the file, or of pages that were mapped, is on the disk. */
static void file_sync(struct file *file, size_t from, size_t to)
{
    struct stat st;
    assert_int_equal(fstat(file->fd, &st), 0);
    size_t len = (size_t)st.st_size;
    file->durable = realloc(file->durable, len + 1);
    if (len > file->durable_len)
        memset(file->durable + file->durable_len, 0, len - file->durable_len);
    file->durable_len = len;
    to = to < len ? to : len;
    if (from < to)
        assert_true(pread(file->fd, file->durable + from, to - from, (off_t)from) >= 0);
}

void disk_watch(const char *path)
{
    struct stat st;
    struct folder *folder = calloc(1, sizeof *folder);
    assert_true(folder_count < FOLDERS_MAX && folder != NULL && stat(path, &st) == 0);
    snprintf(folder->path, sizeof folder->path, "%s", path);
    folder->ino = st.st_ino;
    folders[folder_count++] = folder;
    folder_note(folder);
    for (size_t i = 0; i < folder->states[0].count; i++)
        if (folder->states[0].entries[i].file >= 0)
            file_sync(&files[folder->states[0].entries[i].file], 0, SIZE_MAX);
}

void disk_forget(void)
{
    for (size_t i = 0; i < folder_count; i++) {
        for (size_t k = 0; k < folders[i]->count; k++)
            state_done(&folders[i]->states[k]);
        free(folders[i]);
    }
    for (int i = 0; i < file_count; i++) {
        close(files[i].fd);
        free(files[i].durable);
    }
    folder_count = 0;
    file_count = 0;
    memset(mappings, 0, sizeof mappings);
    plan = (struct disk_plan){0};
    calls = 0;
}

/* ---- the cut ---- */

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Pages that were not synced: each may have come to the disk or not, and the length with the last that did. */
static void pages_tear(const struct file *file, int fd, uint64_t *random)
{
    uint8_t page[PAGE];
    struct stat st;
    assert_int_equal(fstat(file->fd, &st), 0);
    unsigned odds = (unsigned)(random_next(random) % 4); /* none, some, most, all */
    for (off_t at = 0; at < st.st_size; at += (off_t)PAGE) {
        ssize_t got = pread(file->fd, page, sizeof page, at);
        if (got > 0 && random_next(random) % 3 < odds)
            assert_int_equal(__real_pwrite(fd, page, (size_t)got, at), got);
    }
}

static void file_leave(const struct file *file, const char *path, enum disk_cut cut, uint64_t *random)
{
    int fd = __real_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    if (file->durable_len > 0)
        assert_int_equal(__real_pwrite(fd, file->durable, file->durable_len, 0), (ssize_t)file->durable_len);
    if (cut == DISK_CUT_TORN)
        pages_tear(file, fd, random);
    close(fd);
}

static void link_leave(const char *target, const char *path, const char *const *links)
{
    for (; links[0] != NULL; links += 2)
        if (strcmp(links[0], target) == 0)
            assert_int_equal(symlink(links[1], path), 0);
}

void disk_cut(const char *from, const char *to, enum disk_cut cut, uint64_t random, const char *const *links)
{
    char path[PATH_MAX + 300];
    pthread_mutex_lock(&lock);
    int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct folder *folder = folder_of(fd);
    close(fd);
    assert_non_null(folder);
    random |= 1;
    const struct state *state = &folder->states[cut == DISK_CUT_SYNCED ? 0 : random_next(&random) % folder->count];
    for (size_t i = 0; i < state->count; i++) {
        const struct entry *entry = &state->entries[i];
        snprintf(path, sizeof path, "%s/%s", to, entry->name);
        if (entry->target != NULL)
            link_leave(entry->target, path, links);
        else if (entry->file >= 0)
            file_leave(&files[entry->file], path, cut, &random);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- faults ---- */

uint64_t disk_calls(void)
{
    pthread_mutex_lock(&lock);
    uint64_t count = calls;
    pthread_mutex_unlock(&lock);
    return count;
}

void disk_plan(const struct disk_plan *wanted)
{
    pthread_mutex_lock(&lock);
    plan = *wanted;
    pthread_mutex_unlock(&lock);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

static bool is_met(void)
{
    return calls >= plan.first && calls <= plan.last;
}

/* Returns whether the call is to be made; errno says why not. */
static bool call_begin(void)
{
    pthread_mutex_lock(&lock);
    calls++;
    if (is_met() && plan.fault == DISK_DIE)
        die();
    if (is_met() && plan.fault == DISK_FAIL)
        errno = plan.error;
    return !is_met() || plan.fault != DISK_FAIL;
}

static void call_end(void)
{
    int error = errno;
    if (is_met() && plan.fault == DISK_TEAR)
        die();
    pthread_mutex_unlock(&lock);
    errno = error;
}

/* ---- the calls ---- */

static void sync_note(int fd)
{
    struct stat st;
    struct folder *folder = folder_of(fd);
    if (folder != NULL) {
        folder_note(folder);
        folder_sync(folder);
        return;
    }
    int file = fstat(fd, &st) < 0 ? -1 : file_of(st.st_ino);
    if (file >= 0)
        file_sync(&files[file], 0, SIZE_MAX);
}

/* The real call is left out: what it does to the real disk is of no interest here, and takes long. */
int __wrap_fsync(int fd)
{
    bool made = call_begin();
    if (made)
        sync_note(fd);
    call_end();
    return made ? 0 : -1;
}

int __wrap_fdatasync(int fd)
{
    return __wrap_fsync(fd);
}

int __wrap_msync(void *address, size_t len, int flags)
{
    uint8_t *at = address;
    bool made = call_begin();
    (void)flags;
    for (size_t i = 0; made && i < MAPPINGS_MAX; i++) {
        const struct mapping *m = &mappings[i];
        if (m->at != NULL && at >= m->at && at < m->at + m->len)
            file_sync(&files[m->file], (size_t)(at - m->at),
                      ((size_t)(at - m->at) + len + PAGE - 1) / PAGE * PAGE); /* whole pages */
    }
    call_end();
    return made ? 0 : -1;
}

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    struct stat st;
    void *map = __real_mmap(at, len, prot, flags, fd, offset);
    if (map == MAP_FAILED || fd < 0)
        return map;
    pthread_mutex_lock(&lock);
    int file = fstat(fd, &st) < 0 ? -1 : file_of(st.st_ino);
    for (size_t i = 0; file >= 0 && i < MAPPINGS_MAX; i++) {
        if (mappings[i].at != NULL)
            continue;
        mappings[i] = (struct mapping){.at = map, .len = len, .file = file};
        break;
    }
    pthread_mutex_unlock(&lock);
    return map;
}

int __wrap_munmap(void *at, size_t len)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < MAPPINGS_MAX; i++)
        if (mappings[i].at == at)
            mappings[i].at = NULL;
    pthread_mutex_unlock(&lock);
    return __real_munmap(at, len);
}

static int open_do(int dir_fd, const char *path, int flags, mode_t mode)
{
    if ((flags & O_CREAT) == 0)
        return __real_openat(dir_fd, path, flags);
    int fd = -1;
    if (call_begin()) {
        fd = __real_openat(dir_fd, path, flags, mode);
        if (fd >= 0)
            folder_note(folder_at(dir_fd, path));
    }
    call_end();
    return fd;
}

static mode_t mode_of(int flags, va_list args)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(args, int) : 0;
}

int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_do(dir_fd, path, flags, mode);
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_do(AT_FDCWD, path, flags, mode);
}

/* In the midst: of a torn write, half is done. */
static size_t len_torn(size_t len)
{
    return is_met() && plan.fault == DISK_TEAR ? len / 2 : len;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t done = call_begin() ? __real_pwrite(fd, bytes, len_torn(len), at) : -1;
    call_end();
    return done;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (fd <= STDERR_FILENO)
        return __real_write(fd, bytes, len);
    ssize_t done = call_begin() ? __real_write(fd, bytes, len_torn(len)) : -1;
    call_end();
    return done;
}

int __wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    int error = call_begin() ? __real_posix_fallocate(fd, at, len) : errno;
    call_end();
    return error;
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    int code = call_begin() ? __real_renameat(from_fd, from, to_fd, to) : -1;
    if (code == 0)
        folder_note(folder_at(to_fd, to));
    call_end();
    return code;
}

int __wrap_unlinkat(int dir_fd, const char *path, int flags)
{
    int code = call_begin() ? __real_unlinkat(dir_fd, path, flags) : -1;
    if (code == 0)
        folder_note(folder_at(dir_fd, path));
    call_end();
    return code;
}

int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    int code = call_begin() ? __real_linkat(from_fd, from, to_fd, to, flags) : -1;
    if (code == 0)
        folder_note(folder_at(to_fd, to));
    call_end();
    return code;
}

int __wrap_symlinkat(const char *target, int dir_fd, const char *path)
{
    int code = call_begin() ? __real_symlinkat(target, dir_fd, path) : -1;
    if (code == 0)
        folder_note(folder_at(dir_fd, path));
    call_end();
    return code;
}
