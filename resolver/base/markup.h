/*
 * Pieces of a page: text that is safe whatever it holds, figures as people read them, tables that a screen reader can
 * read. Threads: one for each file.
 */
#ifndef BASE_MARKUP_H
#define BASE_MARKUP_H

#include <stdint.h>
#include <stdio.h>

/* Feeds, names and what servers say are hostile: nothing of them is markup. Control characters, and what is no
 * UTF-8, become U+FFFD. */
void markup_text(const char *text, FILE *to);

/* "1,234,567" */
void markup_count(uint64_t count, FILE *to);

/* "3 h", "12 days"; of a time yet to come "0 min". */
void markup_age(int64_t age_s, FILE *to);

/* "22 November 2026, 02:31 UTC" */
void markup_time(int64_t time_s, FILE *to);

/* "23.4 MB", "812 bytes" */
void markup_bytes(uint64_t bytes, FILE *to);

/*
 * A table with its caption and column heads, in a box that scrolls on narrow screens and that the keyboard reaches.
 * id: unique on the page. heads: separated by "|"; "#" in front of one: a column of figures.
 */
void markup_table(const char *id, const char *caption, const char *heads, FILE *to);
void markup_table_end(FILE *to);

/* A cell with a figure. */
void markup_figure(uint64_t count, FILE *to);

#endif
