/*
 * What two policies do differently at certain times: schedules and the calendar that they go by. Part of difference.h.
 *
 * Threads: pure.
 */
#ifndef CHANGE_HOURS_H
#define CHANGE_HOURS_H

#include "change/difference.h"

/* Adds lines to out, and to sum what they come to. */
void hours_write(const struct policy_opts *before, const struct policy_opts *after, struct text *out,
                 struct difference *sum);

#endif
