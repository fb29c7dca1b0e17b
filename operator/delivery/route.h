/*
 * Where messages can go, as a target's text says it:
 *
 *     mail:dsl@school.example      by the school's mail server
 *     webhook:incidents            to the HTTPS address of that name
 *     syslog:siem                  to the syslog receiver of that name
 *     folder:/srv/reports          files in a folder
 *
 * Memory:  all of it is the configuration's. Threads: immutable; any thread.
 */
#ifndef DELIVERY_ROUTE_H
#define DELIVERY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define ROUTE_TARGET_MAX 320 /* bytes of a target's text, with the closing zero */

enum route_kind { ROUTE_MAIL, ROUTE_WEBHOOK, ROUTE_SYSLOG, ROUTE_FOLDER, ROUTE_KINDS };

enum route_tls {
    ROUTE_TLS_START,    /* the connection begins in clear and must become TLS before anything is said (RFC 3207) */
    ROUTE_TLS_IMPLICIT, /* TLS from the first byte (RFC 8314) */
    ROUTE_TLS_NONE,     /* only to this machine itself */
};

struct mail_opts {
    const char *server; /* name or address; its certificate must be for it */
    uint16_t port;
    enum route_tls tls;
    const char *user;          /* NULL: none is said */
    const char *password_file; /* NULL with user */
    const char *from;          /* address */
    const char *from_name;     /* what stands before it; NULL: nothing */
    const char *ca;            /* file of the roots its certificate must lead to; NULL: the system's */
    int64_t timeout_ms;        /* until it answers; of a whole mail: several times that */
};

struct webhook_opts {
    const char *name;
    const char *url;         /* https; http only to a loopback address */
    const char *secret_file; /* what signs */
    const char *ca;          /* as above */
    int64_t timeout_ms;
};

enum syslog_transport { SYSLOG_LOCAL, SYSLOG_UDP, SYSLOG_TCP, SYSLOG_TLS };

struct syslog_opts {
    const char *name;
    enum syslog_transport transport;
    const char *server; /* name or address; LOCAL: path of the socket */
    uint16_t port;
    const char *ca;
    unsigned facility; /* RFC 5424, 6.2.1 */
    const char *host;  /* what this machine calls itself */
    int64_t timeout_ms;
};

struct routes {
    const struct mail_opts *mail; /* NULL: there is no mail server */
    const struct webhook_opts *webhooks;
    size_t webhook_count;
    const struct syslog_opts *syslogs;
    size_t syslog_count;
};

/* A target, taken apart. */
struct route {
    enum route_kind kind;
    const char *to; /* in the target's text, behind its colon */
    const struct mail_opts *mail;
    const struct webhook_opts *webhook;
    const struct syslog_opts *syslog;
};

/* ERR_MALFORMED: it is none; ERR_NOENT: the configuration knows no such route (any more). */
ERR_CHECKED int route_find(const struct routes *routes, const char *target, struct route *out);
/* The kind alone. ERR_MALFORMED. */
ERR_CHECKED int route_kind_of(const char *target, enum route_kind *out);

#endif
