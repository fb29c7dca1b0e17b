/*
 * A batch goes through in stages, so that the cache misses of its names overlap:
 *
 *     open     parse, access, questions that are refused outright; hash the cache key, fetch its line
 *     recall   the cache: an entry with current facts is answered
 *     list     one batched look-up of all names that are left
 *     decide   the verdict: answer, or let the client wait for an upstream
 *
 * Internal to query/: front.c leads a batch through, follow.c takes the way of names that are answered with another one.
 *
 * Threads: a passage belongs to its engine.
 */
#ifndef QUERY_PASSAGE_H
#define QUERY_PASSAGE_H

#include "query/flight.h"

enum stage { STAGE_DONE, STAGE_RECALL, STAGE_LIST, STAGE_DECIDE };

struct passage {
    struct client client;
    struct cache_key key;
    struct name_key name;
    struct cache_hit hit;
    struct blockdb_match match; /* of name; client.match points here */
    uint8_t *msg;               /* the message of hit: item.out, or the engine's clean */
    enum stage stage;
    bool hit_fresh; /* hit and msg hold an unexpired message */
};

/* Gives the client the answer of len bytes in item->out, and logs it. */
void passage_give(struct query_engine *e, struct query_item *item, struct client *c, size_t len, struct query_time now);
/* The message of the entry in p->hit. */
struct stored passage_stored(const struct passage *p, int64_t now_ms);
/* Lets the client wait for an upstream. */
void passage_forward(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now);

/* ---- follow.c ---- */

/*
 * Where the verdict answers with an alias, local, of a list or SafeSearch, goes on to its target: answers, or waits for an
 * upstream.
 * false: there is nothing to follow, or c->verdict says now that the target is kept from the client.
 */
bool follow_local(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now);
bool follow_listed(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now);
bool follow_safe(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now);

#endif
