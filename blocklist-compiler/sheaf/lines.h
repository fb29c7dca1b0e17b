/*
 * What became of the lines of a text: which went, which came. Lines that stay are compared as bytes and not looked into.
 *
 * Memory: heap, freed by lines_done(). Threads: one at a time.
 */
#ifndef SHEAF_LINES_H
#define SHEAF_LINES_H

#include "belisha/err.h"
#include "feed/span.h"
#include "publish/bytes.h"

/* A place where texts differ: whole lines of the old one that went and of the new one that came; either may be none. */
struct lines_change {
    struct span went, came;
    uint64_t old_line, new_line; /* lines before it */
    uint64_t went_count, came_count;
};

struct lines {
    struct bytes changes; /* struct lines_change, ascending */
    uint64_t new_count;   /* lines of the new text */
};

/*
 * Finds the changes. bytes_max: of changed lines, old and new together, before it is given up. ERR_LIMIT; ERR_NOMEM;
 * lines_done() is right in any case.
 */
ERR_CHECKED int lines_compare(struct span old_text, struct span new_text, uint64_t bytes_max, struct lines *out);
void lines_done(struct lines *lines);

size_t lines_change_count(const struct lines *lines);
const struct lines_change *lines_change_at(const struct lines *lines, size_t index);

/* The number in the new text of a line of the old one; 0: it went. Numbers start with 1. */
uint64_t lines_number_now(const struct lines *lines, uint64_t old_number);
/* The number in the new text of the number-th line that came. */
uint64_t lines_number_of_new(const struct lines *lines, uint64_t number);

/* How many lines a text has. */
uint64_t lines_count(struct span text);

#endif
