/*
 * The lists that feeds are judged by: the Public Suffix List and a ranking of popular names. They are fetched like feeds
 * and kept like them; where there is no good copy, the system's suffixes and the shipped names decide, and the report
 * says so.
 *
 * Threads: one; guard and names may be shared once references_fetch() is done.
 */
#ifndef COMPILER_REFERENCES_H
#define COMPILER_REFERENCES_H

#include "belisha/err.h"
#include "feed/guard.h"
#include "feed/popular.h"
#include "fetch/fetch.h"
#include "recipe/recipe.h"
#include "report/report.h"

struct references_opts {
    struct recipe_reference suffixes, popular;
    size_t popular_names; /* how many of the ranking count */
};

struct references {
    struct references_opts opts;
    struct popular *popular;
    struct report_reference suffix_row, popular_row;
    char suffix_why[DOWNLOAD_WHY_MAX], popular_why[DOWNLOAD_WHY_MAX];
};

/* ERR_NOMEM; references_done() is right in any case. */
ERR_CHECKED int references_init(struct references *refs, const struct references_opts *opts);
void references_done(struct references *refs);

/* Gets both and gives the guard its suffixes. Under the lock of the folder, after download_init(). ERR_NOMEM. */
ERR_CHECKED int references_fetch(struct references *refs, const struct fetch_opts *fetch, struct guard *guard);

#endif
