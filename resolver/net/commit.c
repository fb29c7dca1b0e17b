#include "net/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

/* Waiters in the order they came. */
struct queue {
    struct commit_waiter *first;
    struct commit_waiter **end;
};

struct commit {
    uv_loop_t *loop;
    uv_work_t work;
    struct session_journal *journal;
    struct session_book *book;
    struct text lines; /* to be written next */
    size_t line_count;
    bool must_rewrite;  /* lines were let go: only the whole book will do */
    uint64_t tidy_from; /* stats.lines from which on a long file is worth another try */
    struct queue waiting;
    struct commit_stats stats;
    bool working;
    bool closing;

    /* of the work in progress; nothing but the thread of the pool looks at journal meanwhile */
    struct text writing;
    size_t writing_count;
    struct queue served;
    struct session **sessions; /* NULL: the file is not written anew */
    size_t session_count;
    uint64_t next_number;
    bool rewrite_counts; /* lines were let go: what is not written anew is not kept */
    bool rewrite_failed;
    int err;
};

static void queue_clear(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_add(struct queue *queue, struct commit_waiter *waiter)
{
    waiter->next = NULL;
    *queue->end = waiter;
    queue->end = &waiter->next;
}

static void queue_move(struct queue *from, struct queue *to)
{
    queue_clear(to);
    if (from->first != NULL) {
        to->first = from->first;
        to->end = from->end;
    }
    queue_clear(from);
}

static void call_all(struct queue *queue, int err)
{
    struct commit_waiter *waiter = queue->first;
    queue_clear(queue);
    while (waiter != NULL) {
        struct commit_waiter *next = waiter->next;
        waiter->done(waiter, err);
        waiter = next;
    }
}

int commit_new(uv_loop_t *loop, struct session_journal *journal, struct session_book *book, struct commit **out)
{
    struct commit *commit = calloc(1, sizeof *commit);
    if (commit == NULL)
        return ERR_NOMEM;
    commit->loop = loop;
    commit->journal = journal;
    commit->book = book;
    commit->work.data = commit;
    commit->lines.max = commit->writing.max = 2 * COMMIT_BYTES_MAX;
    queue_clear(&commit->waiting);
    queue_clear(&commit->served);
    *out = commit;
    return 0;
}

/* ---- what is to be kept ---- */

static void let_lines_go(struct commit *commit)
{
    commit->must_rewrite = true;
    commit->lines.len = 0;
    commit->lines.failed = false;
    commit->line_count = 0;
}

void commit_add(struct commit *commit, const struct session_line *line)
{
    if (commit->must_rewrite)
        return; /* it is in the book */
    session_line_write(line, &commit->lines);
    commit->line_count++;
    if (!text_ok(&commit->lines) || commit->lines.len > COMMIT_BYTES_MAX)
        let_lines_go(commit);
}

static bool all_is_kept(const struct commit *commit)
{
    return !commit->working && commit->line_count == 0 && !commit->must_rewrite;
}

void commit_wait(struct commit *commit, struct commit_waiter *waiter)
{
    if (commit->closing)
        waiter->done(waiter, ERR_BUSY);
    else if (all_is_kept(commit))
        waiter->done(waiter, 0);
    else
        queue_add(&commit->waiting, waiter);
}

/* ---- the disk ---- */

static void on_work(uv_work_t *work)
{
    struct commit *commit = work->data;
    commit->err = 0;
    commit->rewrite_failed = false;
    if (commit->writing_count > 0)
        commit->err =
            session_journal_append(commit->journal, commit->writing.bytes, commit->writing.len, commit->writing_count);
    if (commit->sessions == NULL)
        return;
    int err = session_journal_rewrite(commit->journal, commit->next_number, commit->sessions, commit->session_count);
    commit->rewrite_failed = err < 0;
    if (err == 0 || commit->rewrite_counts)
        commit->err = err; /* the whole book is in it, those lines too */
}

/* Becomes a holder of all sessions: they are written while the book goes on. */
static void hold_sessions(struct commit *commit)
{
    if (session_book_hold_all(commit->book, &commit->sessions, &commit->session_count) < 0) {
        commit->sessions = NULL;
        return;
    }
    commit->next_number = session_book_next_number(commit->book);
}

static void release_sessions(struct commit *commit)
{
    for (size_t i = 0; commit->sessions != NULL && i < commit->session_count; i++)
        session_release(commit->sessions[i]);
    free(commit->sessions);
    commit->sessions = NULL;
}

static void say_how_it_went(struct commit *commit)
{
    if (commit->err < 0 && commit->stats.last_error == 0)
        log_error("sessions can't be kept, nobody is told that they are cause=\"%s\"", err_str(commit->err));
    if (commit->err == 0 && commit->stats.last_error < 0)
        log_info("sessions are kept again");
    commit->stats.last_error = commit->err;
    commit->stats.failures += commit->err < 0;
    commit->stats.batches++;
    commit->stats.lines += commit->err < 0 ? 0 : commit->writing_count;
    commit->stats.rewrites += commit->err == 0 && commit->sessions != NULL;
}

/* Lines that were not written go before those that came meanwhile. */
static void take_lines_back(struct commit *commit)
{
    if (commit->writing_count == 0)
        return;
    struct text newer = commit->lines;
    commit->lines = commit->writing;
    text_add(&commit->lines, newer.bytes == NULL ? "" : newer.bytes, newer.len);
    commit->line_count += commit->writing_count;
    text_done(&newer);
    commit->writing = (struct text){.max = 2 * COMMIT_BYTES_MAX};
    if (!text_ok(&commit->lines) || commit->lines.len > COMMIT_BYTES_MAX)
        let_lines_go(commit);
}

static void on_worked(uv_work_t *work, int status)
{
    struct commit *commit = work->data;
    struct queue served;
    (void)status;
    commit->working = false;
    say_how_it_went(commit);
    if (commit->rewrite_failed)
        commit->tidy_from = commit->stats.lines + SESSION_JOURNAL_SLACK;
    if (commit->err < 0 && commit->rewrite_counts)
        let_lines_go(commit);
    else if (commit->err < 0)
        take_lines_back(commit);
    release_sessions(commit);
    queue_move(&commit->served, &served);
    call_all(&served, commit->err);
    if (commit->err == 0)
        commit_start(commit); /* with what came meanwhile; after a failure, with the next who asks */
}

void commit_start(struct commit *commit)
{
    if (commit->working || commit->closing)
        return;
    bool long_file = commit->stats.lines >= commit->tidy_from &&
                     session_journal_is_long(commit->journal, session_book_count(commit->book));
    if (all_is_kept(commit) && !long_file) {
        struct queue served;
        queue_move(&commit->waiting, &served);
        call_all(&served, 0);
        return;
    }
    if (commit->must_rewrite || long_file)
        hold_sessions(commit);
    if (commit->must_rewrite && commit->sessions == NULL) {
        struct queue failed;
        queue_move(&commit->waiting, &failed);
        call_all(&failed, ERR_NOMEM);
        return;
    }
    struct text empty = commit->writing;
    empty.len = 0;
    commit->writing = commit->lines;
    commit->lines = empty;
    commit->writing_count = commit->line_count;
    commit->line_count = 0;
    commit->rewrite_counts = commit->must_rewrite;
    commit->must_rewrite = false;
    queue_move(&commit->waiting, &commit->served);
    commit->working = uv_queue_work(commit->loop, &commit->work, on_work, on_worked) == 0;
    if (!commit->working) {
        commit->err = ERR_NOMEM;
        on_worked(&commit->work, 0);
    }
}

struct commit_stats commit_stats(const struct commit *commit)
{
    return commit->stats;
}

/* ---- the end ---- */

void commit_close(struct commit *commit)
{
    if (commit == NULL || commit->closing)
        return;
    commit->closing = true;
    call_all(&commit->waiting, ERR_BUSY);
}

void commit_free(struct commit *commit)
{
    if (commit == NULL)
        return;
    if (commit->line_count > 0 &&
        session_journal_append(commit->journal, commit->lines.bytes, commit->lines.len, commit->line_count) < 0)
        log_error("the last sessions could not be kept");
    session_journal_close(commit->journal);
    release_sessions(commit);
    text_done(&commit->lines);
    text_done(&commit->writing);
    free(commit);
}
