/*
 * One client query from its first byte to its last.
 *
 * A worker has one engine. The engine knows no socket and no clock: net/ gives it bytes, addresses and the time, and it
 * gives back answers at once, or asks net/ to send a question to an upstream server and answers later.
 *
 *     net/udp, net/tcp ── query_batch(items, now) ──▶ item.step = QUERY_ANSWER   send item.out to the client
 *                                                               QUERY_PENDING  nothing yet: io.answer() comes later
 *                                                               QUERY_DROP     say nothing
 *            io.send(ask) ◀── engine ──▶ io.answer(source, bytes)
 *     net/forward ── query_reply(slot, bytes, now) ──▶ a packet came from an upstream server
 *                 ── query_slot_failed(slot, now)  ──▶ a connection broke, or a port was refused
 *     timer       ── query_tick(now), wanted by query_deadline_ms()
 *
 * Every answer is in the query log before it is given to net/.
 *
 * Words: `source` is who asked, over what; an `ask` is one question to one upstream server; a `slot` is net's number
 * for the socket or connection an ask went through, so that the reply is looked for only there.
 *
 * Memory:  all buffers are the caller's and are not kept after the call. The engine's own tables have fixed bounds.
 * Threads: one engine belongs to one thread. What query_env points to may be shared by several engines.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

struct cache;
struct policy;
struct blockdb;
struct statutory;
struct metrics;
struct table;
struct presence;
struct sightings;
struct hearing;
struct qlog_writer;
struct tap;
struct tls_peer;

/* The time of a batch. mono_ms drives TTLs and time-outs, wall_ns is for the log. */
struct query_time {
    int64_t mono_ms;
    int64_t wall_ns;
};

struct query_source {
    struct endpoint client;
    struct endpoint local; /* the address that was asked: the answer leaves from it */
    uint32_t interface;    /* index of the interface it came in by, 0: unknown */
    uint8_t transport;     /* enum qlog_transport */
    bool stream;           /* TCP and TLS: no size limit but 65,535 */
    uint64_t token;        /* net's own mark, given back in io.answer(); for streams it names the connection */
};

enum query_step { QUERY_ANSWER, QUERY_PENDING, QUERY_DROP };

struct query_item {
    struct query_source source;
    const uint8_t *msg; /* the request, without TCP's length prefix */
    size_t msg_len;
    uint8_t *out; /* room for the answer: at least 4,096 bytes; 65,535 for streams */
    size_t out_cap;
    size_t out_len;       /* set with QUERY_ANSWER */
    enum query_step step; /* set */
};

/* A question that net/ must bring to an upstream server. Valid only during io.send(). */
struct query_ask {
    uint16_t server;    /* index in query_opts.servers */
    bool stream;        /* over TCP: after TC, or when the server is configured so */
    const uint8_t *msg; /* without length prefix; id and question are random and final */
    size_t msg_len;
};

struct query_io {
    void *ctx;
    /*
     * Sends at once or queues. 0 and *out_slot set; negative when it can't be sent at all. Must not call back into the
     * engine before it returns.
     */
    int (*send)(void *ctx, const struct query_ask *ask, uint32_t *out_slot);
    /*
     * The delayed answer to a QUERY_PENDING item; a failure may come before query_batch() returns. The client may be
     * gone: then it is thrown away.
     */
    void (*answer)(void *ctx, const struct query_source *to, const uint8_t *msg, size_t len);
};

/* ---- configuration ---- */

#define QUERY_SERVERS_MAX 64
#define QUERY_ZONES_MAX   256
#define QUERY_FORWARDERS_MAX 64

struct query_server {
    struct endpoint at;
    bool stream;                /* always TCP */
    const struct tls_peer *tls; /* over TLS, to one who proves to be this; NULL: in the clear. For net/ */
    bool spelt;                 /* letters of the question small or capital by chance, checked in the reply */
    bool recursive;             /* finds answers by itself: slow is at work; `at` changes as it is started anew */
    const char *name;           /* for logs and metrics */
    uint16_t meter;             /* which of metrics.meters is its own */
};

/* Where names below `name` are asked. Zone 0 is the root: everything else. */
struct query_zone {
    const uint8_t *name;     /* wire, lower case */
    const uint16_t *servers; /* indexes in servers */
    size_t server_count;
    bool filtered;        /* policy applies to names below it (zone 0: always) */
    bool rebinding_check; /* public names must not lead to private addresses (zone 0: as configured) */
};

/* A local record set: what we answer for a name and type ourselves. */
struct query_record {
    const uint8_t *name; /* wire, lower case; policy names with POLICY_SPECIAL_RECORD carry its first index */
    uint16_t type;
    uint32_t ttl_s;
    const uint8_t *rdata;
    uint16_t rdata_len;
};

/*
 * What clients are told of a block who read structured errors (draft-ietf-dnsop-structured-dns-error). The same for every
 * block: the text must not tell one list from another.
 */
struct query_structured {
    uint16_t option_code;   /* EDNS option by which a client asks for it; 0: none */
    bool by_ede;            /* an extended error without a message asks for it too, as in earlier revisions */
    bool encrypted_only;    /* over UDP and TCP nobody gets it */
    const char *text;       /* the JSON object, minified; NULL: the code alone */
    const char *short_text; /* the same without its free texts, where the other does not fit */
};

/* Where SafeSearch leads: a name that is resolved each time, or addresses. */
struct query_target {
    const uint8_t *name;            /* wire, lower case; NULL: addresses */
    const struct ipaddr *addresses; /* of either family */
    size_t address_count;
};

/* A search engine; policy names with POLICY_SPECIAL_SAFE_SEARCH carry its index. */
struct query_search {
    const char *name;
    struct query_target strict, moderate;
};

/* Who asks us for clients of its own, and what it is believed to say of them in EDNS options (identity/forwarded.h). */
struct query_forwarder {
    struct prefix network;
    bool mac;    /* their network cards */
    bool subnet; /* their addresses (RFC 7871) */
    bool cpe_id; /* its own name */
};

struct query_opts {
    const struct query_server *servers;
    size_t server_count;
    const struct query_zone *zones;
    size_t zone_count;                  /* at least 1 */
    const struct query_record *records; /* sorted so that those of one name are together */
    size_t record_count;
    const struct query_search *searches;
    size_t search_count;                      /* at most POLICY_ENGINES_MAX */
    const struct query_forwarder *forwarders; /* the first that has the address */
    size_t forwarder_count;

    struct ipaddr sinkhole_v4; /* address of the notice page */
    struct ipaddr sinkhole_v6;
    bool has_sinkhole_v4, has_sinkhole_v6; /* without one, that type gets NODATA */
    uint32_t blocked_ttl_s;                /* 10 */
    struct query_structured structured;

    int64_t client_timeout_ms;      /* how long a client is kept waiting for upstreams: 4,000 */
    int64_t try_timeout_ms;         /* first patience with one server; RTT-adapted: 400 */
    size_t pending_max;             /* client queries waiting at once, per engine */
    size_t pending_per_client;      /* ... of one client address */
    uint32_t client_rate;           /* questions/s of one client address, per engine; 0: no limit */
    uint32_t client_burst;          /* ... and how many at once */
    const struct prefix *unlimited; /* clients without that limit */
    size_t unlimited_count;
    int64_t stream_idle_ms; /* what clients are told of connections (RFC 7828), at most an hour */
    size_t asks_max;        /* upstream questions in flight, per engine */

    uint32_t ttl_min_s, ttl_max_s; /* clamps: 0, 86,400 */
    uint32_t negative_ttl_max_s;   /* 3,600 */
    uint32_t failure_ttl_s;        /* RFC 9520: 5 */
    uint32_t failure_ttl_max_s;    /* ... twice as long each time it happens again, up to this: 60 */
    bool nxdomain_cut;             /* RFC 8020: what does not exist has nothing below it */
    bool serve_stale;              /* RFC 8767 */
    uint32_t stale_max_s;          /* how long after expiry: 86,400 */
    int64_t stale_after_ms;        /* how long to try before answering stale: 1,800 */
    bool rebinding_check;
    uint8_t cookie_secret[16]; /* server cookies (RFC 7873, RFC 9018) */
    bool log_queries;
};

/* What an engine works with. All of it outlives its use by the engine; see query_set_env(). */
struct query_env {
    const struct query_opts *opts;
    const struct policy *policy;
    const struct blockdb *blockdb;     /* NULL: none has ever been loaded */
    const struct statutory *statutory; /* NULL: that tier is not set up, or see statutory_missing */
    bool statutory_missing;            /* it is set up, and its list can't be read: nothing may open */
    const struct table *decisions;     /* recorded blocks and allows (decision/); NULL: none */
    const struct presence *presence;   /* who is where (identity/); NULL: nobody knows. Another one changes no facts */
    struct sightings *sightings;       /* what forwarders tell of cards that are not in there; NULL: it is not wanted */
    struct hearing *hearing;     /* when devices asked last; NULL: it is not noted */
    struct cache *cache;
    struct metrics *metrics; /* this worker's own */
    struct qlog_writer *log; /* NULL: no query log */
    struct tap *tap;         /* dnstap: this worker's own; NULL: nothing is told */
};

struct query_engine;

/* env is copied; ERR_NOMEM, ERR_INVAL. */
ERR_CHECKED int query_engine_new(const struct query_env *env, const struct query_io *io, struct query_engine **out);
/* Waiting clients get nothing. */
void query_engine_free(struct query_engine *engine);

/*
 * Replaces what the engine works with, between two batches. When it returns, the engine holds no pointer into the old
 * environment (servers keep their measured times when their addresses are the same; asks in flight to servers that
 * are gone are tried anew).
 */
void query_set_env(struct query_engine *engine, const struct query_env *env, struct query_time now);

/* Handles count requests. Order is kept. count at most QUERY_BATCH_MAX. */
#define QUERY_BATCH_MAX 64
void query_batch(struct query_engine *engine, struct query_item items[], size_t count, struct query_time now);

/* A packet from an upstream server came in through slot. Packets that match no ask are counted and ignored. */
void query_reply(struct query_engine *engine, uint32_t slot, uint16_t server, const uint8_t *msg, size_t len,
                 struct query_time now);

/* Nothing more will come through slot: all asks that went through it are tried elsewhere. */
void query_slot_failed(struct query_engine *engine, uint32_t slot, struct query_time now);

/* When query_tick() wants to be called, in mono_ms; INT64_MAX: not at all. */
int64_t query_deadline_ms(const struct query_engine *engine);
void query_tick(struct query_engine *engine, struct query_time now);

/* Client queries waiting now. */
size_t query_pending_count(const struct query_engine *engine);

#endif
