/*
 * Reads one copy of a feed as its recipe says: the format's parser over a file, an archive or a folder.
 *
 * Threads: different readings may run at once; the guard may be shared.
 */
#ifndef READING_READING_H
#define READING_READING_H

#include "feed/format.h"
#include "recipe/recipe.h"

struct reading {
    const struct recipe_feed *feed;
    const struct guard *guard;
    const struct popular *popular; /* names whose block is flagged; NULL: none */
    const char *path;              /* of the copy */
    const struct span *text;       /* NULL, or what is read instead: whole lines of the copy; of a tree, its archive */
    feed_sink sink;                /* told every accepted rule */
    feed_refused refused;          /* told every refused line; may be NULL */
    void *ctx;                     /* of both */
};

/*
 * From the start to the end; counts go to stats, which the caller has initialised. 0; errors of the parser and of the
 * sink; ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_LIMIT (over the feed's limits), ERR_NOMEM.
 */
ERR_CHECKED int reading_run(const struct reading *reading, struct feed_stats *stats);

/*
 * A whole file as it is now: a mapping would fall when somebody cuts the file while it is read. *out is the caller's to
 * free. ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_LIMIT (over bytes_max), ERR_NOMEM.
 */
ERR_CHECKED int reading_load(const char *path, uint64_t bytes_max, uint8_t **out, size_t *out_len);

/* Every category that a rule of the feed can be of. */
uint64_t reading_categories(const struct recipe_feed *feed);

#endif
