/*
 * Sections that more than one sheet has. Each says in a sentence when there is nothing to tell: a section that is
 * missing would leave open whether nobody looked.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_PARTS_H
#define SHEET_PARTS_H

#include <stdio.h>

#include "sheet/sheet.h"

/* Entries from the first on, at most SHEET_TOP_MAX. */
void parts_entries(const struct sheet *sheet, FILE *to);
/* What the categories of those entries may mean. */
void parts_meanings(const struct sheet *sheet, FILE *to);
void parts_requests(const struct sheet *sheet, FILE *to);
/* Resolver, lists, checks, the log itself. */
void parts_health(const struct sheet *sheet, FILE *to);
/* Within it: the lists and their age alone. */
void parts_feeds(const struct sheet *sheet, FILE *to);
void parts_checks(const struct sheet *sheet, FILE *to);
void parts_gaps(const struct sheet *sheet, FILE *to);
/* What a DNS server can't see. gaps: id of the section that tells of them. */
void parts_unseen(const struct sheet *sheet, const char *gaps, FILE *to);

uint64_t parts_waiting(const struct sheet *sheet); /* requests without an answer */
uint64_t parts_lost(const struct sheet *sheet);    /* records */

#endif
