/*
 * Whether enough people have agreed, each in a role of their own.
 *
 * Threads: pure.
 */
#ifndef CHANGE_CONSENT_H
#define CHANGE_CONSENT_H

#include "change/rules.h"

#define CONSENT_NEEDED_MAX 64

/* A list of roles. */
struct consent_needed {
    uint8_t roles[CONSENT_NEEDED_MAX]; /* indices; one that is needed twice stands twice */
    size_t count;
};

/* All roles that must agree to a change that opens these categories. A rule counts with the usual ones, not instead. */
void consent_needed(const struct rules *rules, uint64_t opens, struct consent_needed *out);

/*
 * Those of needed that nobody is left for, when everybody who approved stands for one role only, so that as few as possible
 * are missing.
 */
void consent_missing(const struct consent_needed *needed, const uint64_t approved[], size_t approved_count,
                     struct consent_needed *out);

#endif
