#include "decision/docket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/line_file.h"
#include "base/outfile.h"

#define MODE         0640
#define PUBLIC_MODE  0644
#define TEXT_ALL_MAX ((size_t)256 << 20)

struct docket {
    struct line_file file;
    struct decision **rows;
    char **texts; /* of each row: its lines as they were read, with what only later programs understand */
    size_t count, cap;
    size_t line_count;
    unsigned damaged;
    uint32_t next; /* id */
};

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

struct reading {
    struct docket *docket;
    docket_complaint complaint;
    void *ctx;
};

static int on_line(void *ctx, const char *text, size_t len)
{
    const struct reading *r = ctx;
    struct decision_line line;
    r->docket->line_count++;
    int err = decision_line_parse(text, len, &line);
    if (err == 0)
        err = take_line(r->docket, &line, text, len + 1);
    if (err < 0 && err != ERR_NOMEM) {
        skip_line(r->docket, err, r->complaint, r->ctx);
        return 0;
    }
    return err;
}

/* ---- writing ---- */

static int append(struct docket *docket, const struct text *text)
{
    int err = line_file_append(&docket->file, text->bytes, text->len);
    if (err == 0)
        docket->line_count++;
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

static int write_beside(const struct docket *docket, struct line_file *out)
{
    struct text text = {.max = TEXT_ALL_MAX};
    write_docket(docket, &text);
    int err = text_ok(&text) ? line_file_begin(&docket->file, MODE, out) : ERR_NOMEM;
    if (err == 0 && (err = line_file_add(out, text.bytes, text.len)) < 0)
        line_file_drop(out);
    text_done(&text);
    return err;
}

/* A damaged file is kept for who wants to see what it was. */
static int rewrite(struct docket *docket)
{
    struct line_file made;
    int err = write_beside(docket, &made);
    if (err < 0)
        return err;
    err = docket->damaged == 0 ? 0 : line_file_set_aside(&docket->file);
    if (err < 0) {
        line_file_drop(&made);
        return err;
    }
    err = line_file_replace(&docket->file, &made);
    if (err < 0)
        return err;
    docket->damaged = 0;
    docket->line_count = docket->count + 1;
    return file_sync_folder_of(docket->file.path);
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
    docket->next = 1;
    int err = line_file_init(&docket->file, path);
    if (err < 0)
        docket_close(docket);
    else
        *out = docket;
    return err;
}

static int open_for_writing(struct docket *docket, int64_t now_s, docket_complaint complaint, void *ctx)
{
    struct reading reading = {docket, complaint, ctx};
    int err = line_file_open(&docket->file, 0);
    if (err == ERR_NOENT)
        return rewrite(docket);
    if (err == 0)
        err = line_file_load(&docket->file, on_line, &reading);
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
    struct reading reading = {docket, complaint, ctx};
    err = line_file_look(path, on_line, &reading);
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
    line_file_done(&docket->file);
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

static int publish_text(const char *path, const struct text *text)
{
    struct outfile file;
    int err = outfile_open(&file, path, PUBLIC_MODE);
    if (err < 0)
        return err;
    if (fwrite(text->bytes, 1, text->len, file.file) != text->len || fchmod(fileno(file.file), PUBLIC_MODE) < 0) {
        err = err_from_errno(errno);
        outfile_abort(&file);
        return err;
    }
    return outfile_commit(&file);
}

int docket_publish(const struct docket *docket, const char *path, int64_t now_s, const struct docket_numbers *numbers)
{
    struct text text = {.max = TEXT_ALL_MAX};
    const struct decision_line begin = {.op = DECISION_OP_BEGIN, .next = docket->next};
    decision_line_write(&begin, &text);
    for (size_t i = 0; i < docket->count; i++)
        if (!docket->rows[i]->pending && !decision_is_over(docket->rows[i], now_s))
            write_bare(docket->rows[i], numbers, &text);
    int err = text_ok(&text) ? publish_text(path, &text) : ERR_NOMEM;
    text_done(&text);
    return err;
}
