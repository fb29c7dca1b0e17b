/*
 * The command "change": a policy is proposed, approved, put in force, taken back. Its body is one JSON object in a line, and for
 * `propose` the text behind it.
 *
 *     {"op": "propose", "reason": "...", "assessment": {...}, "by": "anna"}      then the text of the policy
 *     {"op": "approve", "number": 12, "reason": "...", "by": "anna"}             also reject, withdraw
 *     {"op": "activate", "number": 12, "when": 1764403200}                       without when: now
 *     {"op": "rollback", "number": 11, "reason": "..."}                          without number: what was in force before
 *     {"op": "review", "number": 12, "next": 1764403200, "reason": "..."}
 *
 * Each step is judged (rights, other people, approvals), then written to the ledger, then to the chronicle, then done. Killed in
 * between, the ledger tells of a step that was not taken, never the other way round, and nobody was told "ok".
 *
 * Threads: the manager's. Waits for the disk, for the time of some lines.
 */
#ifndef CONTROL_CHANGE_H
#define CONTROL_CHANGE_H

#include "control/command.h"

void change_run(const char *argument, const struct command_env *env, struct text *out);

/* The planned change whose time has come, if there is one, is activated; what is said of it is added to out. */
void change_look(const struct command_env *env, struct text *out);

/* For `belisha status`: adds the member "policy" with its comma. */
void change_write_status(const struct command_env *env, struct text *out);

#endif
