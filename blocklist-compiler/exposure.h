/*
 * Which of the popular names a finished list blocks: each is looked up in it, and in the generation before, as a question
 * would be; so exceptions, wildcards and expressions are all taken into account. Threads: one.
 */
#ifndef COMPILER_EXPOSURE_H
#define COMPILER_EXPOSURE_H

#include "belisha/err.h"
#include "blockdb/blockdb.h"
#include "feed/popular.h"
#include "report/report.h"

#define EXPOSURE_ROWS_MAX 1000 /* those that are new and the most popular ones */

struct exposure {
    struct report_popular *rows;
    size_t row_count; /* at most EXPOSURE_ROWS_MAX are told */
    size_t count, new_count;
};

/*
 * now: the list; before: NULL when there is none. feeds: the rows of the feeds of `now`, in its order; their counts of
 * popular names are filled. popular and now must outlive the rows' texts. ERR_NOMEM; exposure_done() is right in any case.
 */
ERR_CHECKED int exposure_find(const struct popular *popular, const struct blockdb *now, const struct blockdb *before,
                              struct report_feed *feeds, size_t feed_count, struct exposure *out);
void exposure_done(struct exposure *exposure);

#endif
