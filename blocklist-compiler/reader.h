/*
 * Has pieces of copies read where they can do no harm: each in a process of the sandbox (sandbox/sandbox.h), which knows
 * the recipe and the names that no feed may block, gets the bytes and gives back a sheaf.
 *
 * Threads: reader_new() while there is only one; the rest from any, several at once.
 */
#ifndef COMPILER_READER_H
#define COMPILER_READER_H

#include "blocklist-compiler/piece.h"
#include "sandbox/sandbox.h"

struct reader;

/* What is read with; all stay the caller's and must not change until reader_free(). */
struct reader_opts {
    const struct recipe_feed *feeds;
    size_t feed_count;
    const struct guard *guard;
    const struct popular *popular;
    struct sandbox_limits limits; /* of one piece; zero: reader_limits */
};

extern const struct sandbox_limits reader_limits;

/* ERR_NOMEM, ERR_LIMIT. */
ERR_CHECKED int reader_new(const struct reader_opts *opts, struct reader **out);
void reader_free(struct reader *reader);

/*
 * As piece_read(); piece->feed is one of the reader's, guard and popular are the reader's own. A reading that ended badly
 * is ERR_LIMIT (time, memory, output), ERR_MALFORMED (a crash, a forbidden call) or ERR_UNSUPPORTED (no sandbox to be
 * had): then why holds a sentence without a full stop, else "". reader NULL: in this process, with the piece's own guard
 * and popular names.
 */
ERR_CHECKED int reader_read(struct reader *reader, const struct piece *piece, int fd, char why[SANDBOX_WHY_MAX]);

/* As packed_unpack(), with errors like reader_read(). */
ERR_CHECKED int reader_unpack(struct reader *reader, int in, int out, uint64_t bytes_max, char why[SANDBOX_WHY_MAX]);

#endif
