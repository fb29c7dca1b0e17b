/*
 * The routes and recipients of the configuration, for delivery/.
 *
 * Memory: texts are the configuration's, the tables the struct's. Threads: one; immutable once filled.
 */
#ifndef OPERATOR_ROUTES_H
#define OPERATOR_ROUTES_H

#include "config/config.h"
#include "delivery/route.h"

struct route_tables {
    struct routes routes; /* for deliver() and outbox_turn() */
    struct mail_opts mail;
    struct webhook_opts *webhooks;
    struct syslog_opts *syslogs;
};

/* ERR_NOMEM. The struct must stay where it is. */
ERR_CHECKED int routes_init(struct route_tables *tables, const struct config *config);
void routes_done(struct route_tables *tables);

/* The targets of a role, each once, at most max; returns how many there are. */
size_t routes_targets(const struct config *config, const char *role, const char *out[], size_t max);

#endif
