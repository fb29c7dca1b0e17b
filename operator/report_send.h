/*
 * Sheets to the people they are for. What leaves the machine in clear names nobody: a mail, webhook or syslog message
 * says that a sheet is ready and where; the sheet itself goes along only encrypted (reports.*.mail: attached), or if it
 * is that for governors. A folder of a recipient gets the files as they are.
 *
 * Who has got it stands in <stem>.sent beside the page, one target a line, so that what failed is tried again and
 * nobody gets it twice.
 *
 * Threads: one; waits for the network.
 */
#ifndef OPERATOR_REPORT_SEND_H
#define OPERATOR_REPORT_SEND_H

#include "operator/report_files.h"

/* Whether everybody has it whom the configuration names. */
bool report_is_sent(const struct operator_env *env, const struct report_options *options,
                    const struct report_files *files);

/* false: somebody could not be reached, and that was said. */
bool report_send(const struct operator_env *env, const struct report_options *options, const struct report_files *files,
                 int64_t now_s);

/* Whether no term of the calendar goes on behind the period; without terms always. */
bool report_term_is_over(const struct calendar *calendar, const struct period *period, int64_t now_s);

#endif
