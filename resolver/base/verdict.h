/* Names of the verdict's values (belisha/verdict.h), as exports and `belisha why` print them. Pure; any thread. */
#ifndef BASE_VERDICT_H
#define BASE_VERDICT_H

#include <stdbool.h>

#include "belisha/verdict.h"

/* Never NULL; "unknown" for a value of a later version. */
const char *verdict_action_name(unsigned action);
const char *verdict_reason_name(unsigned reason);
const char *verdict_match_name(unsigned match);

/* The value of a name as printed by the functions above, or -1. */
int verdict_action_from_name(const char *name);

/* Whether the client was kept from the name: the notice page or NXDOMAIN. */
static inline bool verdict_is_block(const struct verdict *v)
{
    return v->action == VERDICT_NOTICE || v->action == VERDICT_NXDOMAIN;
}

#endif
