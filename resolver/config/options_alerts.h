/*
 * The options `alerts` of belisha.yaml as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_ALERTS_H
#define CONFIG_OPTIONS_ALERTS_H

#include "config/schema.h"

struct options_alert_rule {
    struct config_place at;
    const char *name;
    struct schema_list categories; /* int */
    struct schema_list to;         /* const char *: roles */
    bool urgent;
    bool allowed;
    int64_t questions, names;
    int64_t within_ms, again_ms;
};

struct options_alerts {
    struct schema_list rules; /* struct options_alert_rule */
    struct schema_list quiet; /* const char *: times of the week */
    int64_t max_per_hour;
    int64_t gather_ms;
    int identities; /* enum config_identities */
    struct schema_list service_to;
    int64_t service_after_ms;
};

extern const struct schema_option options_alerts_fields[];

#endif
