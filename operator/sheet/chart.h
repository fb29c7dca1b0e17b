/*
 * Charts as inline SVG: each is a figure with a caption, a picture that a screen reader tells in one sentence, and the
 * same figures as a table. No meaning is in a colour alone: every bar and every cell has its number, the two kinds of a
 * bar have another texture, so that a copy in black and white says the same.
 *
 * Colours are classes of data/sheet/style.css. Drawn for 340 units of width, the narrowest phone; wider windows enlarge
 * them.
 *
 * Memory:  allocates nothing. Threads: one for each file.
 */
#ifndef SHEET_CHART_H
#define SHEET_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CHART_LABEL_MAX 16
#define CHART_HOURS     24
#define CHART_WEEKDAYS  7

struct chart {
    const char *id;       /* unique on the page; the parts' ids begin with it */
    const char *caption;  /* markup of ours */
    const char *summary;  /* one sentence, text */
    const char *unit;     /* head of the tables' first column, e.g. "day" */
    const char *kinds[2]; /* what the lower and the upper part of a bar are; [1] NULL: there is one part */
    bool hides_small;     /* 1 to 4 are shown as "under 5" */
};

struct chart_column {
    char label[CHART_LABEL_MAX], below[CHART_LABEL_MAX]; /* two lines under the bar */
    uint64_t value[2];
    bool unknown; /* there are no figures for it */
    bool marked;  /* the one that the sheet is about */
};

/* Bars that stand. */
void chart_columns(const struct chart *chart, const struct chart_column *columns, size_t count, FILE *to);

struct chart_row {
    const char *label;
    uint64_t value;
    bool marked;
};

/* Bars that lie. */
void chart_rows(const struct chart *chart, const struct chart_row *rows, size_t count, FILE *to);

/* A day for each column, an hour for each row: the darker, the more. Hours of the night without anything are left
 * out. */
void chart_heat(const struct chart *chart, const uint64_t cells[CHART_WEEKDAYS][CHART_HOURS], FILE *to);

/* What the pictures share: once, before the first of them. */
void chart_defs(FILE *to);

#endif
