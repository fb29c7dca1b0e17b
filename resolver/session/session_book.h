/*
 * The book of sessions: those that last, and for a while those that have ended, so that news that come late or twice change
 * nothing.
 *
 * Of the sessions of one source the one that began last has an address or a device: with it, the others there are over.
 *
 * Long work is done in slices: ending the thousands of sessions of a controller that has started anew, and looking for those
 * whose time is up, is session_book_work()'s.
 *
 * Memory:  bounded by sessions_max; sessions that are given out are the book's, and good until its next change, unless the
 *          caller becomes a holder.
 * Threads: one. Pure but for the calls of opts.changed.
 */
#ifndef SESSION_SESSION_BOOK_H
#define SESSION_SESSION_BOOK_H

#include "session/session.h"

#define SESSION_BOOK_ENDED_S 3600 /* how long one that has ended is known */

enum session_book_record {
    SESSION_BOOK_RECORD, /* the change is to be kept as a line */
    SESSION_BOOK_FOLLOWS /* it follows from what was kept: a clear, the passing of time */
};

/* Told each change: a session is new, renewed or over (session->end). */
typedef void (*session_book_changed)(void *ctx, const struct session *session, enum session_book_record record);

/* Told each clear, before what it ends; that is to be kept as a line of its own. */
typedef void (*session_book_cleared)(void *ctx, enum session_source source, const char *origin, int64_t at_s);

struct session_book_opts {
    size_t sessions_max;          /* that last */
    uint64_t seed;                /* of the hashes: nobody else may know it */
    session_book_changed changed; /* NULL, as the next: nobody listens */
    session_book_cleared cleared;
    void *ctx;
};

struct session_book;

ERR_CHECKED int session_book_new(const struct session_book_opts *opts, struct session_book **out);
void session_book_free(struct session_book *book);

/* By its names. NULL: not known, or known no longer. */
const struct session *session_book_find(struct session_book *book, enum session_source source, const char *origin,
                                        const char *id);
/* The one of a source that lasts and has an address or, when address is NULL, a device. NULL: there is none. */
const struct session *session_book_at(struct session_book *book, enum session_source source,
                                      const struct ipaddr *address, const uint8_t mac[6]);

/*
 * Takes a copy as what is known of the session of these names from now on; its number is the book's to give. Ends others, or
 * this one, where an address or a device can belong to one only. ERR_LIMIT: sessions_max last; ERR_NOMEM.
 */
ERR_CHECKED int session_book_put(struct session_book *book, const struct session *session);
/* Of a session that lasts. ERR_NOMEM. */
ERR_CHECKED int session_book_end(struct session_book *book, const struct session *session, enum session_end end,
                                 int64_t at_s);
/* Ends all of an origin of which nothing was heard after at_s. They are over at once; session_book_work() tells of it. */
void session_book_clear(struct session_book *book, enum session_source source, const char *origin, int64_t at_s);

/* Does up to `slice` sessions' worth of what there is to do. true: there is more that should not wait. */
bool session_book_work(struct session_book *book, int64_t now_s, size_t slice);

/* As a line of the file says; nothing is told to changed. ERR_NOMEM; ERR_LIMIT. */
ERR_CHECKED int session_book_restore(struct session_book *book, const struct session_line *line);

size_t session_book_lasting(const struct session_book *book, enum session_source source);
/* All that are known, those that ended too. */
size_t session_book_count(const struct session_book *book);
uint64_t session_book_next_number(const struct session_book *book);

typedef void (*session_book_visit)(void *ctx, const struct session *session);
/* Those that last. The book must not be changed meanwhile. */
void session_book_each(const struct session_book *book, session_book_visit visit, void *ctx);
/* How many last of each origin that is known. */
typedef void (*session_book_visit_origin)(void *ctx, enum session_source source, const char *origin, size_t lasting);
void session_book_each_origin(const struct session_book *book, session_book_visit_origin visit, void *ctx);
/* Those that last, of one origin. */
void session_book_each_of(struct session_book *book, enum session_source source, const char *origin,
                          session_book_visit visit, void *ctx);

/* Becomes a holder of all that are known; the array is the caller's to free, its sessions to release. ERR_NOMEM. */
ERR_CHECKED int session_book_hold_all(struct session_book *book, struct session ***out, size_t *out_count);

#endif
