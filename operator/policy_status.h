/* The policy in `belisha status`: what is in force, what waits, what is to be looked at again. Threads: one. */
#ifndef OPERATOR_POLICY_STATUS_H
#define OPERATOR_POLICY_STATUS_H

#include <stdio.h>

#include <jansson.h>

/* status: belishad's answer. Says nothing of what an older belishad does not tell. */
void policy_status_print(FILE *to, const json_t *status);

#endif
