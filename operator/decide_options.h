/*
 * What is typed after the commands that decide (allow, block, grant, suspend, resume, approve, revoke), and the request
 * that it becomes.
 *
 * Threads: one.
 */
#ifndef OPERATOR_DECIDE_OPTIONS_H
#define OPERATOR_DECIDE_OPTIONS_H

#include <getopt.h>

#include "decision/decision.h"
#include "operator/command.h"

/* Rows for getopt_long(); each command takes those that it has a use for. */
#define DECIDE_WHY                                                                                                     \
    {                                                                                                                  \
        "reason", required_argument, NULL, 'r'                                                                         \
    }
#define DECIDE_SCOPE                                                                                                   \
    {"group", required_argument, NULL, 'g'}, {"user", required_argument, NULL, 'U'},                                   \
    {                                                                                                                  \
        "device", required_argument, NULL, 'D'                                                                         \
    }
#define DECIDE_TIME                                                                                                    \
    {"from", required_argument, NULL, 'F'}, {"for", required_argument, NULL, 'f'},                                     \
    {                                                                                                                  \
        "until", required_argument, NULL, 'u'                                                                          \
    }
#define DECIDE_PEOPLE                                                                                                  \
    {"asked", required_argument, NULL, 'a'}, {"approved", required_argument, NULL, 'A'},                               \
    {                                                                                                                  \
        "review", required_argument, NULL, 'R'                                                                         \
    }

/* Takes one of them, with optarg. A sentence that says what would be right, or NULL. */
const char *decide_option_take(int option, struct decision_request *request);

/* What the options say together: a reason, one end, one scope. A sentence, or NULL. */
const char *decide_options_check(const struct decision_request *request);

/* Asks belishad, in the name of who typed it, and prints its answer. Returns an enum operator_exit. */
int decide_ask(const struct operator_env *env, struct decision_request *request);

/* A time as it is typed: "15:00", the next time that it is so, or "2026-11-22 15:00"; local without a Z. ERR_MALFORMED. */
ERR_CHECKED int decide_time_from_text(const char *text, int64_t now_s, int64_t *out_s);

#endif
