/*
 * The numbers of weeks that are over, kept for the trend when the log itself has gone: a file with a line of JSON for
 * each, <state_dir>/reports/weeks. It has sums of the whole school, and nobody in it.
 *
 *     {"week":"2026-W47","asked":9352000,"concerning":125,"other":1025,"requests":3}
 *
 * A week that is there twice: the later line counts.
 *
 * Threads: pure, but for the file.
 */
#ifndef SHEET_WEEKS_H
#define SHEET_WEEKS_H

#include "base/arena.h"
#include "sheet/sheet.h"

/* Puts what the file knows into weeks (first_day is given in each). No file is no error. ERR_ACCESS, ERR_IO,
 * ERR_NOMEM. */
ERR_CHECKED int weeks_load(const char *path, const struct calendar *calendar, struct sheet_week *weeks, size_t count);
/* Adds a line. ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOENT (its folder). */
ERR_CHECKED int weeks_put(const char *path, const struct calendar *calendar, const struct sheet_week *week);

#endif
