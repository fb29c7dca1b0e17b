/* Whether what a copy came to is believable. Threads: pure. */
#ifndef READING_JUDGE_H
#define READING_JUDGE_H

#include <stdbool.h>

#include "feed/stats.h"
#include "recipe/recipe.h"

/*
 * names: entries of the copy; last: of the one before, 0 when there is none. False: why gets a sentence without a full
 * stop, at most cap bytes, which tells numbers and no entry.
 */
bool judge_believes(const struct recipe_limits *limits, const struct feed_stats *stats, uint64_t names, uint64_t last,
                    char *why, size_t cap);

#endif
