#include "qlog/memory.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "qlog/folder.h"
#include "qlog/journal.h"
#include "qlog/link.h"

/* Opens the folder and locks it. Returns its descriptor. */
static int folder_open(int dir_fd, const char *path)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int code = errno == EWOULDBLOCK ? ERR_BUSY : -errno;
    close(fd);
    return code;
}

static int folder_make(const char *path)
{
    struct statfs fs;
    if (mkdir(path, 0750) < 0 && errno != EEXIST)
        return -errno;
    if (statfs(path, &fs) < 0)
        return -errno;
    return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC ? 0 : ERR_INVAL;
}

static bool is_same(int dir_fd, int fd, const char *path)
{
    struct stat a;
    struct stat b;
    return path != NULL && fstat(fd, &a) == 0 && fstatat(dir_fd, path, &b, 0) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Brings one journal to disk for good. */
static int journal_settle(int dir_fd, int memory_fd, const char *file)
{
    struct journal *journal;
    int code = journal_open(dir_fd, file, true, &journal);
    if (code < 0)
        return 0; /* there are no rows in it */
    code = journal->in_memory ? journal_sync(journal, dir_fd) : 0;
    if (code == 0)
        unlinkat(memory_fd, file, 0);
    journal_free(journal);
    return code;
}

/* ... and all that are in the folder that the link leads to. */
static int journals_settle(int dir_fd, int memory_fd)
{
    DIR *dir;
    const struct dirent *entry;
    int code = folder_opendir(memory_fd, ".", &dir);
    if (code < 0)
        return code;
    while (code == 0 && (entry = readdir(dir)) != NULL)
        if (journal_file_is(entry->d_name))
            code = journal_settle(dir_fd, memory_fd, entry->d_name);
    closedir(dir);
    return code;
}

/* What an earlier process used. A folder that is gone, or in use, as when this log folder is a copy, is none of ours. */
static void past_open(struct memory *memory, int dir_fd)
{
    int fd = folder_open(dir_fd, JOURNAL_MEMORY);
    memory->fd = fd < 0 ? -1 : fd;
    if (fd < 0)
        unlinkat(dir_fd, JOURNAL_MEMORY, 0);
}

static int past_leave(struct memory *memory, int dir_fd)
{
    int code = memory->fd < 0 ? 0 : journals_settle(dir_fd, memory->fd);
    if (code < 0)
        return code;
    unlinkat(dir_fd, JOURNAL_MEMORY, 0);
    memory_close(memory);
    return 0;
}

int memory_open(struct memory *memory, int dir_fd, const char *path)
{
    *memory = (struct memory){.fd = -1};
    past_open(memory, dir_fd);
    int code = path == NULL ? 0 : folder_make(path);
    bool wanted = path != NULL && code == 0;
    memory->in_use = wanted && memory->fd >= 0 && is_same(dir_fd, memory->fd, path);
    if (memory->in_use)
        return 0;
    int left = past_leave(memory, dir_fd);
    if (left < 0 || !wanted)
        return left < 0 ? left : code;
    int fd = folder_open(AT_FDCWD, path);
    code = fd < 0 ? fd : link_put(dir_fd, JOURNAL_MEMORY, path);
    if (code < 0 && fd >= 0)
        close(fd);
    memory->fd = code < 0 ? -1 : fd;
    memory->in_use = code == 0;
    return code;
}

void memory_close(struct memory *memory)
{
    if (memory->fd >= 0)
        close(memory->fd);
    *memory = (struct memory){.fd = -1};
}
