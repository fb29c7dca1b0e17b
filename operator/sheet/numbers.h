/*
 * The charts of a sheet, and the sentences above them. hides_small: numbers of 1 to 4 are not told.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_NUMBERS_H
#define SHEET_NUMBERS_H

#include <stdio.h>

#include "sheet/sheet.h"

void numbers_of_days(const struct sheet *sheet, FILE *to);
void numbers_of_hours(const struct sheet *sheet, bool hides_small, FILE *to);
void numbers_of_topics(const struct sheet *sheet, bool hides_small, FILE *to);
void numbers_of_weeks(const struct sheet *sheet, bool hides_small, FILE *to);

/* "42 visits in categories of concern, against 38 in an average week of the last 4." */
void numbers_trend(const struct sheet *sheet, FILE *to);

#endif
