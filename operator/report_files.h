/*
 * The files of a sheet: page, visits, PDF; mode 0640, there whole or not at all.
 *
 *     weekly-2026-W47.html    the page
 *     weekly-2026-W47.csv     all visits, of the weekly and the daily sheet
 *     weekly-2026-W47.pdf     where it is asked for
 *     weekly-2026-W47.sent    who has got it (report_send.h)
 *
 * A sheet of days that are not over has "-so-far" behind its days.
 *
 * Threads: one. The browser that makes the PDF is a process of its own, waited for.
 */
#ifndef OPERATOR_REPORT_FILES_H
#define OPERATOR_REPORT_FILES_H

#include "operator/report_gather.h"

#define REPORT_PATH_MAX 4096

struct report_files {
    char folder[REPORT_PATH_MAX];
    char stem[160];             /* "weekly-2026-W47" */
    char page[REPORT_PATH_MAX]; /* "": none was written */
    char visits[REPORT_PATH_MAX];
    char pdf[REPORT_PATH_MAX];
};

/* Only names: where they would be. */
void report_files_name(const struct report_options *options, const struct config *config, struct report_files *out);

/* false: not written, and that was said. */
bool report_files_write(const struct report_data *data, const struct report_options *options,
                        struct report_files *files);

/* The page alone, to options->output. false: the same. */
bool report_page_write(const struct report_data *data, const struct report_options *options, FILE *standard);

#endif
