/*
 * Questions of a period counted, block by block of the log: how many on each day, how many were blocked, how surely it
 * is known who asked, when nothing was recorded.
 *
 * Every row within the period is in `asked` once, questions to help services too; they are in nothing else. Hours are
 * those of the school's clocks: an hour that clocks show twice counts as one, one that they leave out has nothing.
 *
 * Threads: a census belongs to one thread; several, of the same period, can be added up.
 */
#ifndef SHEET_CENSUS_H
#define SHEET_CENSUS_H

#include "qlog/blocks.h"
#include "sheet/sheet.h"

#define CENSUS_PARTS                                                                                                   \
    (BLOCK_GAPS | BLOCK_TEXTS | BLOCK_WHO_TABLE | BLOCK_NAMES | BLOCK_VERDICT | BLOCK_TIME | BLOCK_WHO | BLOCK_WHAT)
#define CENSUS_GAPS_MAX 1000

struct census {
    struct period period;
    const struct calendar *calendar;
    size_t hour_count; /* 24 for each day of the period */
    uint64_t *asked;   /* hour_count */
    uint64_t *blocked; /* the same */
    uint64_t graded[SHEET_GRADES];
    uint64_t rows, lost;
    uint64_t closed_blocks;
    uint64_t first_segment, last_segment; /* with rows of the period; 0: none */
    uint8_t chain[QLOG_HASH_LEN];         /* of last_segment */
    char node[64];
    struct sheet_gap gaps[CENSUS_GAPS_MAX];
    size_t gap_count; /* neighbours are one; further ones are in `lost` alone */
};

/* ERR_NOMEM. */
ERR_CHECKED int census_new(const struct calendar *calendar, const struct period *period, struct census **out);
void census_free(struct census *census);

/* Rows outside of the period are passed over. */
void census_count(struct census *census, const struct block_view *view);
/* Adds what another one of the same period has counted. */
void census_add(struct census *census, const struct census *other);

/*
 * Adds the hours of school in which nothing was asked at all: hours of lessons, where the calendar has any, else from 9
 * to 15 on weekdays; on days of term, where it has terms, else on days on which something was asked. Up to now_s.
 * out_school, out_heard: how many such hours there were, and in how many something was asked. Puts gaps in order.
 */
void census_find_silence(struct census *census, int64_t now_s, uint64_t *out_school, uint64_t *out_heard);

#endif
