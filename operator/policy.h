/*
 * What was typed behind `belisha policy`, and the two subcommands that only look.
 *
 * Threads: one.
 */
#ifndef OPERATOR_POLICY_H
#define OPERATOR_POLICY_H

#include "change/difference.h"
#include "change/chronicle.h"
#include "operator/command.h"

struct policy_words {
    const char *word;   /* a file or a number; NULL: none */
    const char *reason; /* NULL: none, as in the next */
    const char *assessment;
    int64_t at_s, next_s; /* 0: none */
    unsigned long weeks;
    bool overdue, json, no_replay, people;
};

/* Return an enum operator_exit. */
int policy_history(const struct operator_env *env, const struct policy_words *words);
/* number 0: what is in force. */
int policy_show(const struct operator_env *env, const struct policy_words *words, uint32_t number);

#endif
