#include "base/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

#define SUFFIX_MAX 16

int line_file_init(struct line_file *file, const char *path)
{
    *file = (struct line_file){.fd = -1};
    if (strlen(path) + SUFFIX_MAX > sizeof file->path)
        return ERR_LIMIT;
    memcpy(file->path, path, strlen(path) + 1);
    return 0;
}

void line_file_done(struct line_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

static int lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) < 0 ? err_from_errno(errno) : 0;
}

int line_file_open(struct line_file *file, mode_t mode)
{
    int fd = open(file->path, O_RDWR | O_CLOEXEC | (mode != 0 ? O_CREAT : 0), mode);
    if (fd < 0)
        return err_from_errno(errno);
    int err = lock(fd);
    if (err == 0 && mode != 0)
        err = file_sync_folder_of(file->path);
    if (err < 0)
        close(fd);
    else
        file->fd = fd;
    return err;
}

/* ---- reading ---- */

/* *out_size: of the whole lines, up to the last one that was taken. */
static int read_lines(FILE *stream, line_file_take take, void *ctx, off_t *out_size)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    off_t size = 0;
    int err = 0;
    while (err == 0 && (len = getline(&line, &cap, stream)) > 0 && line[len - 1] == '\n') {
        err = take(ctx, line, (size_t)len - 1);
        size += len;
    }
    if (err == 0 && ferror(stream))
        err = ERR_IO;
    else if (err == 0 && !feof(stream)) /* getline() has no memory */
        err = ERR_NOMEM;
    free(line);
    *out_size = size;
    return err;
}

/* Behind what a write that failed, or a power cut, has left the next line would begin in the middle of one. */
static int trim(struct line_file *file)
{
    file->broken = ftruncate(file->fd, file->size) < 0 || fdatasync(file->fd) < 0;
    return file->broken ? ERR_IO : 0;
}

int line_file_load(struct line_file *file, line_file_take take, void *ctx)
{
    int fd = dup(file->fd);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    if (stream == NULL) {
        int err = err_from_errno(errno);
        if (fd >= 0)
            close(fd);
        return err;
    }
    int err = read_lines(stream, take, ctx, &file->size);
    fclose(stream);
    return err < 0 ? err : trim(file);
}

int line_file_look(const char *path, line_file_take take, void *ctx)
{
    off_t size;
    FILE *stream = fopen(path, "re");
    if (stream == NULL)
        return err_from_errno(errno);
    int err = read_lines(stream, take, ctx, &size);
    fclose(stream);
    return err;
}

/* ---- writing ---- */

int line_file_append(struct line_file *file, const char *lines, size_t len)
{
    int err = file->fd < 0 ? ERR_ACCESS : file->broken ? trim(file) : 0;
    if (err < 0)
        return err;
    err = file_write_at(file->fd, lines, len, file->size);
    if (err == 0 && fdatasync(file->fd) < 0)
        err = err_from_errno(errno);
    if (err < 0)
        (void)!trim(file);
    else
        file->size += (off_t)len;
    return err;
}

int line_file_begin(const struct line_file *file, mode_t mode, struct line_file *out)
{
    struct line_file made = {.fd = -1};
    snprintf(made.path, sizeof made.path, "%.*s.new", (int)(sizeof made.path - SUFFIX_MAX), file->path);
    made.fd = open(made.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    int err = made.fd < 0 ? err_from_errno(errno) : lock(made.fd);
    if (err < 0)
        line_file_drop(&made);
    else
        *out = made;
    return err;
}

int line_file_add(struct line_file *made, const char *lines, size_t len)
{
    int err = file_write_at(made->fd, lines, len, made->size);
    if (err == 0)
        made->size += (off_t)len;
    return err;
}

int line_file_replace(struct line_file *file, struct line_file *made)
{
    int err = fsync(made->fd) < 0 || rename(made->path, file->path) < 0 ? err_from_errno(errno) : 0;
    if (err < 0) {
        line_file_drop(made);
        return err;
    }
    line_file_done(file);
    file->fd = made->fd;
    file->size = made->size;
    file->broken = false;
    made->fd = -1;
    return 0;
}

void line_file_drop(struct line_file *made)
{
    if (made->fd >= 0)
        unlink(made->path);
    line_file_done(made);
}

int line_file_set_aside(const struct line_file *file)
{
    char path[sizeof file->path];
    snprintf(path, sizeof path, "%.*s.damaged", (int)(sizeof path - SUFFIX_MAX), file->path);
    unlink(path);
    return link(file->path, path) < 0 ? err_from_errno(errno) : 0;
}
