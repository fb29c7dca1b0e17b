/*
 * The options of `shipping` in belisha.yaml, as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_SHIPPING_H
#define CONFIG_OPTIONS_SHIPPING_H

#include "config/schema.h"

struct options_destination {
    struct config_place at;
    const char *name;
    int kind;                     /* enum destination_kind */
    struct schema_list addresses; /* const char * */
    const char *table;
    const char *topic;
    const char *user;
    const char *password;
    const char *ca;
    int identities; /* enum destination_identities */
    const char *pseudonym_key;
    const char *reason;
    int rows; /* 0 all, 1 blocked */
    int64_t timeout_ms;
    int64_t alarm_after_ms;
    int64_t keep_ms;
    struct schema_list settings; /* pairs of const char * */
    struct schema_list secrets;  /* the same */
};

struct options_shipping {
    const char *site;
    struct config_place site_at;
    struct schema_list destinations; /* struct options_destination */
};

extern const struct schema_option options_shipping_fields[];

#endif
