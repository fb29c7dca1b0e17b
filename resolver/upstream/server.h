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

#include "base/random.h"
#include "dns/edns.h"

#define SERVER_REFUSALS_MAX 10

struct server {
    int32_t srtt_ms; /* smoothed; -1: never answered */
    int32_t rttvar_ms;
    uint32_t failures;        /* in a row */
    uint32_t refusals;        /* replies in a row that were of no use, at most SERVER_REFUSALS_MAX */
    int64_t rest_until_ms;    /* not chosen before, unless all rest */
    int64_t no_edns_until_ms; /* it answered FORMERR to a question with OPT */
    uint32_t edns_silences;   /* questions in a row that it answered only without OPT */
    bool has_cookie;          /* cookie holds our part, at least */
    uint8_t cookie_len;       /* our part, or both parts (RFC 7873) */
    uint8_t cookie[EDNS_COOKIE_MAX];
    uint32_t misspelt;      /* replies in a row that had lost the question's spelling */
    int64_t plain_until_ms; /* it loses the spelling: small letters only */
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

/* Whether an answer came to a question with OPT, or only without one after several with OPT had got none. */
void server_note_edns_answer(struct server *s, bool with_edns, int64_t now_ms);

/* Our cookie for it is drawn when first used. It differs by server, so two of them can't tell that we are one client. */
void server_draw_cookie(struct server *s, struct random_pool *random);
/*
 * The cookie that came with a reply; len 0: none did. Keeps the server's part for the next questions. false: our part is
 * not ours, the reply is a forgery (RFC 7873, 5.3).
 */
bool server_take_cookie(struct server *s, const uint8_t *cookie, size_t len);

/* Whether the letters of a question to it may be spelt by chance (upstream/spelling.h). */
bool server_keeps_spelling(const struct server *s, int64_t now_ms);
/* A reply came with the question spelt as it was asked, or not; one that never keeps it gets small letters for a while. */
void server_note_spelling(struct server *s, bool kept, int64_t now_ms);

void server_note_reply(struct server *s, int64_t rtt_ms);
/* Whether a reply was an answer. A server that refuses is as good as a slow one: fast at it, it would always be asked first. */
void server_note_use(struct server *s, bool useful);
/* No answer in time, or the network said no. */
void server_note_failure(struct server *s, int64_t now_ms);

#endif
