/*
 * What a NAS says (radius/account.h) as changes of the book.
 *
 * The same word twice, and a word that comes late, change nothing: a Start after the Stop of the same session, an
 * Interim-Update that is older than what is known. A Stop whose Start was lost is kept, so that the Start is known to be
 * over when it comes. An Accounting-On or -Off ends what its NAS said before.
 *
 * Threads: as the book's.
 */
#ifndef SESSION_ACCOUNTING_H
#define SESSION_ACCOUNTING_H

#include "radius/account.h"
#include "session/session_book.h"

#define ACCOUNTING_REUSED_S                                                                                            \
    300 /* a Start without a time of its own, so long after the end: the NAS uses the id again */

struct accounting_from {
    const char *name;      /* of the NAS or proxy in the configuration */
    struct ipaddr address; /* it sent from: names a NAS that does not name itself */
    int64_t lifetime_s;
};

/* now_s: wall time. ERR_LIMIT: the book is full; ERR_NOMEM. Then it must not be answered. */
ERR_CHECKED int accounting_take(struct session_book *book, const struct accounting_from *from,
                                const struct radius_account *account, int64_t now_s);

#endif
