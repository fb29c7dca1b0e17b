/*
 * The frame of a sheet: everything before and behind its sections. One file, which asks for nothing else: no script,
 * style inside, and a policy (CSP) that forbids the rest.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_PAGE_H
#define SHEET_PAGE_H

#include <stdio.h>

#include "sheet/sheet.h"

struct page {
    const char *title;  /* "Weekly sheet" */
    const char *reader; /* "for the safeguarding lead" */
    const char *care;   /* a sentence on how to treat it */
};

void page_begin(const struct page *page, const struct sheet *sheet, FILE *to);
void page_end(const struct sheet *sheet, FILE *to);

/* A part of the page with its heading; id: unique. */
void page_section(const char *id, const char *heading, FILE *to);
void page_section_end(FILE *to);

/* Links to sections: "id|words" each, NULL behind the last. */
void page_contents(const char *const rows[], FILE *to);

extern const char sheet_style[];

#endif
