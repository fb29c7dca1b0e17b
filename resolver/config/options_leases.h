/*
 * The options `identity.leases` and `identity.silence` of belisha.yaml as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_LEASES_H
#define CONFIG_OPTIONS_LEASES_H

#include "config/schema.h"

/* One source of leases: exactly one of the paths is given. */
struct options_lease {
    struct config_place at;
    const char *paths[4]; /* by enum lease_kind */
};

struct options_silence {
    bool report;
    int64_t after_ms;
    int64_t few;
    int during; /* 0: always, 1: lessons */
    struct config_place during_at;
    struct schema_list networks; /* struct prefix, as in the next */
    struct schema_list except;
};

/* Of struct options_lease, and of struct options_silence. */
extern const struct schema_option options_lease_fields[];
extern const struct schema_option options_silence_fields[];

#endif
