/*
 * All sources of leases: reads and follows them, and claims for each lease that its address belongs to its card.
 *
 * What goes wrong with a source is logged once, and once more when it is over; leases_status() says it as long as it lasts.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_LEASES_H
#define SERVICE_LEASES_H

#include <uv.h>

#include "identity/claims.h"
#include "lease/book.h"
#include "lease/source.h"

struct leases;

/* claims must stay. ERR_NOMEM. */
ERR_CHECKED int leases_new(uv_loop_t *loop, struct claims *claims, struct leases **out);

/*
 * The sources from now on; what they point to need not stay. One that was there before goes on as it is; the claims of one
 * that is not there any more end. A new file is read at once, before this returns. ERR_NOMEM: some are missing.
 */
ERR_CHECKED int leases_use(struct leases *leases, const struct lease_source sources[], size_t count);

size_t leases_count(const struct leases *leases);
const struct lease_status *leases_status(const struct leases *leases, size_t index);

/* Whether each source's book can be looked at: none is being read. */
bool leases_are_at_rest(const struct leases *leases);
/* Of a source, while leases_are_at_rest(). */
const struct book *leases_book(const struct leases *leases, size_t index);

/* Ends all; the loop must run on until they are gone, then leases_free(). NULL is nothing. */
void leases_close(struct leases *leases);
void leases_free(struct leases *leases);

#endif
