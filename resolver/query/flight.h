/*
 * Questions on their way to upstream servers, and the clients that wait for them. Internal to query/.
 *
 *     flight    one question (name, type, class, DO, CD, zone); identical ones join it (RFC 5452, 5: no birthday)
 *       ask     ... sent to one server; up to FLIGHT_ASKS_MAX are awaited at once, so a slow server's late answer counts
 *       waiter  a client that gets the answer
 *
 * A flight ends with an answer, with no server left to try, or at its deadline. Everything comes from fixed pools.
 *
 * Threads: one.
 */
#ifndef QUERY_FLIGHT_H
#define QUERY_FLIGHT_H

#include "query/engine.h"

#define FLIGHT_ASKS_MAX 4

struct waiter {
    struct waiter *next; /* of the same flight, or free */
    struct client client;
};

struct flight {
    struct flight *next;  /* of the same bucket, or free */
    struct cache_key key; /* key.name points to question.name; NULL: this place of the pool is free */
    struct question question;
    struct policy_facts facts;
    struct waiter *waiters;
    struct ask asks[FLIGHT_ASKS_MAX];
    uint8_t ask_next; /* place in asks for the next one: the oldest is given up */
    uint8_t tries;
    uint8_t rounds; /* how often all servers had their turn */
    bool stale_tried;
    bool bad_cookie; /* a server wanted another cookie */
    /* What went wrong so far. */
    bool network_error; /* a server's port or connection was refused */
    bool refused;       /* a server answered REFUSED */
    bool unusable;      /* ... with what can't be read */
    bool answered;      /* ... with another failure */
    int16_t cause;      /* the extended error that one of them gave; EDE_NONE: none */
    bool stale_given;   /* to somebody who waited */
    bool is_broken;     /* while query_slot_failed() lasts: what an ask went through is broken */
    uint16_t broken_server;
    struct flight *broken_next;
    /* Bits: positions in the zone's server list. */
    uint64_t tried;   /* asked in this round */
    uint64_t said_no; /* it answered that it does not know: it is not asked again */
    uint64_t bare;    /* it did not like the question with OPT */
    int64_t deadline_ms;
    int64_t started_ms;
    int64_t retry_ms; /* when another server is to be asked */
    int64_t wake_ms;  /* when flight_wake() is wanted */
    size_t heap_at;   /* place in the heap, by wake_ms */
};

struct flights;

ERR_CHECKED int flights_new(size_t flights_max, size_t waiters_max, uint64_t seed, struct flights **out);
void flights_free(struct flights *flights);
size_t flights_waiting(const struct flights *flights);

enum flight_wait { FLIGHT_WAITS, FLIGHT_FULL };

/*
 * Lets the client wait for an upstream's answer: joins an identical question or starts one.
 * FLIGHT_FULL: a bound was reached, the client must be refused.
 */
enum flight_wait flight_join(struct query_engine *e, const struct client *c, const struct cache_key *key,
                             struct query_time now);

/* Renews an often asked entry; nobody waits for it. */
void flight_refresh(struct query_engine *e, const struct client *c, const struct cache_key *key, struct query_time now);

/* Asks the next server, or the given one again, over TCP if `stream`. Ends the flight when nothing is left. */
void flight_try(struct query_engine *e, struct flight *f, struct query_time now);
bool flight_tried_all(const struct query_engine *e, const struct flight *f);
/* What the question went through is broken: the next server is asked; recursion is started anew and asked a little later. */
void flight_broken(struct query_engine *e, struct flight *f, uint16_t server, struct query_time now);
void flight_retry(struct query_engine *e, struct flight *f, uint16_t server, bool stream, struct query_time now);

/* The flight's bit for a server of its zone. */
uint64_t flight_bit(const struct query_engine *e, const struct flight *f, uint16_t server);

/* A reply fits but for its spelling: the wait goes on, but the server is asked anew as well, beyond a forger's reach. */
void flight_misspelt(struct query_engine *e, struct ask *ask, struct query_time now);

/*
 * The server sent a bare FORMERR, as those do that know no OPT. It names no question, so the wait goes on, but the server is
 * asked without OPT as well.
 */
void flight_unspoken(struct query_engine *e, struct ask *ask, struct query_time now);

/* Takes the waiters off the flight: each is given to `each` and then freed. */
void flight_release(struct query_engine *e, struct flight *f,
                    void (*each)(struct query_engine *e, struct client *c, const void *ctx, struct query_time now),
                    const void *ctx, struct query_time now);

/* Counts a failure for each server other than `spared` whose ask, sent before before_ms, is still unanswered. */
void flight_blame(struct query_engine *e, const struct flight *f, uint16_t spared, int64_t before_ms, int64_t now_ms);

/* Ends the flight and its asks; it must have no waiters left. */
void flight_end(struct query_engine *e, struct flight *f);

/* Gives everybody who waits a failure (or a stale answer), remembers it, and ends the flight. */
void flight_fail(struct query_engine *e, struct flight *f, struct query_time now);

/* Every flight in turn; `each` may end it, and may not start one. */
void flights_each(struct query_engine *e,
                  void (*each)(struct query_engine *e, struct flight *f, const void *ctx, struct query_time now),
                  const void *ctx, struct query_time now);

int64_t flights_deadline_ms(const struct flights *flights);
/* Wakes what is due. */
void flights_tick(struct query_engine *e, struct query_time now);

/* settle.c: an accepted message for this flight; frees what is done with. */
void flight_settle(struct query_engine *e, struct flight *f, struct ask *ask, const uint8_t *msg, size_t len,
                   struct query_time now);

#endif
