/*
 * The section reports: which sheets are made when, and for whom.
 *
 * Memory: the configuration's. Threads: immutable once loaded.
 */
#ifndef CONFIG_REPORTING_H
#define CONFIG_REPORTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the options. */
enum config_report_kind { CONFIG_REPORT_WEEKLY, CONFIG_REPORT_DAILY, CONFIG_REPORT_GOVERNORS, CONFIG_REPORT_KINDS };

struct config_report {
    const char *const *to; /* roles (recipients); none: it is left in the folder */
    size_t to_count;
    unsigned weekday; /* 0 Monday to 6 Sunday: of the weekly one */
    uint32_t second;  /* of the day, by the school's clocks, from which on it is made */
    bool attached;    /* it goes along by mail, encrypted; else mail only says where it is */
};

struct config_reports {
    const char *dir; /* <state_dir>/reports */
    bool pdf;
    const char *browser;         /* program that makes PDF */
    const char *passphrase_file; /* of what is attached; NULL: none */
    const char *link;            /* where people find the folder, as they would type it; NULL: the path */
    struct config_report kinds[CONFIG_REPORT_KINDS];
};

#endif
