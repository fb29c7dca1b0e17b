/*
 * A sheet as a school might have it, with people who do not exist: for tests and for looking at pages.
 *
 * hostile: every text that comes from outside is markup, a formula, or no UTF-8. Memory: static. Threads: one.
 */
#ifndef TESTS_SHEET_SAMPLE_H
#define TESTS_SHEET_SAMPLE_H

#include <stdio.h>

#include "sheet/sheet.h"

#define SAMPLE_HOSTILE "=<script>alert('1')</script>\"&\x1b\xff,;\r\n"

struct sheet *sample_sheet(bool hostile);
/* Ten entries and long texts: as much as the first page has to hold. */
struct sheet *sample_full(void);
/* Nothing was asked, or recorded. */
struct sheet *sample_empty(void);
/* The texts of a page; the caller frees. */
char *sample_written(void (*write)(const struct sheet *sheet, FILE *to), const struct sheet *sheet);

#endif
