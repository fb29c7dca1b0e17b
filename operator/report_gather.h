/*
 * All that a sheet tells, brought together: from the log, the ledger, the inbox, the records of other programs and the
 * running belishad. What can't be read is said, on the sheet and to whoever makes it.
 *
 * Threads: one.
 */
#ifndef OPERATOR_REPORT_GATHER_H
#define OPERATOR_REPORT_GATHER_H

#include "operator/command.h"
#include "operator/report_options.h"
#include "sheet/sheet.h"

struct report_data {
    struct sheet sheet;
    struct arena *arena;
    struct tables *tables;
    struct site_finder *finder;
    struct seen *seen;
    struct episode_builder *builder;
    struct roster *roster; /* NULL: there are no names */
    struct person_table *people;
    const struct config *config;
    FILE *err;
};

/* false: it can't be made, and that was said. Then, too, report_data_done(). */
bool report_gather(const struct operator_env *env, const struct report_options *options, int64_t now_s,
                   struct report_data *out);
void report_data_done(struct report_data *data);

#endif
