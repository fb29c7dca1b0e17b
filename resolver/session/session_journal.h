/*
 * The file of sessions: lines (session/session.h) that are appended, many together, and on disk before anybody is told that
 * they are kept.
 *
 * A damaged line is skipped and counted; a last line without its end was never acknowledged and is taken away. What a
 * failed write left is taken away too. From time to time the file is written anew with what is known now.
 *
 * Threads: one at a time. Waits for the disk.
 */
#ifndef SESSION_SESSION_JOURNAL_H
#define SESSION_SESSION_JOURNAL_H

#include "session/session_book.h"

#define SESSION_JOURNAL_SLACK 2000 /* lines beyond twice what is kept, before the file is written anew */

struct session_journal;

/*
 * Opens or makes the file (mode 0640) and tells the book of its lines. ERR_BUSY: another program has it open; ERR_ACCESS,
 * ERR_NOSPACE, ERR_IO, ERR_LIMIT, ERR_NOMEM.
 */
ERR_CHECKED int session_journal_open(const char *path, struct session_book *book, struct session_journal **out);
void session_journal_close(struct session_journal *journal);

size_t session_journal_damaged(const struct session_journal *journal); /* lines that were skipped */

/* On disk when it returns 0; on failure nothing of it is. The same errors. */
ERR_CHECKED int session_journal_append(struct session_journal *journal, const char *lines, size_t len,
                                       size_t line_count);

/* Whether it has many more lines than `sessions`. */
bool session_journal_is_long(const struct session_journal *journal, size_t sessions);
/* Writes the file anew: next number, these sessions. The old one stays on failure. */
ERR_CHECKED int session_journal_rewrite(struct session_journal *journal, uint64_t next,
                                        struct session *const sessions[], size_t count);

#endif
