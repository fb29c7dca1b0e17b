/* The part of `belisha status` about schedules: what applies to whom, and what comes next. Threads: one. */
#ifndef OPERATOR_TIMETABLE_H
#define OPERATOR_TIMETABLE_H

#include <stdio.h>

#include <jansson.h>

/* schedules: that member of the status. Says nothing where there are none. */
void timetable_print(const json_t *schedules, FILE *to);

#endif
