/*
 * What a command does goes to the ledger, in the name of who gave it.
 *
 * Threads: the manager's. Waits for the disk, for the time of one line.
 */
#ifndef CONTROL_RECORD_H
#define CONTROL_RECORD_H

#include "control/command.h"
#include "ledger/entry.h"

/*
 * entry: kind, object, reason and detail; the rest is filled in here. 0 also where there is no ledger at all (env->ledger
 * NULL); else errors as of ledger_append().
 */
ERR_CHECKED int record_entry(const struct command_env *env, const struct entry *entry);

/* Whether the caller may; if not, out says so. */
bool record_may(const struct command_env *env, enum act act, struct text *out);

/*
 * The command "note": a program of the operator's tells what it is about to read. What does not come into the ledger must
 * not be read.
 *
 *     note {"kind": "log.search", "object": "query log", "detail": {"client": "10.20.4.7"}, "by": "anna",
 *           "reason": "..."}
 */
void record_run(const char *argument, const struct command_env *env, struct text *out);

#endif
