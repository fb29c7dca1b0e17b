/*
 * When alerts go, and which together.
 *
 * An alert waits gather_s for others, so that what happens at once is one message. In quiet hours only what is urgent goes; the
 * rest goes together at their end. A role gets at most max_per_hour messages in any hour: half of them as they come, the rest
 * one by one as time passes; what has to wait for that goes together. So a flood becomes few messages, and the longest wait of an
 * urgent alert in it is 2 * 3600 / max_per_hour s.
 *
 * Threads: pure over the book.
 */
#ifndef ALERT_DISPATCH_H
#define ALERT_DISPATCH_H

#include "alert/book.h"
#include "policy/calendar.h"

struct dispatch_opts {
    int64_t gather_s;
    unsigned max_per_hour;      /* at least 2 */
    const struct window *quiet; /* local times */
    size_t quiet_count;
    const struct calendar *calendar;
};

bool dispatch_is_quiet(const struct dispatch_opts *opts, int64_t now_s);

/*
 * Plans the next batch that is due, as the last of book->batches: its alerts count as told to that role. 1: there is one; 0: none
 * is due; ERR_NOMEM, ERR_LIMIT (BOOK_BATCHES_MAX).
 */
ERR_CHECKED int dispatch_plan(const struct dispatch_opts *opts, struct book *book, int64_t now_s);

#endif
