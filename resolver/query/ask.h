/*
 * Asks: a flight's question on its way to one server, and the table that finds them when a packet comes back. Internal to
 * query/.
 *
 * An ask lives in its flight (flight.asks); the table only links those that are open, by slot and id, and by slot alone: a
 * socket that breaks costs as much as it carries, and not all that is open.
 *
 * Threads: one.
 */
#ifndef QUERY_ASK_H
#define QUERY_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "query/query.h"
#include "upstream/spelling.h"

struct flight;
struct query_engine;

struct ask {
    struct flight *flight; /* NULL: not in use */
    struct ask *next;      /* of the same bucket */
    struct ask *slot_next; /* of the same bucket by slot */
    struct ask **slot_at;  /* what points to this one there */
    int64_t sent_ms;
    int64_t sent_wall_ns; /* for what is measured only */
    uint32_t slot;
    uint16_t id;
    uint16_t server;
    bool stream;
    bool edns;                /* it had an OPT */
    bool edns_probe;          /* it had none, to see whether that is what the server does not like */
    bool spelt;               /* the reply must have this spelling */
    bool misspelt;            /* a reply without it was here */
    bool overdue;             /* its server's usual time is over, and that was counted */
    struct spelling spelling; /* all zero when not spelt */
};

struct ask_table {
    struct ask **buckets; /* by slot and id */
    struct ask **slots;   /* by slot */
    size_t mask;          /* of both */
    uint64_t seed;
};

/* seed: random. */
ERR_CHECKED int ask_table_init(struct ask_table *table, size_t flights_max, uint64_t seed);
void ask_table_done(struct ask_table *table);

/* The ask that a packet through slot with this id may answer; `after`: NULL, or the one that did not fit. */
struct ask *ask_find(struct ask_table *table, uint32_t slot, uint16_t id, const struct ask *after);

/* One of the open asks through slot; NULL: there is none. */
struct ask *ask_find_slot(struct ask_table *table, uint32_t slot);

/* Sends the flight's question to a server. false: the network would not take it. */
bool ask_send(struct query_engine *e, struct flight *f, uint16_t server, bool stream, struct query_time now);

/* The ask is over; its flight goes on. */
void ask_close(struct ask_table *table, struct ask *ask);

#endif
