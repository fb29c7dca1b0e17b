#include "tier/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int files_err(int code)
{
    switch (code) {
    case ENOENT:
    case ENOMEM:
    case EEXIST:
    case ENOSPC:
    case EACCES:
        return -code;
    case EPERM:
    case EROFS:
        return ERR_ACCESS;
    case EDQUOT:
        return ERR_NOSPACE;
    default:
        return ERR_IO;
    }
}

int files_path(const char *dir, const char *name, char out[FILES_PATH_MAX])
{
    int len = snprintf(out, FILES_PATH_MAX, "%s/%s", dir, name);
    return len < 0 || len >= FILES_PATH_MAX ? ERR_LIMIT : 0;
}

static int read_all(int fd, size_t max, uint8_t **out, size_t *out_len)
{
    struct stat st;
    size_t len = 0;
    if (fstat(fd, &st) < 0)
        return files_err(errno);
    if ((uint64_t)st.st_size > max)
        return ERR_LIMIT;
    uint8_t *bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    while (len < (size_t)st.st_size) {
        ssize_t got = pread(fd, bytes + len, (size_t)st.st_size - len, (off_t)len);
        if (got <= 0) {
            free(bytes);
            return ERR_IO;
        }
        len += (size_t)got;
    }
    bytes[len] = 0;
    *out = bytes;
    *out_len = len;
    return 0;
}

int files_read_path(const char *path, size_t max, uint8_t **out, size_t *out_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return files_err(errno);
    int err = read_all(fd, max, out, out_len);
    close(fd);
    return err;
}

int files_read(const char *dir, const char *name, size_t max, uint8_t **out, size_t *out_len)
{
    char path[FILES_PATH_MAX];
    int err = files_path(dir, name, path);
    return err < 0 ? err : files_read_path(path, max, out, out_len);
}

static int write_all(int fd, unsigned mode, const uint8_t *bytes, size_t len)
{
    if (fchmod(fd, mode) < 0) /* whatever the umask is */
        return files_err(errno);
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0)
            return files_err(errno);
        bytes += put;
        len -= (size_t)put;
    }
    return fsync(fd) < 0 ? files_err(errno) : 0;
}

static int sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return files_err(errno);
    int err = fsync(fd) < 0 ? files_err(errno) : 0;
    close(fd);
    return err;
}

int files_replace(const char *dir, const char *name, unsigned mode, const void *bytes, size_t len)
{
    char path[FILES_PATH_MAX], made[FILES_PATH_MAX + 4];
    int err = files_path(dir, name, path);
    if (err < 0)
        return err;
    (void)snprintf(made, sizeof made, "%s.new", path);
    (void)unlink(made); /* of a killed run */
    int fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return files_err(errno);
    err = write_all(fd, mode, bytes, len);
    if (close(fd) < 0 && err == 0)
        err = files_err(errno);
    if (err == 0 && rename(made, path) < 0)
        err = files_err(errno);
    if (err == 0)
        err = sync_folder(dir);
    if (err < 0)
        (void)unlink(made);
    return err;
}
