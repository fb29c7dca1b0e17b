/*
 * Questions that no upstream server answered: why, in the words of an extended error (RFC 8914), and for how long that is
 * remembered, so that the same question does not go out again at once (RFC 9520, 3.2). Internal to query/.
 *
 * Threads: one.
 */
#ifndef QUERY_FAILURE_H
#define QUERY_FAILURE_H

#include "query/engine.h"

struct flight;

/* One of these, or FAILURE_TOLD and the INFO-CODE that an upstream server gave. */
enum failure {
    FAILURE_SILENCE,  /* nobody answered in time */
    FAILURE_NETWORK,  /* what was sent did not arrive */
    FAILURE_REFUSED,  /* all who answered said REFUSED */
    FAILURE_UNUSABLE, /* what came can't be used */
    FAILURE_ANSWERED, /* SERVFAIL or another error */
    FAILURE_TOLD = 0x100,
};

/* What has gone wrong with the flight so far. */
uint16_t failure_of(const struct flight *f);

struct ede failure_ede(uint16_t failure);

void failure_keep(struct query_engine *e, const struct flight *f, uint16_t failure, int64_t now_ms);

/* Whether the key's question failed lately. *out then says so, and why. */
bool failure_find(struct query_engine *e, const struct cache_key *key, int64_t now_ms, struct ede *out);

#endif
