/*
 * When blocked visits began: collected while episodes are being made, counted by day and hour once it is known which of
 * them a program made and no person.
 *
 * Memory: 24 bytes for each blocked visit. Begins as {.tables = ...}; moments_done() gives it back. Threads: one.
 */
#ifndef SHEET_MOMENTS_H
#define SHEET_MOMENTS_H

#include "episode/episode.h"
#include "qlog/dict.h"
#include "sheet/sheet.h"

struct moment {
    int64_t begin_ns;
    uint64_t strand;
    uint8_t category, verdict;
};

struct moments {
    const struct tables *tables;
    struct moment *items;
    size_t count, cap;
    struct dict machines; /* strands that are left out */
    bool failed;          /* no memory: moments_fill() says so */
};

/* For struct episode_opts; moments: a struct moments. */
void moments_visit(void *moments, int64_t begin_ns, uint64_t strand, uint8_t category, uint8_t verdict);
/* The visits of this episode are a program's. ERR_NOMEM. */
ERR_CHECKED int moments_leave_out(struct moments *moments, const struct episode *episode);
/* Counts the others in sheet->days. ERR_NOMEM. */
ERR_CHECKED int moments_fill(const struct moments *moments, struct sheet *sheet);
void moments_done(struct moments *moments);

#endif
