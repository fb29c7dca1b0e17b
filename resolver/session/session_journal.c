#include "session/session_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE        0640
#define PIECE_BYTES (1u << 20) /* of a rewrite, in memory at once */
#define FILE_MAX    (INT64_C(1) << 32)

struct session_journal {
    char path[PATH_MAX];
    int fd;
    off_t size;  /* of what is whole */
    bool broken; /* bytes beyond size could not be taken away */
    size_t line_count;
    size_t damaged;
};

static int err_from_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOMEM:
    case ENOSPC:
    case EACCES:
        return -errno;
    case EPERM:
    case EROFS:
        return ERR_ACCESS;
    case EDQUOT:
    case EFBIG:
        return ERR_NOSPACE;
    case EWOULDBLOCK:
        return ERR_BUSY;
    default:
        return ERR_IO;
    }
}

/* ---- reading ---- */

static int take_line(struct session_journal *journal, struct session_book *book, const char *line, size_t len)
{
    struct session_line parsed;
    int err = session_line_parse(line, len, &parsed);
    if (err == 0)
        err = session_book_restore(book, &parsed);
    if (err == ERR_NOMEM)
        return err;
    if (err < 0)
        journal->damaged++;
    journal->line_count++;
    return 0;
}

static int read_lines(struct session_journal *journal, struct session_book *book, FILE *file)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int err = 0;
    while (err == 0 && (len = getline(&line, &cap, file)) > 0 && line[len - 1] == '\n') {
        err = take_line(journal, book, line, (size_t)len - 1);
        journal->size += len;
    }
    if (err == 0 && ferror(file) != 0)
        err = ERR_IO;
    free(line);
    return err;
}

static int read_all(struct session_journal *journal, struct session_book *book)
{
    struct stat st;
    if (fstat(journal->fd, &st) < 0)
        return err_from_errno();
    if (st.st_size > FILE_MAX)
        return ERR_LIMIT;
    int fd = dup(journal->fd);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        int err = err_from_errno();
        if (fd >= 0)
            close(fd);
        return err;
    }
    int err = read_lines(journal, book, file);
    fclose(file);
    return err;
}

/* ---- writing ---- */

static int write_all(int fd, const char *bytes, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t written = pwrite(fd, bytes, len, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_from_errno();
        bytes += written;
        at += written;
        len -= (size_t)written;
    }
    return 0;
}

/* Takes away what a write that failed may have left, so that the next line does not begin in the middle of one. */
static int trim(struct session_journal *journal)
{
    journal->broken = ftruncate(journal->fd, journal->size) < 0 || fdatasync(journal->fd) < 0;
    return journal->broken ? ERR_IO : 0;
}

int session_journal_append(struct session_journal *journal, const char *lines, size_t len, size_t line_count)
{
    int err = journal->broken ? trim(journal) : 0;
    if (err < 0)
        return err;
    err = write_all(journal->fd, lines, len, journal->size);
    if (err == 0 && fdatasync(journal->fd) < 0)
        err = err_from_errno();
    if (err < 0) {
        (void)!trim(journal);
        return err;
    }
    journal->size += (off_t)len;
    journal->line_count += line_count;
    return 0;
}

/* ---- written anew ---- */

bool session_journal_is_long(const struct session_journal *journal, size_t sessions)
{
    return journal->damaged > 0 || journal->line_count > 2 * sessions + SESSION_JOURNAL_SLACK;
}

/* The name of a new file is on disk only when its folder is. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : (int)(slash - path);
    snprintf(folder, sizeof folder, "%.*s", len == 0 ? 1 : len, slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno();
    int err = fsync(fd) < 0 ? err_from_errno() : 0;
    close(fd);
    return err;
}

static int write_piece(int fd, struct text *text, off_t *at)
{
    int err = text_ok(text) ? write_all(fd, text->bytes, text->len, *at) : ERR_NOMEM;
    *at += (off_t)text->len;
    text->len = 0;
    return err;
}

static int write_sessions(int fd, uint64_t next, struct session *const sessions[], size_t count, off_t *out_size)
{
    struct session_line line = {.op = SESSION_OP_BEGIN, .next = next};
    struct text text = {0};
    off_t at = 0;
    int err = 0;
    session_line_write(&line, &text);
    line.op = SESSION_OP_SESSION;
    for (size_t i = 0; i < count && err == 0; i++) {
        line.session = *sessions[i];
        session_line_write(&line, &text);
        if (text.len >= PIECE_BYTES || !text_ok(&text))
            err = write_piece(fd, &text, &at);
    }
    if (err == 0)
        err = write_piece(fd, &text, &at);
    text_done(&text);
    if (err == 0 && fsync(fd) < 0)
        err = err_from_errno();
    *out_size = at;
    return err;
}

int session_journal_rewrite(struct session_journal *journal, uint64_t next, struct session *const sessions[],
                            size_t count)
{
    char beside[PATH_MAX + 8];
    off_t size = 0;
    snprintf(beside, sizeof beside, "%s.new", journal->path);
    int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (fd < 0)
        return err_from_errno();
    int err = flock(fd, LOCK_EX | LOCK_NB) < 0 ? err_from_errno() : write_sessions(fd, next, sessions, count, &size);
    if (err == 0 && rename(beside, journal->path) < 0)
        err = err_from_errno();
    if (err < 0) {
        close(fd);
        unlink(beside);
        return err;
    }
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = fd;
    journal->size = size;
    journal->broken = false;
    journal->damaged = 0;
    journal->line_count = count + 1;
    return sync_folder(journal->path);
}

/* ---- opening ---- */

static int open_file(struct session_journal *journal, struct session_book *book)
{
    journal->fd = open(journal->path, O_RDWR | O_CLOEXEC);
    if (journal->fd < 0)
        return errno == ENOENT ? session_journal_rewrite(journal, session_book_next_number(book), NULL, 0)
                               : err_from_errno();
    if (flock(journal->fd, LOCK_EX | LOCK_NB) < 0)
        return err_from_errno();
    int err = read_all(journal, book);
    return err < 0 ? err : trim(journal);
}

int session_journal_open(const char *path, struct session_book *book, struct session_journal **out)
{
    struct session_journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return ERR_NOMEM;
    journal->fd = -1;
    int err = snprintf(journal->path, sizeof journal->path, "%s", path) >= (int)sizeof journal->path
                  ? ERR_LIMIT
                  : open_file(journal, book);
    if (err < 0)
        session_journal_close(journal);
    else
        *out = journal;
    return err;
}

void session_journal_close(struct session_journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    free(journal);
}

size_t session_journal_damaged(const struct session_journal *journal)
{
    return journal->damaged;
}
