/*
 * Walks several cursors as one, in key order; rules of one key in the order of the cursors. Threads: one at a time.
 */
#ifndef SHEAF_MERGE_H
#define SHEAF_MERGE_H

#include "sheaf/cursor.h"

struct merge {
    struct sheaf_cursor **heap;
    size_t count;
};

/* The cursors stay the caller's and must not move. ERR_NOMEM, ERR_DAMAGED; merge_done() is right in any case. */
ERR_CHECKED int merge_init(struct merge *merge, struct sheaf_cursor *cursors, size_t count);
void merge_done(struct merge *merge);

/* The cursor with the next rule; NULL: there is none. */
static inline struct sheaf_cursor *merge_top(const struct merge *merge)
{
    return merge->count == 0 ? NULL : merge->heap[0];
}

/* Moves on from the rule that merge_top() tells. ERR_DAMAGED. */
ERR_CHECKED int merge_next(struct merge *merge);

/*
 * Cuts the keys of all sheaves into at most `parts` ranges of about the same number of rules: *out_cuts gets the first
 * keys of the second range and those behind it. Returns the number of ranges, or ERR_NOMEM, ERR_DAMAGED.
 */
ERR_CHECKED int merge_cut(const struct sheaf *const sheaves[], size_t count, unsigned parts,
                          struct sheaf_key out_cuts[]);

#endif
