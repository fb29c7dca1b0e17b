/*
 * Upstream servers: which one to ask next.
 *
 * Each server has a smoothed round-trip time and its variance (RFC 6298, 2), and a count of failures in a row. A server
 * that failed often rests for a while that doubles up to a minute; then one question probes it. The fastest server that
 * has not been tried for this question is chosen, but now and then another one, so that every figure stays fresh.
 *
 * Times are monotonic ms. Memory: the caller's array, nothing is allocated. Threads: each worker has its own.
 */
#ifndef UPSTREAM_SERVER_H
#define UPSTREAM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server {
    int32_t srtt_ms; /* smoothed; -1: never answered */
    int32_t rttvar_ms;
    uint32_t failures;        /* in a row */
    int64_t rest_until_ms;    /* not chosen before, unless all rest */
    int64_t no_edns_until_ms; /* it answered FORMERR to a question with OPT */
};

void server_init(struct server *s);

/*
 * Chooses among candidates (indexes in servers). tried: bit i set = servers[candidates[i]] was asked already for this
 * question; those are chosen only when none is left. draw: a random number. Returns the position in candidates.
 */
size_t server_pick(const struct server servers[], const uint16_t candidates[], size_t count, uint64_t tried,
                   int64_t now_ms, uint32_t draw);

/* How long to wait for this server before another one is asked as well, between min_ms and max_ms. */
int64_t server_patience_ms(const struct server *s, int64_t min_ms, int64_t max_ms);

/* Whether a question to it may carry an OPT record. */
bool server_takes_edns(const struct server *s, int64_t now_ms);
/* For some minutes none should: it may be replaced, or mended, meanwhile. */
void server_note_no_edns(struct server *s, int64_t now_ms);

void server_note_reply(struct server *s, int64_t rtt_ms);
/* No answer in time, or the network said no. */
void server_note_failure(struct server *s, int64_t now_ms);

#endif
