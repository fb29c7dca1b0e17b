/* How a running belishad is, as JSON. Threads: the manager's. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include "base/text.h"
#include "control/command.h"

void status_write(const struct command_env *env, struct text *out);

#endif
