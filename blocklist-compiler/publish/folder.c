#include "publish/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"

#define CURRENT     "current"
#define CURRENT_TMP "current.tmp"
#define LOCK        "lock"
#define LOCK_MODE   0600

void folder_name(uint64_t generation, char out[FOLDER_NAME_MAX])
{
    (void)snprintf(out, FOLDER_NAME_MAX, "generation-%" PRIu64 ".mdb", generation);
}

void folder_tmp_name(uint64_t generation, char out[FOLDER_NAME_MAX])
{
    (void)snprintf(out, FOLDER_NAME_MAX, "generation-%" PRIu64 ".mdb.tmp", generation);
}

uint64_t folder_number(const char *name)
{
    char again[FOLDER_NAME_MAX];
    uint64_t number;
    if (sscanf(name, "generation-%20" SCNu64 ".mdb", &number) != 1)
        return 0;
    folder_name(number, again);
    return strcmp(name, again) == 0 ? number : 0;
}

static bool is_left_over(const char *name)
{
    size_t len = strlen(name);
    return strcmp(name, CURRENT_TMP) == 0 ||
           (strncmp(name, "generation-", 11) == 0 && len > 8 && strcmp(name + len - 8, ".mdb.tmp") == 0);
}

typedef int (*visit_fn)(struct folder *folder, const char *name, void *arg);

static int visit_all(struct folder *folder, visit_fn visit, void *arg)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        int err = err_from_errno(errno);
        if (fd >= 0)
            close(fd);
        return err;
    }
    int err = 0;
    for (struct dirent *entry; err == 0 && (entry = readdir(dir));)
        err = visit(folder, entry->d_name, arg);
    closedir(dir);
    return err;
}

static int visit_first(struct folder *folder, const char *name, void *arg)
{
    (void)arg;
    if (is_left_over(name))
        return unlinkat(folder->fd, name, 0) == 0 ? 0 : err_from_errno(errno);
    uint64_t number = folder_number(name);
    if (number > folder->newest)
        folder->newest = number;
    return 0;
}

static uint64_t current_read(const struct folder *folder)
{
    char target[FOLDER_NAME_MAX];
    ssize_t len = readlinkat(folder->fd, CURRENT, target, sizeof(target) - 1);
    if (len < 0)
        return 0;
    target[len] = 0;
    return folder_number(target);
}

int folder_open(const char *path, struct folder *out)
{
    struct folder folder = {.fd = -1, .lock_fd = -1};
    int err = 0;

    folder.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder.fd >= 0)
        folder.lock_fd = openat(folder.fd, LOCK, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
    if (folder.lock_fd < 0 || flock(folder.lock_fd, LOCK_EX | LOCK_NB) < 0)
        err = err_from_errno(errno);
    if (err == 0)
        err = visit_all(&folder, visit_first, NULL);
    if (err < 0) {
        folder_close(&folder);
        return err;
    }
    folder.current = current_read(&folder);
    if (folder.current > folder.newest)
        folder.newest = folder.current;
    *out = folder;
    return 0;
}

void folder_close(struct folder *folder)
{
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    if (folder->fd >= 0)
        close(folder->fd);
    folder->fd = folder->lock_fd = -1;
}

static int sync_file(const struct folder *folder, const char *name)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    int err = fsync(fd) == 0 ? 0 : err_from_errno(errno);
    close(fd);
    return err;
}

int folder_publish(struct folder *folder, uint64_t generation)
{
    char name[FOLDER_NAME_MAX];
    char tmp_name[FOLDER_NAME_MAX];
    folder_name(generation, name);
    folder_tmp_name(generation, tmp_name);

    int err = sync_file(folder, tmp_name);
    if (err < 0)
        return err;
    if (renameat(folder->fd, tmp_name, folder->fd, name) < 0 || fsync(folder->fd) < 0)
        return err_from_errno(errno);
    folder->newest = generation;
    /* A link can't be changed in place; renaming a new one over it is atomic. */
    (void)unlinkat(folder->fd, CURRENT_TMP, 0);
    if (symlinkat(name, folder->fd, CURRENT_TMP) < 0 || renameat(folder->fd, CURRENT_TMP, folder->fd, CURRENT) < 0 ||
        fsync(folder->fd) < 0)
        return err_from_errno(errno);
    folder->current = generation;
    return 0;
}

struct numbers {
    uint64_t *items;
    size_t count, cap;
};

static int visit_number(struct folder *folder, const char *name, void *arg)
{
    (void)folder;
    struct numbers *numbers = arg;
    uint64_t number = folder_number(name);
    if (number == 0)
        return 0;
    if (numbers->count == numbers->cap) {
        size_t cap = numbers->cap ? numbers->cap * 2 : 16;
        uint64_t *items = realloc(numbers->items, cap * sizeof(*items));
        if (!items)
            return ERR_NOMEM;
        numbers->items = items;
        numbers->cap = cap;
    }
    numbers->items[numbers->count++] = number;
    return 0;
}

static int compare_newest_first(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x > *y ? -1 : *x < *y;
}

unsigned folder_prune(struct folder *folder, unsigned keep)
{
    struct numbers numbers = {0};
    unsigned removed = 0;

    if (visit_all(folder, visit_number, &numbers) == 0 && numbers.count > keep) {
        qsort(numbers.items, numbers.count, sizeof(*numbers.items), compare_newest_first);
        for (size_t i = keep; i < numbers.count; i++) {
            char name[FOLDER_NAME_MAX];
            folder_name(numbers.items[i], name);
            if (numbers.items[i] != folder->current && unlinkat(folder->fd, name, 0) == 0)
                removed++;
        }
    }
    free(numbers.items);
    return removed;
}
