#include "session/session_journal.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/line_file.h"

#define MODE        0640
#define PIECE_BYTES (1u << 20) /* of a rewrite, in memory at once */
#define FILE_MAX    (INT64_C(1) << 32)

struct session_journal {
    struct line_file file;
    size_t line_count;
    size_t damaged;
};

/* ---- reading ---- */

struct reading {
    struct session_journal *journal;
    struct session_book *book;
};

static int on_line(void *ctx, const char *line, size_t len)
{
    const struct reading *r = ctx;
    struct session_line parsed;
    int err = session_line_parse(line, len, &parsed);
    if (err == 0)
        err = session_book_restore(r->book, &parsed);
    if (err == ERR_NOMEM)
        return err;
    if (err < 0)
        r->journal->damaged++;
    r->journal->line_count++;
    return 0;
}

/* ---- writing ---- */

int session_journal_append(struct session_journal *journal, const char *lines, size_t len, size_t line_count)
{
    int err = line_file_append(&journal->file, lines, len);
    if (err == 0)
        journal->line_count += line_count;
    return err;
}

/* ---- written anew ---- */

bool session_journal_is_long(const struct session_journal *journal, size_t sessions)
{
    return journal->damaged > 0 || journal->line_count > 2 * sessions + SESSION_JOURNAL_SLACK;
}

static int write_piece(struct line_file *made, struct text *text)
{
    int err = text_ok(text) ? line_file_add(made, text->bytes, text->len) : ERR_NOMEM;
    text->len = 0;
    return err;
}

static int write_sessions(struct line_file *made, uint64_t next, struct session *const sessions[], size_t count)
{
    struct session_line line = {.op = SESSION_OP_BEGIN, .next = next};
    struct text text = {0};
    int err = 0;
    session_line_write(&line, &text);
    line.op = SESSION_OP_SESSION;
    for (size_t i = 0; i < count && err == 0; i++) {
        line.session = *sessions[i];
        session_line_write(&line, &text);
        if (text.len >= PIECE_BYTES || !text_ok(&text))
            err = write_piece(made, &text);
    }
    if (err == 0)
        err = write_piece(made, &text);
    text_done(&text);
    return err;
}

int session_journal_rewrite(struct session_journal *journal, uint64_t next, struct session *const sessions[],
                            size_t count)
{
    struct line_file made;
    int err = line_file_begin(&journal->file, MODE, &made);
    if (err < 0)
        return err;
    err = write_sessions(&made, next, sessions, count);
    if (err < 0) {
        line_file_drop(&made);
        return err;
    }
    err = line_file_replace(&journal->file, &made);
    if (err < 0)
        return err;
    journal->damaged = 0;
    journal->line_count = count + 1;
    return file_sync_folder_of(journal->file.path);
}

/* ---- opening ---- */

static int open_file(struct session_journal *journal, struct session_book *book)
{
    struct reading reading = {journal, book};
    struct stat st;
    int err = line_file_open(&journal->file, 0);
    if (err == ERR_NOENT)
        return session_journal_rewrite(journal, session_book_next_number(book), NULL, 0);
    if (err == 0 && (fstat(journal->file.fd, &st) < 0 || st.st_size > FILE_MAX))
        err = ERR_LIMIT;
    return err < 0 ? err : line_file_load(&journal->file, on_line, &reading);
}

int session_journal_open(const char *path, struct session_book *book, struct session_journal **out)
{
    struct session_journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return ERR_NOMEM;
    int err = line_file_init(&journal->file, path);
    if (err == 0)
        err = open_file(journal, book);
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
    line_file_done(&journal->file);
    free(journal);
}

size_t session_journal_damaged(const struct session_journal *journal)
{
    return journal->damaged;
}
