/*
 * Words of the sheets that are not a matter of layout: who it was, numbers, spans of time.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_WORDS_H
#define SHEET_WORDS_H

#include <stdio.h>

#include "sheet/sheet.h"

/*
 * Who it was in one phrase of markup, with what is not known: "signed in as <strong>j.smith</strong>", "this device,
 * <strong>lab-pc-4</strong>; not known who used it".
 */
void words_who(const struct sheet_who *who, FILE *to);
/* How that is known, as plain text: "signed in", "on loan to", "this device, not known who"... */
const char *words_grade(unsigned grade);

/* "1 visit", "1,234 visits": one is the word for one, and more gets an s. */
void words_count(uint64_t count, const char *one, FILE *to);
/* "3 hours", "2 days" */
void words_span(int64_t s, FILE *to);
/* "Mon 16 Nov, 22:40" or, for two times, "... to Thu 19 Nov, 08:15"; the day is said once. */
void words_times(const struct calendar *calendar, int64_t first_s, int64_t last_s, FILE *to);
/* For governors: "fewer than 5" for 1 to 4. */
void words_small(uint64_t count, FILE *to);

#endif
