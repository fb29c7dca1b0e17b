/*
 * What the operator can type: `belisha [-c FILE]... COMMAND [ARGUMENTS]`.
 *
 * A command is a row of the table in main.c and a file of its own. It gets its own words as argc and argv, as main()
 * would: argv[0] is the command's name.
 *
 * Threads: one.
 */
#ifndef OPERATOR_COMMAND_H
#define OPERATOR_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

/* Exit codes. */
enum operator_exit {
    OPERATOR_OK = 0,
    OPERATOR_FAILED = 1, /* it could not be done, or the answer is no; stderr says why */
    OPERATOR_USAGE = 2,  /* it was typed wrongly; stderr says what would be right */
};

struct operator_env {
    const char *const *files; /* of -c, or the installed one */
    size_t file_count;
    const struct config *config; /* loaded from them; NULL for commands that do not need it */
    FILE *out;
    FILE *err;
};

struct operator_command {
    const char *name;
    const char *synopsis; /* its words, e.g. "why NAME [--client ADDRESS]"; a line for each way to type it */
    const char *help;     /* one line */
    const char *details;  /* what `belisha help COMMAND` says besides; NULL: nothing */
    bool needs_config;    /* without a valid configuration it does not run */
    /* Returns an enum operator_exit. */
    int (*run)(const struct operator_env *env, int argc, char *argv[]);
};

extern const struct operator_command command_alert;
extern const struct operator_command command_allow;
extern const struct operator_command command_approve;
extern const struct operator_command command_block;
extern const struct operator_command command_config;
extern const struct operator_command command_decisions;
extern const struct operator_command command_flush;
extern const struct operator_command command_forget;
extern const struct operator_command command_grant;
extern const struct operator_command command_inbox;
extern const struct operator_command command_ledger;
extern const struct operator_command command_log;
extern const struct operator_command command_people;
extern const struct operator_command command_policy;
extern const struct operator_command command_reload;
extern const struct operator_command command_report;
extern const struct operator_command command_resume;
extern const struct operator_command command_revoke;
extern const struct operator_command command_silent;
extern const struct operator_command command_status;
extern const struct operator_command command_suspend;
extern const struct operator_command command_visits;
extern const struct operator_command command_who;
extern const struct operator_command command_why;

/* Sends belishad a line and prints its answer; one that begins with "error" is a failure. Returns an enum operator_exit. */
int operator_tell(const struct operator_env *env, const char *line);

/* Says what is wrong with how a command was typed, and what would be right. Returns OPERATOR_USAGE. */
int operator_usage(const struct operator_env *env, const struct operator_command *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
