/*
 * Samples of the names that came to a category and of those that left it since the generation before: the popular ones
 * first, of the others some from everywhere. Threads: one.
 */
#ifndef COMPILER_CHANGES_H
#define COMPILER_CHANGES_H

#include "belisha/err.h"
#include "feed/popular.h"
#include "report/report.h"

struct changes;

/* popular: may be NULL. ERR_NOMEM. */
ERR_CHECKED int changes_new(const struct popular *popular, struct changes **out);
void changes_free(struct changes *changes);

/* An entry that has these categories now and had those before. */
void changes_note(struct changes *changes, const uint8_t *key, size_t key_len, uint64_t now, uint64_t then);

/* CATEGORY_MAX rows, good until changes_free(). Nothing may be noted after it. */
const struct report_changes *changes_report(struct changes *changes);

#endif
