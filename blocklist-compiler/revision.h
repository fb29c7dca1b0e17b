/*
 * What reading a whole new copy would come to, from what reading the old one came to and the lines that changed.
 * Only for formats in which a line says the same wherever it stands (feed_format.by_line).
 *
 * Threads: pure.
 */
#ifndef COMPILER_REVISION_H
#define COMPILER_REVISION_H

#include "feed/stats.h"
#include "sheaf/lines.h"

/*
 * went, came: of the lines that went and that came, each read as a text of its own. Fills *out, which the caller has
 * initialised, all but `declared`; and but the samples of a row whose first ones went, since what stood behind them is
 * not known (revision_add_samples). ERR_UNSUPPORTED: the same of the most popular name; ERR_DAMAGED: more went than there
 * was; ERR_NOMEM.
 */
ERR_CHECKED int revision_stats(const struct feed_stats *old_stats, const struct feed_stats *went,
                               const struct feed_stats *came, const struct lines *lines, struct feed_stats *out);

/* Whether each row has all the samples that it can have. */
bool revision_has_samples(const struct feed_stats *stats);

/* Adds samples to rows that lack some. piece: what reading the next lines of the new copy, from its start on, came to. */
void revision_add_samples(struct feed_stats *stats, const struct feed_stats *piece, uint64_t lines_before);

#endif
