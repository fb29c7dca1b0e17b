/*
 * What a sheet takes from the query log: questions counted (census.h), visits made of them (episode/builder.h) and put
 * together as entries (concerns.h).
 *
 * Threads: one calls; several work.
 */
#ifndef SHEET_FROM_LOG_H
#define SHEET_FROM_LOG_H

#include "episode/builder.h"
#include "sheet/concerns.h"
#include "sheet/sheet.h"

struct from_log_opts {
    const char *dir;
    const struct site_finder *finder;
    const struct seen *seen; /* sites seen before; NULL: none is told as new */
    struct concerns_opts concerns;
    int64_t now_s;
};

/*
 * Fills what the log has of sheet->period. Texts of entries belong to the builder too, which the caller frees after the
 * sheet is written. ERR_NOENT: no log; ERR_ACCESS, ERR_NOMEM.
 */
ERR_CHECKED int from_log(const struct from_log_opts *opts, struct sheet *sheet, struct episode_builder **out);

/* Only the numbers of a week that is long over: asked and blocked visits, out->first_day is given. *out_known:
 * there were any rows. */
ERR_CHECKED int from_log_week(const struct from_log_opts *opts, const struct period *period,
                              const struct calendar *calendar, struct sheet_week *out);

#endif
