/*
 * What is read about people is written down first: the ledger says who looked into the query log, when, and what for.
 *
 * belishad writes it, which knows from the kernel who asks, and whether they may. When it does not run, this program does, if
 * it may write to the ledger. Where there is no folder of state at all, as with a copy of a log on another machine, nothing is
 * written down.
 *
 * Threads: one.
 */
#ifndef OPERATOR_READING_H
#define OPERATOR_READING_H

#include <stdbool.h>

#include <jansson.h>

#include "operator/command.h"
#include "roles/caller.h"

/*
 * kind: one of those of control/record.c, e.g. "log.search"; what: e.g. the folder of the log; words: what was typed,
 * which must be little enough to be written down whole.
 * false: it could not be written down, or may not be read, and that was said: then it must not be read.
 */
bool reading_record(const struct operator_env *env, const char *kind, const char *what, int word_count,
                    char *const words[]);

/* The same with a reason. NULL: none. */
bool reading_record_for(const struct operator_env *env, const char *kind, const char *what, const char *reason,
                        int word_count, char *const words[]);

/* The same with an object of details instead of words; it stays the caller's. */
bool reading_note(const struct operator_env *env, const char *kind, const char *what, const char *reason,
                  json_t *detail);

/* The person who gives the command: root acts for who used sudo. */
void reading_caller(struct caller *out);

#endif
