/*
 * The weekly sheet, for the designated safeguarding lead: what wants a look on its first page, everything else behind
 * it.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_WEEKLY_H
#define SHEET_WEEKLY_H

#include <stdio.h>

#include "sheet/sheet.h"

/* csv: name of the file beside it that has all visits; NULL: there is none. */
void weekly_write(const struct sheet *sheet, const char *csv, FILE *to);

#endif
