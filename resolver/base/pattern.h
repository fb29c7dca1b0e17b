/*
 * Expressions over names (PCRE2), compiled once and matched with limits, so that no list can make one question dear:
 * a match that needs more than PATTERN_STEPS_MAX steps is none.
 *
 * Memory: pattern_new() allocates; a match takes a block of its own for as long as it runs.
 * Threads: a pattern may be matched by any number of threads at once.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define PATTERN_TEXT_MAX  1024
#define PATTERN_STEPS_MAX 20000

struct pattern;

/* Letters match in either case; no captures, no callouts. ERR_MALFORMED, ERR_LIMIT (PATTERN_TEXT_MAX), ERR_NOMEM. */
ERR_CHECKED int pattern_new(const char *text, size_t len, struct pattern **out);
void pattern_free(struct pattern *pattern);

/* false: it matches no text that begins with this byte. */
bool pattern_may_begin(const struct pattern *pattern, uint8_t byte);
bool pattern_matches(const struct pattern *pattern, const char *text, size_t len);
/* The same; counts in *exhausted a match that was given up for its limits. */
bool pattern_matches_or_counts(const struct pattern *pattern, const char *text, size_t len, unsigned *exhausted);

/*
 * Whether a name can be made that exceeds the limits, as far as a few hundred names tell that are made of the letters of
 * the expression: long runs of each, each as a label of its own, all of them over and over. "(a+)+$" is dear, "^ads[0-9]+\."
 * is not. Takes up to some ms; for those who accept expressions, not for those who match them.
 */
bool pattern_is_dear(const struct pattern *pattern, const char *text, size_t len);

#endif
