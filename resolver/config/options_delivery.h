/*
 * The options `mail`, `webhooks`, `syslog` and `recipients` of belisha.yaml as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_DELIVERY_H
#define CONFIG_OPTIONS_DELIVERY_H

#include "config/schema.h"

struct options_mail {
    struct config_place at;
    const char *server;
    struct config_place server_at;
    int64_t port; /* 0: the usual one */
    int tls;      /* enum config_mail_tls */
    struct config_place tls_at;
    const char *user;
    const char *password_file;
    const char *from;
    struct config_place from_at;
    const char *from_name;
    const char *ca;
    int64_t timeout_ms;
};

struct options_webhook {
    struct config_place at;
    const char *name;
    const char *url;
    struct config_place url_at;
    const char *secret_file;
    const char *ca;
    int64_t timeout_ms;
};

struct options_syslog {
    struct config_place at;
    const char *name;
    int transport; /* enum config_syslog_transport */
    const char *server;
    struct config_place server_at;
    int64_t port; /* 0: the usual one */
    const char *socket;
    const char *ca;
    int facility; /* index in options_facilities: as RFC 5424 numbers them */
    int64_t timeout_ms;
};

struct options_recipient {
    struct config_place at;
    const char *role;
    struct schema_list mail; /* const char *, as in the next three */
    struct schema_list webhook;
    struct schema_list syslog;
    struct schema_list folder;
};

extern const struct schema_option options_mail_fields[];
extern const struct schema_option options_webhook_fields[];
extern const struct schema_option options_syslog_fields[];
extern const struct schema_option options_recipient_fields[];

#endif
