/*
 * The options `reports` of belisha.yaml as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_REPORTS_H
#define CONFIG_OPTIONS_REPORTS_H

#include "config/schema.h"

struct options_report {
    struct config_place at;
    struct schema_list to; /* const char *: roles */
    int day;               /* 0 Monday to 6 Sunday */
    const char *time;
    struct config_place time_at;
    int mail; /* 0 notice, 1 attached */
};

struct options_reports {
    const char *dir;
    bool pdf;
    const char *browser;
    const char *passphrase_file;
    const char *link;
    struct options_report weekly, daily, governors;
};

extern const struct schema_option options_reports_fields[];

#endif
