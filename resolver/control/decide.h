/*
 * The command "decide": somebody blocks, allows, grants or pauses now, approves of what somebody else proposed, or takes
 * that back. What may not be is refused (admission.h).
 *
 * Threads: the manager's. Waits for the disk, for the time of one line.
 */
#ifndef CONTROL_DECIDE_H
#define CONTROL_DECIDE_H

#include "control/command.h"

void decide_run(const char *argument, const struct command_env *env, struct text *out);

#endif
