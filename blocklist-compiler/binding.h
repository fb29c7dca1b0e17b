/*
 * Gets the sheaf of a copy (sheaf/sheaf.h), the cheapest way there is:
 *
 *   kept      the sheaf beside the copy was made of these very bytes in this very way
 *   revised   it was made of the copy before, and few lines have changed: those alone are read
 *   read      the copy is read, a large one in pieces by several threads, and the pieces are joined
 *
 *     <dir>/<name>.sheaf       of the good copy
 *     <dir>/<name>.sheaf-new   of a candidate, until it has been judged
 *
 * All three give the same. What is kept is only ever a short cut: it is not synced, a damaged or missing one costs time.
 *
 * Threads: different bindings may run at once; each starts its own and ends them.
 */
#ifndef COMPILER_BINDING_H
#define COMPILER_BINDING_H

#include "feed/popular.h"
#include "recipe/recipe.h"
#include "blocklist-compiler/reader.h"
#include "sheaf/sheaf.h"

struct binding {
    const struct recipe_feed *feed;
    const struct guard *guard;
    const struct popular *popular;
    const char *path;      /* of the copy */
    const char *path_old;  /* of the good copy, when path is a candidate; NULL */
    const char *dir;       /* where sheaves are kept */
    struct sheaf_id id;    /* of what is wanted */
    struct reader *reader; /* NULL: copies are read in this process */
    char *why; /* SANDBOX_WHY_MAX bytes for what reader_read() says of an error; NULL: nobody wants to know */
    unsigned threads;
};

/*
 * *out_new: it was written to <name>.sheaf-new, to be ended with binding_keep() or binding_discard(). Errors of
 * reader_read() and of join_write().
 */
ERR_CHECKED int binding_run(const struct binding *binding, struct sheaf **out, bool *out_new);

/* From now on the sheaf of the good copy. */
void binding_keep(const struct binding *binding);
void binding_discard(const struct binding *binding);

#endif
