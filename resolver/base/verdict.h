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

/* Whether the level decided by the name's category that it is kept from the client, in whichever words. */
static inline bool verdict_reason_is_category(unsigned reason)
{
    return reason == REASON_CATEGORY || reason == REASON_HOLD || reason == REASON_UNLESS_APPROVED;
}

/* Whether a list asks that the question gets no answer at all. */
static inline bool verdict_is_silence(const struct verdict *v)
{
    return v->action == VERDICT_DROPPED && verdict_reason_is_category(v->reason);
}

/* Whether the client was kept from the name, or led somewhere else. SafeSearch leads to the same engine, and keeps nobody. */
static inline bool verdict_is_block(const struct verdict *v)
{
    switch ((enum verdict_action)v->action) {
    case VERDICT_NOTICE:
    case VERDICT_NXDOMAIN:
    case VERDICT_NODATA:
    case VERDICT_TRUNCATED:
        return true;
    case VERDICT_REWRITE:
        return v->reason != REASON_SAFE_SEARCH;
    case VERDICT_REFUSED:
    case VERDICT_DROPPED:
        return verdict_reason_is_category(v->reason); /* as a list asks; else it is the client that is refused */
    case VERDICT_RESOLVE:
    case VERDICT_LOCAL:
    case VERDICT_NOT_READY:
    case VERDICT_ERROR:
        break;
    }
    return false;
}

#endif
