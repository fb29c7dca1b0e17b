/*
 * What two policies do differently, in plain words, and which categories the second opens to somebody.
 *
 * Told are levels, groups, who belongs where, and names for everyone; people are data and not told one by one. Where it is not
 * certain that something was open before, it counts as opened: so a change is rather approved by one more person.
 *
 * Threads: pure.
 */
#ifndef CHANGE_DIFFERENCE_H
#define CHANGE_DIFFERENCE_H

#include "base/text.h"
#include "policy/opts.h"

struct difference {
    uint64_t opens;    /* categories, and CHANGE_OPENS_ANYTHING (change_line.h) for names and other things */
    size_t line_count; /* 0: nothing that is told here differs */
};

/* Adds a line for each to out. */
void difference_write(const struct policy_opts *before, const struct policy_opts *after, struct text *out,
                      struct difference *out_sum);

#endif
