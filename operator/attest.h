/*
 * The attestation of the statutory tier: which lists, by which right, how old, how many, and whether the running belishad
 * really blocks the vendors' test hosts. Counts, ages and digests; no entry of a list is in it.
 *
 * It is compared with the register of earlier ones, <state_dir>/register/statutory.jsonl: one line of JSON each, only ever
 * added to. What a line had and today's has not is an alarm: somebody took it away. It lasts until a line without an alarm
 * has it no more, which only a person can write (docs/operations.md).
 *
 * Threads: one.
 */
#ifndef OPERATOR_ATTEST_H
#define OPERATOR_ATTEST_H

#include "operator/command.h"

struct json_t;

#define ATTEST_REGISTER_DIR  "register"
#define ATTEST_REGISTER_FILE "statutory.jsonl"

struct attest_opts {
    bool json;
    bool record; /* add it to the register */
};

/* An enum operator_exit: OPERATOR_FAILED when there is an alarm. */
int attest_run(const struct operator_env *env, const struct attest_opts *opts);

/* What the register says was in force and the tier now in force has not: a sentence, or "". status: of belishad. */
const char *attest_missing(const struct operator_env *env, const struct json_t *status);

#endif
