/* What is typed after `belisha report`: which sheet, of which days, and where it goes. Threads: one. */
#ifndef OPERATOR_REPORT_OPTIONS_H
#define OPERATOR_REPORT_OPTIONS_H

#include "config/config.h"
#include "sheet/period.h"

struct report_options {
    enum config_report_kind kind;
    struct period period;
    const char *dir;    /* another log; NULL: of the configuration */
    const char *roster; /* ... and its names */
    const char *output; /* file of the page alone; "-": standard output; NULL: the folder */
    const char *folder; /* NULL: of the configuration */
    bool pdf;
    bool send;
    bool if_due;
    bool no_verify; /* the chain of the log is not checked */
};

/* "weekly", "daily", "governors". */
const char *report_kind_word(enum config_report_kind kind);

/* argv[0] is the subcommand. NULL, or a sentence that says what would be right. */
const char *report_options_read(int argc, char *argv[], const struct config *config, int64_t now_s,
                                struct report_options *out);

#endif
