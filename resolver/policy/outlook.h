/*
 * What applies to a group now, and what comes next: for people who ask, not for questions.
 *
 * Threads: pure; any thread.
 */
#ifndef POLICY_OUTLOOK_H
#define POLICY_OUTLOOK_H

#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

#define OUTLOOK_NAMES_MAX 16          /* further schedules are only counted */
#define OUTLOOK_AHEAD_S   (8 * 86400) /* a week, and the day it begins on again */

/* Of one time. */
struct outlook_state {
    const char *level; /* in force */
    const char *schedules[OUTLOOK_NAMES_MAX];
    size_t schedule_count; /* all that have a part in it */
};

struct outlook {
    bool is_scheduled; /* some schedule may ever change what applies to the group */
    struct outlook_state now, next;
    int64_t next_s; /* when `next` begins; INT64_MAX: nothing changes within OUTLOOK_AHEAD_S, `next` is empty */
};

/* group: as policy_group_profile() takes it. Names belong to the policy. */
void policy_outlook(const struct policy *policy, uint16_t group, int64_t now_s, struct outlook *out);

/* The calendar of the schedules; NULL: there are none. Its lessons are not kept. */
const struct calendar *policy_calendar(const struct policy *policy);

#endif
