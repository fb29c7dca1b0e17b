/*
 * The options of who says who is where: `identity.radius` and `identity.api` in belisha.yaml, as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_SESSIONS_H
#define CONFIG_OPTIONS_SESSIONS_H

#include "config/schema.h"

/* An access point, switch, controller or proxy that sends accounting. */
struct options_nas {
    struct config_place at;
    const char *name;
    struct schema_list networks; /* struct prefix: it sends from */
    const char *secret;          /* path */
    int message_authenticator;   /* 0 if-present, 1 required */
    int64_t lifetime_ms;         /* 0: options_radius.lifetime_ms */
};

struct options_radius {
    struct schema_list listen; /* struct endpoint */
    int64_t lifetime_ms;
    struct schema_list nas; /* struct options_nas */
};

struct options_token {
    struct config_place at;
    const char *name;
    const char *file;
    struct schema_list networks; /* struct prefix; none: all */
    bool own_address;
};

struct options_api {
    struct schema_list listen; /* struct endpoint */
    const char *socket;        /* path; NULL: none */
    int socket_mode;           /* index in options_socket_modes */
    struct schema_list users;  /* const char * */
    int64_t ttl_ms, ttl_max_ms;
    struct config_place ttl_at;
    struct schema_list tokens; /* struct options_token */
};

extern const char *const options_socket_modes[];

/* Parts of the table of struct options_identity. */
extern const struct schema_option options_radius_fields[];
extern const struct schema_option options_api_fields[];

#endif
