/* The part of the status that tells what applies to groups now, and what comes next. Threads: the manager's. */
#ifndef CONTROL_STATUS_SCHEDULES_H
#define CONTROL_STATUS_SCHEDULES_H

#include <stdint.h>

#include "base/text.h"
#include "policy/policy.h"

#define STATUS_GROUPS_MAX 256 /* that are told; further ones are only counted */

/* A member "schedules", ending in a comma; null where there are none. */
void status_write_schedules(const struct policy *policy, int64_t now_s, struct text *out);

#endif
