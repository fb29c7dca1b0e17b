/*
 * The command "decide": somebody blocks or allows a name now, or takes that back.
 *
 * Refused is what the policy would not let happen anyway: blocking a protected help name, an exception without end, a
 * group that does not exist. What stands on a statutory list can be "allowed" in the same words as any other name, to
 * no effect: the answer is no oracle for that list.
 *
 * Threads: the manager's. Waits for the disk, for the time of one line.
 */
#ifndef CONTROL_DECIDE_H
#define CONTROL_DECIDE_H

#include "control/command.h"

void decide_run(const char *argument, const struct command_env *env, struct text *out);

#endif
