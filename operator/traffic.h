/* What belishad counted, as people read it: the part of `belisha status` about questions and upstream servers. */
#ifndef OPERATOR_TRAFFIC_H
#define OPERATOR_TRAFFIC_H

#include <stdio.h>

#include <jansson.h>

/* status: what belishad answered. Whatever is missing in it is not told. */
void traffic_print_questions(FILE *to, const json_t *status);
void traffic_print_times(FILE *to, const json_t *latency);
void traffic_print_upstreams(FILE *to, const json_t *upstreams);

#endif
