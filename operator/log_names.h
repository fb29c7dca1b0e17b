/*
 * Who the numbers of a row stand for: users and devices by name, from the roster (identity/roster.h).
 *
 * Numbers mean something in the roster of the resolver that wrote the log. A copy of another one's is read with that
 * one's roster, or without names.
 *
 * Threads: one.
 */
#ifndef OPERATOR_LOG_NAMES_H
#define OPERATOR_LOG_NAMES_H

#include "config/config.h"
#include "identity/roster.h"
#include "operator/log_options.h"

struct log_names {
    struct roster *roster; /* NULL: there are no names */
    char user[ROSTER_NAME_MAX + 16];
    char device[ROSTER_NAME_MAX + 16];
    /* Devices whose names are left out; with it, what any of them calls itself is too. NULL: none is. Set after opening */
    bool (*device_is_hidden)(void *ctx, uint32_t device);
    void *ctx;
};

/*
 * Opens the roster that belongs to the log of these options, and turns the names in them into numbers. NULL; or what is
 * wrong, a sentence that is good until the next call.
 */
const char *log_names_open(struct log_names *names, const struct config *config, struct log_options *options);
void log_names_close(struct log_names *names);

/* Puts user, device and called into a row; "" for what is not known, "#17" for a number without a name. */
void log_names_put(struct log_names *names, struct qlog_row *row);

#endif
