#include "lease/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESTLESS_MAX 16 /* looks: after a second of being written all the time, what is there counts */
#define PARTS        4  /* files that Kea's leases may be in */

/* One look at the file. */
struct look {
    int fd;
    struct tail_stamp stamp;
    bool takes_all; /* also of a file that is just being written anew */
    int64_t now_s;
};

void tail_init(struct tail *tail, enum reading_format format, const char *path, struct book *book)
{
    *tail = (struct tail){.path = path, .ending = "", .book = book};
    reading_begin(&tail->reading, format);
}

static struct tail_stamp stamp_of(const struct stat *st)
{
    return (struct tail_stamp){.dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .mtime = st->st_mtim};
}

static bool stamp_equal(const struct tail_stamp *a, const struct tail_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
           a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* A descriptor, or negative. Never waits for a writer, as it would for a FIFO. */
static int open_file(const char *path, struct tail_stamp *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int err = fstat(fd, &st) < 0           ? -errno
              : !S_ISREG(st.st_mode)       ? ERR_INVAL
              : st.st_size > TAIL_FILE_MAX ? ERR_LIMIT
                                           : 0;
    if (err < 0) {
        close(fd);
        return err;
    }
    *out = stamp_of(&st);
    return fd;
}

/* ---- reading ---- */

static void keep_end(struct tail *tail, const char *used, size_t len)
{
    if (len >= TAIL_END_MAX) {
        memcpy(tail->end, used + len - TAIL_END_MAX, TAIL_END_MAX);
        tail->end_len = TAIL_END_MAX;
        return;
    }
    size_t kept = tail->end_len + len > TAIL_END_MAX ? TAIL_END_MAX - len : tail->end_len;
    memmove(tail->end, tail->end + tail->end_len - kept, kept);
    memcpy(tail->end + kept, used, len);
    tail->end_len = kept + len;
}

/* From tail->at to the end of the file, as far as records are whole. */
static int read_on(struct tail *tail, int fd, char *buffer, int64_t now_s)
{
    struct book_taking taking = {tail->book, now_s};
    size_t len = 0;
    for (;;) {
        ssize_t got = pread(fd, buffer + len, TAIL_BUFFER - len, tail->at + (off_t)len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        len += (size_t)got;
        size_t used = reading_take(&tail->reading, buffer, len, book_take, &taking);
        keep_end(tail, buffer, used);
        tail->at += (off_t)used;
        len -= used;
        memmove(buffer, buffer + used, len);
        if (tail->at > TAIL_FILE_MAX)
            return ERR_LIMIT;
    }
}

static void begin_file(struct tail *tail)
{
    struct reading before = tail->reading;
    reading_begin(&tail->reading, before.format);
    tail->reading.lease_count = before.lease_count;
    tail->at = 0;
    tail->end_len = 0;
}

/* Whether the bytes before tail->at are those that were there. */
static bool end_is_known(const struct tail *tail, int fd)
{
    char bytes[TAIL_END_MAX];
    return pread(fd, bytes, tail->end_len, tail->at - (off_t)tail->end_len) == (ssize_t)tail->end_len &&
           memcmp(bytes, tail->end, tail->end_len) == 0;
}

static bool has_only_grown(const struct tail *tail, const struct look *look)
{
    const struct tail_stamp *now = &look->stamp;
    return tail->has_read && reading_is_appended(tail->reading.format) && now->dev == tail->stamp.dev &&
           now->ino == tail->stamp.ino && now->size > tail->stamp.size && end_is_known(tail, look->fd);
}

/* ---- Kea's files ---- */

static const char *ending(size_t part)
{
    static const char *const endings[PARTS - 1] = {".completed", ".2", ".1"};
    return endings[part];
}

static void part_path(const struct tail *tail, size_t part, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s", tail->path, ending(part));
}

/* What is there of the files beside ours; those that are not there are all zero. */
static void look_at_parts(const struct tail *tail, struct tail_stamp out[PARTS - 1])
{
    for (size_t part = 0; part < PARTS - 1; part++) {
        char path[4096];
        struct stat st;
        part_path(tail, part, path, sizeof path);
        out[part] = stat(path, &st) < 0 ? (struct tail_stamp){0} : stamp_of(&st);
    }
}

static bool same_parts(const struct tail_stamp a[PARTS - 1], const struct tail_stamp b[PARTS - 1])
{
    for (size_t part = 0; part < PARTS - 1; part++)
        if (!stamp_equal(&a[part], &b[part]))
            return false;
    return true;
}

static int read_parts(struct tail *tail, const struct tail_stamp there[PARTS - 1], char *buffer, int64_t now_s)
{
    for (size_t part = 0; part < PARTS - 1; part++) {
        char path[4096];
        struct tail_stamp stamp;
        if (there[part].ino == 0 || (part > 0 && there[0].ino != 0))
            continue;
        part_path(tail, part, path, sizeof path);
        int fd = open_file(path, &stamp);
        if (fd == ERR_NOENT)
            continue; /* it has just got another name: that is noticed */
        tail->ending = ending(part);
        if (fd < 0)
            return fd;
        begin_file(tail);
        int err = read_on(tail, fd, buffer, now_s);
        close(fd);
        if (err < 0)
            return err;
    }
    return 0;
}

/* ---- a look ---- */

static int read_whole_once(struct tail *tail, int fd, char *buffer, int64_t now_s)
{
    struct tail_stamp before[PARTS - 1], after[PARTS - 1];
    tail->reading.lease_count = 0;
    if (tail->reading.format == READING_KEA) {
        look_at_parts(tail, before);
        int err = read_parts(tail, before, buffer, now_s);
        if (err < 0)
            return err;
    }
    begin_file(tail);
    tail->ending = "";
    int err = read_on(tail, fd, buffer, now_s);
    if (err < 0 || tail->reading.format != READING_KEA)
        return err;
    look_at_parts(tail, after);
    return same_parts(before, after) ? 0 : ERR_BUSY;
}

/* Whether our path still leads to the file that was read. */
static bool is_still(const struct tail *tail, const struct tail_stamp *stamp)
{
    struct stat st;
    return stat(tail->path, &st) == 0 && st.st_dev == stamp->dev && st.st_ino == stamp->ino;
}

/* Whether a file that is written anew was all there, and is the same still. */
static bool is_settled(const struct tail *tail, int fd, const struct tail_stamp *stamp)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    struct tail_stamp now = stamp_of(&st);
    return stamp_equal(&now, stamp) && tail->at == stamp->size;
}

static int read_whole(struct tail *tail, const struct look *look, char *buffer)
{
    book_begin(tail->book, true);
    int err = read_whole_once(tail, look->fd, buffer, look->now_s);
    if (err < 0)
        return err;
    if (!is_still(tail, &look->stamp) || (!look->takes_all && !is_settled(tail, look->fd, &look->stamp)))
        return ERR_BUSY;
    return reading_is_foreign(&tail->reading) ? ERR_MALFORMED : 0;
}

/* ERR_BUSY: it changed meanwhile; what was found counts, but nothing is gone because it was not found. */
static int read_file(struct tail *tail, const struct look *look)
{
    char *buffer = malloc(TAIL_BUFFER);
    int err = 0;
    if (buffer == NULL)
        return ERR_NOMEM;
    if (has_only_grown(tail, look)) {
        book_begin(tail->book, false);
        err = read_on(tail, look->fd, buffer, look->now_s);
    } else {
        err = read_whole(tail, look, buffer);
        tail->whole_readings++;
    }
    free(buffer);
    if (err < 0)
        book_give_up(tail->book);
    int end_err = book_end(tail->book, look->now_s);
    tail->readings++;
    tail->stamp = look->stamp;
    return err < 0 ? err : end_err;
}

/* Whether a file that is written anew is the same as at the last look. */
static bool is_at_rest(struct tail *tail, const struct tail_stamp *now)
{
    bool same = stamp_equal(&tail->seen, now);
    tail->seen = *now;
    return same;
}

static int read_news(struct tail *tail, const struct look *look)
{
    if (tail->err == ERR_MALFORMED && stamp_equal(&look->stamp, &tail->stamp))
        return ERR_MALFORMED;
    if (tail->has_read && stamp_equal(&look->stamp, &tail->stamp))
        return TAIL_SAME;
    if (!look->takes_all && !is_at_rest(tail, &look->stamp))
        return TAIL_SOON;
    tail->err = read_file(tail, look);
    tail->has_read = tail->err == 0;
    if (tail->err == ERR_BUSY)
        return TAIL_SOON;
    return tail->err < 0 ? tail->err : TAIL_READ;
}

int tail_look(struct tail *tail, bool at_once, int64_t now_s)
{
    bool takes_all = at_once || reading_is_appended(tail->reading.format) || tail->restless >= RESTLESS_MAX;
    struct look look = {.takes_all = takes_all, .now_s = now_s};
    look.fd = open_file(tail->path, &look.stamp);
    if (look.fd < 0) {
        tail->has_read = false;
        tail->ending = "";
        return look.fd;
    }
    int news = read_news(tail, &look);
    close(look.fd);
    tail->restless = news == TAIL_SOON ? tail->restless + 1 : 0;
    return news;
}
