#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

static int read_at(int fd, char *bytes, size_t cap, size_t *out_len)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t got = pread(fd, bytes + len, cap - len, (off_t)len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_from_errno(errno);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *out_len = len;
    return 0;
}

int file_read(int fd, size_t max, char **out, size_t *out_len)
{
    struct stat st;
    size_t len = 0;
    if (fstat(fd, &st) < 0)
        return err_from_errno(errno);
    if ((uintmax_t)st.st_size > max)
        return ERR_LIMIT;
    char *bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    int err = read_at(fd, bytes, (size_t)st.st_size, &len);
    if (err < 0) {
        free(bytes);
        return err;
    }
    bytes[len] = '\0';
    *out = bytes;
    *out_len = len;
    return 0;
}

int file_read_path(const char *path, size_t max, char **out, size_t *out_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    int err = file_read(fd, max, out, out_len);
    close(fd);
    return err;
}

int file_write_at(int fd, const void *bytes, size_t len, off_t at)
{
    const char *next = bytes;
    while (len > 0) {
        ssize_t written = pwrite(fd, next, len, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_from_errno(errno);
        next += written;
        at += written;
        len -= (size_t)written;
    }
    return 0;
}

int file_save_at(int dir_fd, const char *name, const char *beside, const void *bytes, size_t len, mode_t mode)
{
    int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return err_from_errno(errno);
    int err = file_write_at(fd, bytes, len, 0);
    if (err == 0 && fsync(fd) < 0) /* the name must not outlive a power cut without the bytes */
        err = err_from_errno(errno);
    if (close(fd) < 0 && err == 0)
        err = err_from_errno(errno);
    if (err == 0 && renameat(dir_fd, beside, dir_fd, name) < 0)
        err = err_from_errno(errno);
    if (err < 0)
        unlinkat(dir_fd, beside, 0);
    return err;
}

int file_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    int err = fsync(fd) < 0 ? err_from_errno(errno) : 0;
    close(fd);
    return err;
}

int file_sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof folder)
        return ERR_LIMIT;
    memcpy(folder, slash == NULL ? "." : path, len);
    folder[len] = '\0';
    return file_sync_folder(folder);
}
