/*
 * Who is told what, and by which way: the sections mail, webhooks, syslog, recipients and alerts, checked.
 *
 * Memory: the configuration's. Threads: immutable once loaded.
 */
#ifndef CONFIG_ALERTING_H
#define CONFIG_ALERTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window;

/* In the order of the options' words. */
enum config_mail_tls { CONFIG_MAIL_STARTTLS, CONFIG_MAIL_IMPLICIT, CONFIG_MAIL_NONE };
enum config_syslog_transport { CONFIG_SYSLOG_LOCAL, CONFIG_SYSLOG_UDP, CONFIG_SYSLOG_TCP, CONFIG_SYSLOG_TLS };
enum config_identities {
    CONFIG_IDENTITIES_REFERENCE, /* nobody is named: who may see it looks the reference up */
    CONFIG_IDENTITIES_INITIALS,
    CONFIG_IDENTITIES_FULL,
};

struct config_mail {
    const char *server; /* NULL: there is none */
    uint16_t port;
    enum config_mail_tls tls;
    const char *user; /* NULL: none */
    const char *password_file;
    const char *from;
    const char *from_name;
    const char *ca; /* NULL: the system's */
    int64_t timeout_ms;
};

struct config_webhook {
    const char *name;
    const char *url;
    const char *secret_file;
    const char *ca;
    int64_t timeout_ms;
};

struct config_syslog {
    const char *name;
    enum config_syslog_transport transport;
    const char *server; /* of LOCAL: the socket's path */
    uint16_t port;
    const char *ca;
    unsigned facility; /* RFC 5424 */
    int64_t timeout_ms;
};

/* A target and the role that is told by it. */
struct config_recipient {
    const char *role;
    const char *target; /* "mail:dsl@school.example", "webhook:incidents", "syslog:siem", "folder:/srv/reports" */
};

struct config_delivery {
    struct config_mail mail;
    const struct config_webhook *webhooks;
    size_t webhook_count;
    const struct config_syslog *syslogs;
    size_t syslog_count;
    const struct config_recipient *recipients; /* in the order of the file */
    size_t recipient_count;
};

struct config_alert_rule {
    const char *name;
    uint64_t categories;
    const char *const *roles;
    size_t role_count;
    bool urgent;  /* goes in quiet hours too */
    bool allowed; /* also of names that the level allows */
    unsigned questions, names;
    int64_t within_s; /* in which so many must be asked */
    int64_t again_s;  /* the same person is not told of again before nothing was asked for so long */
};

struct config_alerts {
    const struct config_alert_rule *rules;
    size_t rule_count;
    const struct window *quiet;
    size_t quiet_count;
    unsigned max_per_hour; /* messages to one role */
    int64_t gather_s;      /* alerts of so long go in one message */
    enum config_identities identities;
    const char *const *service_roles; /* told of what goes wrong with Belisha itself */
    size_t service_role_count;
    int64_t service_after_s;
    const char *dir; /* <state_dir>/alerts */
};

#endif
