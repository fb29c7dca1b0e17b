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

#include "operator/command.h"

/*
 * kind: one of those of control/record.c, e.g. "log.search"; what: e.g. the folder of the log; words: what was typed.
 * false: it could not be written down, or may not be read, and that was said: then it must not be read.
 */
bool reading_record(const struct operator_env *env, const char *kind, const char *what, int word_count,
                    char *const words[]);

#endif
