#include "decision/docket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE         0640
#define PUBLIC_MODE  0644
#define TEXT_ALL_MAX ((size_t)256 << 20)

struct docket {
    char path[PATH_MAX];
    int fd;      /* open for appending; -1: only to look */
    off_t size;  /* of what is whole */
    bool broken; /* bytes beyond size could not be taken away */
    struct decision **rows;
    char **texts; /* of each row: its lines as they were read, with what only later programs understand */
    size_t count, cap;
    size_t line_count;
    unsigned damaged;
    uint32_t next; /* id */
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
    case ENAMETOOLONG:
        return ERR_LIMIT;
    default:
        return ERR_IO;
    }
}

/* ---- what is kept ---- */

/* The index of a decision, or the number of them. */
static size_t find(const struct docket *docket, uint32_t id)
{
    /* Ids go up, so they stand in order. */
    size_t low = 0, high = docket->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (docket->rows[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < docket->count && docket->rows[low]->id == id ? low : docket->count;
}

static int make_room(struct docket *docket)
{
    if (docket->count < docket->cap)
        return 0;
    size_t cap = docket->cap == 0 ? 64 : docket->cap * 2;
    struct decision **rows = reallocarray(docket->rows, cap, sizeof *rows);
    if (rows == NULL)
        return ERR_NOMEM;
    docket->rows = rows;
    char **texts = reallocarray(docket->texts, cap, sizeof *texts);
    if (texts == NULL)
        return ERR_NOMEM;
    docket->texts = texts;
    docket->cap = cap;
    return 0;
}

/* text: its line with the end. */
static int keep(struct docket *docket, const struct decision *decision, const char *text, size_t len)
{
    int err = make_room(docket);
    struct decision *row = err < 0 ? NULL : malloc(sizeof *row);
    char *copy = row == NULL ? NULL : strndup(text, len);
    if (copy == NULL) {
        free(row);
        return ERR_NOMEM;
    }
    *row = *decision;
    docket->texts[docket->count] = copy;
    docket->rows[docket->count++] = row;
    return 0;
}

static void forget_last(struct docket *docket)
{
    docket->count--;
    free(docket->rows[docket->count]);
    free(docket->texts[docket->count]);
}

/* Puts a line about a decision behind that of the decision itself. */
static int lengthen(struct docket *docket, size_t i, const char *text, size_t len)
{
    size_t before = strlen(docket->texts[i]);
    char *longer = realloc(docket->texts[i], before + len + 1);
    if (longer == NULL)
        return ERR_NOMEM;
    memcpy(longer + before, text, len);
    longer[before + len] = '\0';
    docket->texts[i] = longer;
    return 0;
}

static int end_row(struct docket *docket, const struct decision *revocation, const char *text, size_t len)
{
    size_t i = find(docket, revocation->id);
    if (i == docket->count || docket->rows[i]->revoked_s != 0)
        return 0;
    int err = lengthen(docket, i, text, len);
    if (err < 0)
        return err;
    docket->rows[i]->revoked_s = revocation->revoked_s;
    memcpy(docket->rows[i]->revoked_by, revocation->by, sizeof revocation->by);
    return 0;
}

static int approve_row(struct docket *docket, const struct decision *approval, const char *text, size_t len)
{
    size_t i = find(docket, approval->id);
    if (i == docket->count || !docket->rows[i]->pending)
        return 0;
    int err = lengthen(docket, i, text, len);
    if (err < 0)
        return err;
    docket->rows[i]->pending = false;
    docket->rows[i]->approved_s = approval->approved_s;
    docket->rows[i]->approved_uid = approval->uid;
    memcpy(docket->rows[i]->approved, approval->by, sizeof approval->by);
    return 0;
}

/* ---- reading ---- */

/* Numbers end with the last one: none is given after it, since a smaller one would be taken for another's. */
static void pass_number(struct docket *docket, uint32_t id)
{
    if (id >= docket->next)
        docket->next = id == UINT32_MAX ? UINT32_MAX : id + 1;
}

/* A line that is whole, and goes on from those before it. text: with its end. */
static int take_line(struct docket *docket, const struct decision_line *line, const char *text, size_t len)
{
    switch (line->op) {
    case DECISION_OP_BEGIN:
        if (line->next < docket->next)
            return ERR_MALFORMED;
        docket->next = line->next;
        return 0;
    case DECISION_OP_DECIDE:
        /* Only what was copied by hand could come twice. */
        if (docket->count > 0 && line->decision.id <= docket->rows[docket->count - 1]->id)
            return ERR_EXIST;
        pass_number(docket, line->decision.id);
        return keep(docket, &line->decision, text, len);
    case DECISION_OP_REVOKE: /* of one that is gone with its line: nothing is left to end */
        return end_row(docket, &line->decision, text, len);
    case DECISION_OP_APPROVE:
        return approve_row(docket, &line->decision, text, len);
    case DECISION_OP_RESUME:
        break;
    }
    return ERR_MALFORMED;
}

/* The damaged line may have had the next number: it is not given to another. */
static void skip_line(struct docket *docket, int err, docket_complaint complaint, void *ctx)
{
    docket->damaged++;
    pass_number(docket, docket->next);
    if (complaint != NULL)
        complaint(ctx, (unsigned)docket->line_count, err);
}

static int take_text(struct docket *docket, const char *at, size_t len, docket_complaint complaint, void *ctx)
{
    const char *end;
    struct decision_line line;
    while (len > 0 && (end = memchr(at, '\n', len)) != NULL) {
        size_t line_len = (size_t)(end - at);
        docket->line_count++;
        int err = decision_line_parse(at, line_len, &line);
        if (err == 0)
            err = take_line(docket, &line, at, line_len + 1);
        if (err == ERR_NOMEM)
            return err;
        if (err < 0)
            skip_line(docket, err, complaint, ctx);
        docket->size += (off_t)line_len + 1;
        at = end + 1;
        len -= line_len + 1;
    }
    return 0;
}

static int read_all(int fd, char **out, size_t *out_len)
{
    struct stat st;
    size_t len = 0;
    if (fstat(fd, &st) < 0)
        return err_from_errno();
    char *bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    while (len < (size_t)st.st_size) {
        ssize_t got = pread(fd, bytes + len, (size_t)st.st_size - len, (off_t)len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int err = err_from_errno();
            free(bytes);
            return err;
        }
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *out = bytes;
    *out_len = len;
    return 0;
}

static int load(struct docket *docket, int fd, docket_complaint complaint, void *ctx)
{
    char *bytes = NULL;
    size_t len = 0;
    int err = read_all(fd, &bytes, &len);
    if (err < 0)
        return err;
    err = take_text(docket, bytes, len, complaint, ctx);
    free(bytes);
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
static int trim(struct docket *docket)
{
    docket->broken = ftruncate(docket->fd, docket->size) < 0 || fdatasync(docket->fd) < 0;
    return docket->broken ? ERR_IO : 0;
}

static int append(struct docket *docket, const struct text *text)
{
    int err = docket->fd < 0 ? ERR_ACCESS : docket->broken ? trim(docket) : 0;
    if (err < 0)
        return err;
    err = write_all(docket->fd, text->bytes, text->len, docket->size);
    if (err == 0 && fdatasync(docket->fd) < 0)
        err = err_from_errno();
    if (err < 0) {
        (void)trim(docket);
        return err;
    }
    docket->size += (off_t)text->len;
    docket->line_count++;
    return 0;
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

/* ---- written anew ---- */

/* How many of those that ended, oldest first, are too many. */
static size_t count_outdated(const struct docket *docket, int64_t now_s)
{
    size_t ended = 0;
    for (size_t i = 0; i < docket->count; i++)
        ended += decision_is_over(docket->rows[i], now_s);
    return ended > DOCKET_ENDED_MAX ? ended - DOCKET_ENDED_MAX : 0;
}

static void forget_outdated(struct docket *docket, int64_t now_s)
{
    size_t outdated = count_outdated(docket, now_s), kept = 0;
    for (size_t i = 0; i < docket->count; i++) {
        if (outdated > 0 && decision_is_over(docket->rows[i], now_s)) {
            outdated--;
            free(docket->rows[i]);
            free(docket->texts[i]);
            continue;
        }
        docket->rows[kept] = docket->rows[i];
        docket->texts[kept++] = docket->texts[i];
    }
    docket->count = kept;
}

static void write_docket(const struct docket *docket, struct text *out)
{
    const struct decision_line begin = {.op = DECISION_OP_BEGIN, .next = docket->next};
    decision_line_write(&begin, out);
    for (size_t i = 0; i < docket->count; i++)
        text_add(out, docket->texts[i], strlen(docket->texts[i]));
}

static int create(const char *path, const struct text *text)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (fd < 0)
        return err_from_errno();
    int err = flock(fd, LOCK_EX | LOCK_NB) < 0 ? err_from_errno() : write_all(fd, text->bytes, text->len, 0);
    if (err == 0 && fsync(fd) < 0)
        err = err_from_errno();
    if (err == 0)
        return fd;
    close(fd);
    unlink(path);
    return err;
}

static int beside(const struct docket *docket, const char *kind, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s.%s", docket->path, kind) >= PATH_MAX ? ERR_LIMIT : 0;
}

/* A damaged file is kept for who wants to see what it was; the newest one, when it happens again. */
static int set_aside(const struct docket *docket)
{
    char path[PATH_MAX];
    int err = docket->damaged == 0 ? 0 : beside(docket, "damaged", path);
    if (docket->damaged == 0 || err < 0)
        return err;
    unlink(path);
    return link(docket->path, path) < 0 ? err_from_errno() : 0;
}

/* From now on lines go into the new file. */
static void take_over(struct docket *docket, int fd, size_t size)
{
    if (docket->fd >= 0)
        close(docket->fd);
    docket->fd = fd;
    docket->size = (off_t)size;
    docket->damaged = 0;
    docket->line_count = docket->count + 1;
}

/* The old file stays in use when that fails, but for its last step: when it has its name, the new one is the docket. */
static int rewrite(struct docket *docket)
{
    char made[PATH_MAX];
    struct text text = {.max = TEXT_ALL_MAX};
    int err = beside(docket, "new", made);
    if (err < 0)
        return err;
    write_docket(docket, &text);
    int fd = text_ok(&text) ? create(made, &text) : ERR_NOMEM;
    err = fd < 0 ? fd : set_aside(docket);
    if (err == 0 && rename(made, docket->path) < 0)
        err = err_from_errno();
    if (err == 0) {
        take_over(docket, fd, text.len);
        err = sync_folder(docket->path);
    } else if (fd >= 0) {
        close(fd);
    }
    text_done(&text);
    return err;
}

static void tidy(struct docket *docket, int64_t now_s)
{
    if (docket->line_count < 2 * docket->count + DOCKET_SLACK && count_outdated(docket, now_s) < DOCKET_SLACK)
        return;
    forget_outdated(docket, now_s);
    (void)rewrite(docket); /* next time, then */
}

/* ---- opening ---- */

static int docket_new(const char *path, struct docket **out)
{
    struct docket *docket = calloc(1, sizeof *docket);
    if (docket == NULL)
        return ERR_NOMEM;
    docket->fd = -1;
    docket->next = 1;
    if (snprintf(docket->path, sizeof docket->path, "%s", path) >= (int)sizeof docket->path) {
        docket_close(docket);
        return ERR_LIMIT;
    }
    *out = docket;
    return 0;
}

static int open_for_writing(struct docket *docket, int64_t now_s, docket_complaint complaint, void *ctx)
{
    docket->fd = open(docket->path, O_RDWR | O_CLOEXEC);
    if (docket->fd < 0)
        return errno == ENOENT ? rewrite(docket) : err_from_errno();
    int err = flock(docket->fd, LOCK_EX | LOCK_NB) < 0 ? err_from_errno() : 0;
    if (err == 0)
        err = load(docket, docket->fd, complaint, ctx);
    if (err == 0)
        err = trim(docket);
    if (err == 0)
        tidy(docket, now_s);
    return err;
}

int docket_open(const char *path, int64_t now_s, docket_complaint complaint, void *ctx, struct docket **out)
{
    struct docket *docket;
    int err = docket_new(path, &docket);
    if (err < 0)
        return err;
    err = open_for_writing(docket, now_s, complaint, ctx);
    if (err < 0)
        docket_close(docket);
    else
        *out = docket;
    return err;
}

int docket_read(const char *path, docket_complaint complaint, void *ctx, struct docket **out)
{
    struct docket *docket;
    int err = docket_new(path, &docket);
    if (err < 0)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    err = fd < 0 ? err_from_errno() : load(docket, fd, complaint, ctx);
    if (fd >= 0)
        close(fd);
    if (err < 0)
        docket_close(docket);
    else
        *out = docket;
    return err;
}

void docket_close(struct docket *docket)
{
    if (docket == NULL)
        return;
    if (docket->fd >= 0)
        close(docket->fd);
    while (docket->count > 0)
        forget_last(docket);
    free(docket->rows);
    free(docket->texts);
    free(docket);
}

/* ---- looking and deciding ---- */

size_t docket_count(const struct docket *docket)
{
    return docket->count;
}

const struct decision *const *docket_all(const struct docket *docket)
{
    return (const struct decision *const *)docket->rows;
}

const struct decision *docket_find(const struct docket *docket, uint32_t id)
{
    size_t i = find(docket, id);
    return i == docket->count ? NULL : docket->rows[i];
}

unsigned docket_damaged(const struct docket *docket)
{
    return docket->damaged;
}

static size_t count_standing(const struct docket *docket, int64_t now_s)
{
    size_t count = 0;
    for (size_t i = 0; i < docket->count; i++)
        count += !decision_is_over(docket->rows[i], now_s);
    return count;
}

int docket_add(struct docket *docket, const struct decision *decision, int64_t now_s, uint32_t *out_id)
{
    struct decision_line line = {.op = DECISION_OP_DECIDE, .decision = *decision};
    struct text text = {0};
    if (docket->next == UINT32_MAX || count_standing(docket, now_s) >= DOCKET_MAX)
        return ERR_LIMIT;
    tidy(docket, now_s);
    line.decision.id = docket->next;
    line.decision.revoked_s = 0;
    decision_line_write(&line, &text);
    int err = text_ok(&text) ? keep(docket, &line.decision, text.bytes, text.len) : ERR_NOMEM;
    if (err == 0) {
        err = append(docket, &text);
        if (err < 0)
            forget_last(docket);
    }
    if (err == 0) {
        docket->next++;
        *out_id = line.decision.id;
    }
    text_done(&text);
    return err;
}

/* Keeps a line about a decision that is there. */
static int add_about(struct docket *docket, const struct decision_line *line,
                     int (*keep_row)(struct docket *, const struct decision *, const char *, size_t))
{
    struct text text = {0};
    decision_line_write(line, &text);
    int err = text_ok(&text) ? append(docket, &text) : ERR_NOMEM;
    if (err == 0)
        err = keep_row(docket, &line->decision, text.bytes, text.len);
    text_done(&text);
    return err;
}

int docket_revoke(struct docket *docket, const struct decision *revocation)
{
    const struct decision *decision = docket_find(docket, revocation->id);
    const struct decision_line line = {.op = DECISION_OP_REVOKE, .decision = *revocation};
    if (decision == NULL || decision_is_over(decision, revocation->revoked_s))
        return ERR_NOENT;
    return add_about(docket, &line, end_row);
}

int docket_approve(struct docket *docket, const struct decision *approval)
{
    const struct decision *decision = docket_find(docket, approval->id);
    const struct decision_line line = {.op = DECISION_OP_APPROVE, .decision = *approval};
    if (decision == NULL || !decision->pending || decision_is_over(decision, approval->approved_s))
        return ERR_NOENT;
    return add_about(docket, &line, approve_row);
}

/* ---- the copy for others ---- */

/* Names of users and devices are nobody's business: a number takes their place. false: there is none. */
static bool hide_whom(struct decision *decision, const struct docket_numbers *numbers)
{
    if (decision->scope != DECISION_USER && decision->scope != DECISION_DEVICE)
        return true;
    int64_t number = numbers == NULL ? -1 : numbers->find(numbers->ctx, decision->scope, decision->whom);
    snprintf(decision->whom, sizeof decision->whom, "#%" PRId64, number);
    return number > 0;
}

static void write_bare(const struct decision *decision, const struct docket_numbers *numbers, struct text *out)
{
    struct decision_line line = {.op = DECISION_OP_DECIDE, .decision = *decision};
    struct decision *d = &line.decision;
    d->by[0] = d->reason[0] = d->asked[0] = d->approved[0] = '\0';
    d->uid = 0;
    d->review_s = 0;
    if (hide_whom(d, numbers))
        decision_line_write(&line, out);
}

int docket_publish(const struct docket *docket, const char *path, int64_t now_s, const struct docket_numbers *numbers)
{
    char made[PATH_MAX];
    struct text text = {.max = TEXT_ALL_MAX};
    const struct decision_line begin = {.op = DECISION_OP_BEGIN, .next = docket->next};
    if (snprintf(made, sizeof made, "%s.new", path) >= (int)sizeof made)
        return ERR_LIMIT;
    decision_line_write(&begin, &text);
    for (size_t i = 0; i < docket->count; i++)
        if (!docket->rows[i]->pending && !decision_is_over(docket->rows[i], now_s))
            write_bare(docket->rows[i], numbers, &text);
    int fd = text_ok(&text) ? create(made, &text) : ERR_NOMEM;
    int err = fd < 0 ? fd : 0;
    if (fd >= 0) {
        if (fchmod(fd, PUBLIC_MODE) < 0 || rename(made, path) < 0)
            err = err_from_errno();
        close(fd);
    }
    text_done(&text);
    return err;
}
