/*
 * The options of who may change what, and how it is written down: `operators`, `rights`, `change_control`, `ledger`.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_CHANGE_H
#define CONFIG_OPTIONS_CHANGE_H

#include "config/schema.h"

struct options_operator {
    struct config_place at;
    const char *user;         /* NULL: see group */
    const char *group;        /* NULL: see user */
    struct schema_list roles; /* const char * */
};

struct options_right {
    struct config_place at;
    const char *role;
    struct schema_list may; /* int: enum act */
};

/* What needs more than the usual approvals. */
struct options_rule {
    struct config_place at;
    struct schema_list opens;     /* int: enum category or OPTIONS_CATEGORY_ALL */
    struct schema_list approvals; /* const char * */
};

struct options_change {
    struct schema_list approvals; /* const char *: roles; "none" alone: no change control */
    struct schema_list rules;     /* struct options_rule */
    int assessment;               /* 0 required, 1 optional */
    int64_t review_max_ms;
};

struct options_ledger {
    int64_t file_bytes, file_max;
};

extern const struct schema_option options_operator_fields[];
extern const struct schema_option options_right_fields[];
extern const struct schema_option options_change_fields[];
extern const struct schema_option options_ledger_fields[];

#endif
