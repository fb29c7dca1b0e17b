#include "qlog/removed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)256 << 20)

/* Of a merged one those it stands for, as it has them. */
static int origins_get(int dir_fd, const char *file, struct text *out)
{
    struct segment *segment;
    const uint8_t *bytes;
    size_t len;
    int code = segment_open(dir_fd, file, &segment);
    if (code < 0)
        return code == ERR_NOMEM ? code : 0;
    if (segment_is_merged(segment) && segment_section(segment, SEGMENT_ORIGINS, &bytes, &len))
        text_add(out, (const char *)bytes, len);
    else if (!segment->footer_damaged)
        origin_write(segment, segment->proof.rows, segment->proof.who, out);
    segment_close(segment);
    return text_ok(out) ? 0 : ERR_NOMEM;
}

/* How much of the bytes is whole: a process may have been killed while it wrote the last one. */
static size_t whole_len(const struct text *bytes)
{
    struct origins origins;
    struct origin origin;
    origins_of_bytes(&origins, (const uint8_t *)bytes->bytes, bytes->len);
    while (origins_next(&origins, &origin))
        ;
    return origins.pos;
}

int removed_load(int dir_fd, struct text *out)
{
    char chunk[16384];
    ssize_t got = 0;
    out->max = FILE_MAX;
    int fd = openat(dir_fd, REMOVED_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    while (text_ok(out) && (got = read(fd, chunk, sizeof chunk)) > 0)
        text_add(out, chunk, (size_t)got);
    int code = got < 0 ? -errno : text_ok(out) ? 0 : ERR_NOMEM;
    close(fd);
    if (code == 0 && out->len > 0)
        out->len = whole_len(out);
    return code;
}

static int bytes_append(int dir_fd, const struct text *origins, size_t at)
{
    int fd = openat(dir_fd, REMOVED_FILE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return -errno;
    ssize_t written = pwrite(fd, origins->bytes, origins->len, (off_t)at);
    int code = written < 0 ? -errno : (size_t)written < origins->len ? ERR_NOSPACE : 0;
    if (code == 0 && (fsync(fd) < 0 || fsync(dir_fd) < 0))
        code = -errno;
    close(fd);
    return code;
}

int removed_add(int dir_fd, const char *file)
{
    struct text origins = {.max = FILE_MAX};
    struct text before = {.len = 0};
    int code = origins_get(dir_fd, file, &origins);
    if (code == 0)
        code = removed_load(dir_fd, &before);
    if (code == 0 && origins.len > 0)
        code = bytes_append(dir_fd, &origins, before.len);
    text_done(&origins);
    text_done(&before);
    return code;
}

bool removed_find(const struct text *bytes, uint64_t sequence, struct origin *out)
{
    struct origins origins;
    if (bytes->len == 0)
        return false;
    origins_of_bytes(&origins, (const uint8_t *)bytes->bytes, bytes->len);
    while (origins_next(&origins, out))
        if (out->head.sequence == sequence)
            return true;
    return false;
}

void removed_forget(int dir_fd)
{
    unlinkat(dir_fd, REMOVED_FILE, 0);
}
