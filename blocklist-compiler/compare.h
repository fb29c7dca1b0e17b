/*
 * Counts the names of a new list, all and by category, and what came and went since the generation before.
 * Both are in key order, so one walk over the two does it. Threads: one.
 */
#ifndef COMPILER_COMPARE_H
#define COMPILER_COMPARE_H

#include "belisha/err.h"
#include "blockdb/blockdb.h"
#include "blocklist-compiler/changes.h"
#include "report/report.h"

/*
 * before: NULL when there is none. changes: takes samples; NULL: none are wanted. Fills all and categories of *out. A name
 * "came to" a category when its entry says it now and did not before. ERR_DAMAGED, ERR_NOMEM.
 */
ERR_CHECKED int compare_lists(const struct blockdb *now, const struct blockdb *before, struct changes *changes,
                              struct report *out);

#endif
