/*
 * The inside of an engine. Internal to query/.
 *
 *     front.c    a batch of requests: refuse, look up, decide, answer or hand to flights
 *     compose.c  the bytes of an answer: errors, blocks, local records, what the cache or an upstream gave
 *     asker.c    who asks: the sender, or the client of a forwarder
 *     standing.c which rules a client stands under
 *     verdict.c  what a stored answer's targets and addresses change about the verdict
 *     overrule.c what somebody decided about a name, or about who asks, for the time being
 *     address.c  the addresses in a stored answer, hints included
 *     ech.c      Encrypted ClientHello taken out of answers
 *     flight.c   questions on their way to upstream servers, and the clients waiting for them (flight.h)
 *     ask.c      ... to one server each, found again by socket and id; wake.c: which flight is woken next
 *     servers.c  what is noted of each server
 *     local.c    local records, and where their aliases lead
 *     alias.c    aliases that a list gives
 *     safe.c     where SafeSearch leads
 *     follow.c   goes where an alias leads
 *     settle.c   an upstream's reply: check, clamp, cache, answer those who wait
 *     failure.c  why no upstream answered, remembered for a while (failure.h)
 *     absence.c  names that are known not to exist, and all that would be below them
 *     fair.c     how many questions of one client are taken at all
 *     load.c     how many questions of one client are waiting
 *     note.c     every answer to log and counters
 *     tell.c     ... and to whoever listens by dnstap, as far as it is anybody's business
 *     cookie.c   server cookies
 *
 * A `client` is one question of one client from its first byte to its answer; it lives in the batch's passages (front.c)
 * while it can be answered at once, and is copied into a waiter when it has to wait.
 */
#ifndef QUERY_ENGINE_H
#define QUERY_ENGINE_H

#include <string.h>

#include "base/random.h"
#include "belisha/category.h"
#include "cache/cache.h"
#include "decision/table.h"
#include "dns/answer.h"
#include "dns/key.h"
#include "dns/msg.h"
#include "identity/forwarded.h"
#include "identity/presence.h"
#include "metrics/metrics.h"
#include "policy/moment.h"
#include "policy/policy.h"
#include "qlog/record.h"
#include "query/ask.h"
#include "query/fair.h"
#include "query/query.h"
#include "statutory/statutory.h"
#include "upstream/reply.h"
#include "upstream/server.h"
#include "upstream/spelling.h"

#define CLIENT_HEAD_MAX (MSG_HEADER_LEN + NAME_MAX_LEN + 4)
#define STORED_MSG_CAP  65535

/* What the engine keeps with a cached answer (cache mark). */
struct mark {
    struct policy_facts facts; /* facts.callers: stored.has_ech */
    uint64_t chain_listed;     /* categories of all targets and addresses: zero spares the walk along them */
};

static_assert(sizeof(struct mark) == CACHE_MARK_BYTES, "the mark fills its place in the cache");

static inline bool mark_has_ech(const uint8_t mark[CACHE_MARK_BYTES])
{
    struct policy_facts facts;
    memcpy(&facts, mark, sizeof facts);
    return facts.callers;
}

static inline bool source_is_encrypted(const struct query_source *source)
{
    return source->transport == QLOG_DOT || source->transport == QLOG_DOH;
}

/* Who says that a name is answered with another one. */
enum alias_kind { ALIAS_LOCAL, ALIAS_LISTED, ALIAS_SAFE };

static_assert((int)PRESENCE_USER == QLOG_GRADE_USER && (int)PRESENCE_LOGON == QLOG_GRADE_LOGON &&
                  (int)PRESENCE_LOAN == QLOG_GRADE_LOAN && (int)PRESENCE_DEVICE == QLOG_GRADE_DEVICE &&
                  (int)PRESENCE_ADDRESS == QLOG_GRADE_ADDRESS,
              "grades are logged as they are found");

/* Who is behind a question. */
struct asker {
    struct ipaddr address; /* the sender's, or what a forwarder says of its client */
    bool believed;         /* a forwarder said something */
    bool whole;            /* ... of this one address, and not of a network */
    bool has_mac, has_cpe;
    uint8_t mac[6];
    uint8_t subnet_len; /* 0: the answer says no client subnet */
    uint8_t subnet[FORWARDED_SUBNET_MAX];
    struct ipaddr cpe; /* what stands for the forwarder's name */
};

struct client {
    struct query_source source;
    struct asker asker;
    struct request request;
    bool structured; /* reads structured errors (draft-ietf-dnsop-structured-dns-error) */
    struct query_time asked;
    struct verdict verdict;
    struct policy_facts facts;
    const struct blockdb_match *match; /* what facts were made of, while query_batch() lasts; NULL: not at hand */
    uint8_t matched[NAME_MAX_LEN];     /* target that decided, when verdict.match is MATCH_CNAME */
    struct ipaddr matched_address;     /* the address that did, when it is MATCH_ADDRESS */
    uint32_t ttl_max_s;                /* the answer holds no longer: a decision ends. UINT32_MAX: nothing bounds it */
    int64_t until_s;                   /* wall: under these rules the client stands no longer. INT64_MAX */
    uint32_t profile;                  /* the rules: see policy_standing() */
    uint32_t user, device;             /* numbers in the roster; 0: unknown */
    uint8_t grade;                     /* how sure that is: enum qlog_grade */
    uint64_t barred; /* categories that the exception it was given does not cover in what the name leads to */
    uint16_t group;
    uint16_t zone;        /* index in opts.zones */
    uint8_t cache_state;  /* enum qlog_cache */
    uint16_t upstream;    /* for the log */
    bool aliased;         /* an alias of ours is followed: request.question is its target while that is asked */
    uint8_t alias_kind;   /* enum alias_kind: a local record's, a list's, or SafeSearch */
    bool alias_void;      /* the local records have changed since */
    uint16_t alias;       /* ALIAS_LOCAL: first local record of the name that was asked */
    uint32_t alias_ttl_s; /* of the others */
    uint8_t head[CLIENT_HEAD_MAX]; /* header and question as they were sent */
};

/*
 * A message that can be given to clients: from the cache, or just cleaned. Behind the question its records follow each
 * other without a gap, each with its TTL at ttl_at.
 */
struct stored {
    uint8_t *msg;
    size_t len;
    size_t question_end;
    const uint16_t *ttl_at;
    size_t ttl_count;
    uint32_t age_s; /* to be taken off every TTL */
    bool stale;     /* TTLs become STALE_TTL_S */
    bool has_ech;   /* reply.has_ech */
    bool withheld;  /* reply.withheld */
    bool above;     /* it was said of a name above the one that is asked (absence.c) */
};

#define STALE_TTL_S      30    /* RFC 8767, 4 */
#define STALE_RECHECK_MS 30000 /* no upstream is asked to renew it again before that (RFC 8767, 5) */

struct flights;
struct passage;

struct query_engine {
    struct fair fair; /* first: it is aligned to lines of the processor's cache */
    struct query_env env;
    struct query_io io;
    struct server servers[QUERY_SERVERS_MAX];
    struct meter *meters[QUERY_SERVERS_MAX]; /* of servers, in env.metrics */
    struct random_pool random;
    struct flights *flights;
    struct ask_table asks;
    struct passage *passages;     /* QUERY_BATCH_MAX of front.c's */
    int64_t failures_until_ms;    /* before that, remembered failures are worth a look */
    int64_t wall_s;               /* the time of the batch, reply or tick in hand */
    struct policy_moment *moment; /* what applies now; NULL: no memory for it, nothing is open */
    struct ipaddr last_client;    /* whose standing is last_standing: questions come in runs */
    struct policy_standing last_standing;
    struct presence_who last_who;
    int64_t last_standing_s; /* when it was found */
    bool last_known;
    bool last_forwarded; /* a forwarder spoke for last_client: the next question is looked up anew */
    uint64_t basis;      /* a number for the lists, policy and decisions in force: facts of other ones are outdated */
    bool lists_clients;  /* the list has rules about addresses of clients */
    bool pauses;         /* somebody is paused, now or later */
    bool tap_lost;       /* the last message for the dnstap reader was lost */
    bool structured;     /* some questions ask for structured errors */
    bool last_limited;   /* by opts.client_rate */
    uint64_t last_share; /* fair_hash() */
    uint64_t share_seed;
    uint8_t out[MSG_MAX_LEN + 1]; /* delayed answers */
    uint8_t clean[STORED_MSG_CAP + 1];
    struct qlog_record record; /* scratch of note.c */
};

/* Rare: schedules begin and end, or the clock was set. */
void engine_renew_moment(struct query_engine *e);

/* At every way in: decisions end by it, and schedules begin. */
static inline void engine_set_time(struct query_engine *e, struct query_time now)
{
    e->wall_s = now.wall_ns / 1000000000;
    if (__builtin_expect(e->moment == NULL || !policy_moment_holds(e->moment, e->wall_s), 0))
        engine_renew_moment(e);
}

/* The answer must not outlive until_s (wall). INT64_MAX: nothing ends. */
static inline void client_bound_ttl(const struct query_engine *e, struct client *c, int64_t until_s)
{
    int64_t left_s = until_s - e->wall_s;
    if (left_s < c->ttl_max_s)
        c->ttl_max_s = left_s < 0 ? 0 : (uint32_t)left_s;
}

/* ---- compose.c: each returns the length of the message written to out ---- */

struct ede {
    int16_t code;           /* enum ede_code */
    const char *text;       /* NULL: none */
    const char *short_text; /* where the other does not fit; NULL: none */
    bool cached;            /* a failure of a moment ago */
};

/* RFC 8914, 3: where an error comes from, when it was not found here. */
#define EDE_TEXT_UPSTREAM "Said by the upstream server"

size_t compose_error(struct query_engine *e, const struct client *c, unsigned rcode, struct ede ede, uint8_t *out,
                     size_t cap);
/* What the verdict alone answers: a block, local data (by facts.special), a refusal. 0: it lets an upstream answer. */
size_t compose_verdict(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap);
/* RFC 8482: one HINFO instead of ANY. */
size_t compose_any(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap);
/* stored->msg may be out itself. */
size_t compose_stored(struct query_engine *e, const struct client *c, const struct stored *stored, uint8_t *out,
                      size_t cap);
/* What was asked is an alias of ours, stored is the answer for its target. stored->msg must not be out. */
size_t compose_alias(struct query_engine *e, const struct client *c, const struct stored *stored, uint8_t *out,
                     size_t cap);

/* ---- asker.c ---- */

/* The sender himself. */
void asker_begin(struct asker *asker, const struct ipaddr *source);
/* What the options of a question say, where its sender is believed. */
void asker_read(const struct query_engine *e, const struct ipaddr *source, const uint8_t *options, size_t len,
                struct asker *asker);
/* Who that is now. */
void asker_find(const struct query_engine *e, const struct asker *asker, struct presence_who *out);
/* The address that the log gives him. */
static inline const struct ipaddr *client_address(const struct client *c)
{
    return c->asker.whole ? &c->asker.address : &c->source.client.addr;
}

/* ---- standing.c ---- */

/* Finds profile, group and until_s of the client. Notes, for front.c, what is to be known of his share too. */
void client_stand(struct query_engine *e, struct client *c);

/* ---- verdict.c ---- */

/* Adds what the statutory list says of the key's name to facts that a policy made. */
void facts_add_statutory(const struct query_engine *e, const struct name_key *key, struct policy_facts *facts);
/* Facts of the name by a look-up of its own. */
void facts_of(const struct query_engine *e, const uint8_t *name, uint16_t type, struct policy_facts *out);
/* What a target's facts add to mark.chain_listed. */
uint64_t facts_chain_listed(const struct policy_facts *facts);
/* Notes in facts whether somebody decided about the name. */
void facts_add_decisions(const struct query_engine *e, const uint8_t *name, struct policy_facts *facts);
/* Whether facts were made of the lists, policy and decisions in force. */
static inline bool facts_current(const struct query_engine *e, const struct policy_facts *facts)
{
    return facts->generation == e->basis;
}
/* Facts of which even a target's bystanders must take notice: a special name, or one that was decided about. */
static inline bool facts_are_special(const struct policy_facts *facts)
{
    return facts->special != POLICY_SPECIAL_NONE || facts->decided;
}
/* ---- overrule.c: what somebody decided for the time being ---- */

/* Rare: names that somebody decided about, now or for somebody else or until lately; and all names, while anybody is paused. */
__attribute__((noinline)) void overrule_question(const struct query_engine *e, struct client *c);
/* The same for what an answer leads to: a pause of everything is about what is asked. */
__attribute__((noinline)) void overrule_target(const struct query_engine *e, struct client *c, const uint8_t *name,
                                               const struct policy_facts *facts, struct verdict *v);

/* ---- verdict.c ---- */

/* c->facts -> c->verdict. */
void verdict_decide(const struct query_engine *e, struct client *c);
/* mark.chain_listed of an answer to a question of this type; all bits when it can't be read. */
uint64_t answer_listed(const struct query_engine *e, const struct stored *stored, uint16_t type);
/* The part that its addresses have in that. */
uint64_t addresses_listed(const struct query_engine *e, const struct stored *stored);
/* Lets those addresses have their say, after the names. */
void verdict_check_addresses(const struct query_engine *e, struct client *c, const struct stored *stored);
/* The records of a list that the verdict answers with. Returns how many there are; at most BLOCKDB_CLAUSES_MAX. */
size_t verdict_records(const struct query_engine *e, const struct client *c,
                       struct blockdb_clause out[BLOCKDB_CLAUSES_MAX]);
/* Lets one target have its say. Whether it is kept from the client: c->verdict and c->matched say so then. */
bool verdict_target_decides(const struct query_engine *e, struct client *c, const uint8_t *target);
/* Lets CNAME targets have their say; c->verdict and c->matched change when one of them is kept from the client. */
void verdict_follow_chain(const struct query_engine *e, struct client *c, const uint8_t chain[][NAME_MAX_LEN],
                          size_t count);
/*
 * What a stored answer leads to: the targets of CNAME, SVCB and HTTPS records (RFC 9460: AliasMode and ServiceMode; where
 * the target is the owner itself, that is the question or the CNAME target before). First of all the host whose service
 * was asked for: https://a.example:8443 is asked as _8443._https.a.example (RFC 9460, 2.3 and 9.1). chain_next: 1 and
 * target in lower case, 0 at the end, negative: unreadable.
 */
struct chain_walk {
    const struct stored *stored;
    struct msg_walk walk;
    size_t host_at; /* where that host is in the message; 0: there is none, or it was given */
};

ERR_CHECKED int chain_begin(struct chain_walk *chain, const struct stored *stored);
ERR_CHECKED int chain_next(struct chain_walk *chain, uint8_t target[NAME_MAX_LEN]);

/*
 * verdict_follow_chain() for a stored message: reads its chain and its addresses. Negative: it can't be read to the end, so
 * nobody knows what it leads to, and nothing of it may be given to a client.
 */
ERR_CHECKED int verdict_follow_stored(const struct query_engine *e, struct client *c, const struct stored *stored);
/*
 * A local alias, and SafeSearch, may lead anywhere but to what nothing can open: judges the target (request.question while
 * it is followed) and, unless stored is NULL, what that leads to. Then c->verdict blocks. A target of SafeSearch that the
 * school blocks itself is kept too. Negative: as with verdict_follow_stored().
 */
ERR_CHECKED int verdict_follow_target(const struct query_engine *e, struct client *c, const struct stored *stored);
/* The same of local aliases only: alias_judge() judges the others. */
ERR_CHECKED int verdict_follow_alias(const struct query_engine *e, struct client *c, const struct stored *stored);

/* ---- address.c ---- */

/* The addresses in the answer section of a stored message: of A and AAAA records, and the hints of SVCB and HTTPS. */
struct address_walk {
    const struct stored *stored;
    size_t record;        /* the next one to look at */
    const uint8_t *hint;  /* the next hint of the record before that; NULL: none is left */
    size_t hints_len;     /* bytes from there on */
    size_t hint_size;     /* 4 or 16 */
    const uint8_t *later; /* IPv6 hints behind IPv4 ones; NULL: none */
    size_t later_len;
};

static inline struct address_walk address_begin(const struct stored *stored)
{
    return (struct address_walk){.stored = stored};
}

bool address_next(struct address_walk *walk, struct ipaddr *out);
/* Whether one of them is an address that no public name should have; which one. */
bool answer_is_rebinding(const struct stored *stored, struct ipaddr *out);

/* ---- ech.c: what clients of a level that does not keep it get instead (RFC 9848) ---- */

/* Whether the client is not to have Encrypted ClientHello. */
bool ech_is_withheld(const struct query_engine *e, const struct client *c);
/*
 * Takes it out of the answer that a->bytes holds, a copy of stored with its TTLs counted down: the parameter, records that
 * are for clients with ECH only, and the signatures over the records, which are no longer what was signed.
 */
void ech_strip(struct answer *a, const struct stored *stored);
/* Takes it out of the record that was just added to a, an SVCB or HTTPS record; a_len: a->len before. */
void ech_strip_added(struct answer *a, size_t a_len, size_t rdata_len);

/* ---- safe.c ---- */

#define SAFE_TTL_S 60 /* of what SafeSearch says: a level that changes is felt within it */

/* Where the verdict's SafeSearch leads; NULL: the engine is not among those of the configuration. */
const struct query_target *safe_target(const struct query_opts *opts, const struct verdict *v);
/* Whether the verdict is to answer with what the target has. */
static inline bool verdict_is_safe_search(const struct verdict *v)
{
    return v->action == VERDICT_REWRITE && v->reason == REASON_SAFE_SEARCH;
}
/* Adds what is said without asking for the target; nothing where that is NODATA. */
void safe_add(struct answer *a, const struct query_opts *opts, const struct client *c, uint32_t ttl_s);

/* ---- alias.c: names that a list, or SafeSearch, answers with another name ---- */

/* Where the verdict's records lead when none of them answers the question itself; target in lower case. */
bool alias_find(const struct query_engine *e, const struct client *c, uint8_t target[NAME_MAX_LEN],
                uint32_t *out_ttl_s);
/* The target that a record's data stand for: "*.garden" is the name that was asked, below garden. false: too long. */
bool alias_target(const uint8_t *rdata, size_t rdata_len, const uint8_t *asked, uint8_t out[NAME_MAX_LEN]);
/*
 * Judges what is followed, once stored is the answer for the target: the list or the policy may have changed meanwhile
 * (ALIAS_GONE), and where it leads to may be kept from the client. ALIAS_KEPT: the question is again what was asked, and c->verdict says
 * what becomes of it.
 */
enum alias_fate { ALIAS_STANDS, ALIAS_KEPT, ALIAS_GONE };
#define ALIAS_GONE_TEXT "The lists have changed: ask again"
enum alias_fate alias_judge(const struct query_engine *e, struct client *c, const struct stored *stored);
/* The part of it that is about the target of SafeSearch, where c->verdict was decided just now. stored NULL: not known yet. */
enum alias_fate alias_check_safe(const struct query_engine *e, struct client *c, const struct stored *stored);

/* ---- settle.c: each gives one waiting client its answer, and logs it ---- */

void settle_stored(struct query_engine *e, struct client *c, const struct stored *stored, struct query_time now);
void settle_failure(struct query_engine *e, struct client *c, struct ede ede, struct query_time now);
/* Answers from an expired entry. false: there is none, nothing was done. */
bool settle_stale(struct query_engine *e, struct client *c, struct query_time now);

/* ---- servers.c ---- */

/* The reply that the ask waited for came; a failure: no answer in time, or the network said no. */
void servers_note_reply(struct query_engine *e, const struct ask *ask, struct query_time now);
void servers_note_failure(struct query_engine *e, uint16_t server, int64_t now_ms);
/* After each change of e->env: which meter is whose. old: the options before; NULL: there were none. */
void servers_bind(struct query_engine *e, const struct query_opts *old);
/* Takes what is known of the servers of `old` along to their places in `new`. */
void servers_carry(struct query_engine *e, const struct query_opts *old, const struct query_opts *new);

/* ---- absence.c: NXDOMAIN cut (RFC 8020) ---- */

/* Remembers that the key's name does not exist, for good_ms; `stored` is the NXDOMAIN without a CNAME, and has an SOA. */
void absence_keep(struct query_engine *e, const struct cache_key *key, const struct stored *stored, int64_t good_ms,
                  int64_t now_ms);
/*
 * Whether the client's name, or one above it, is known not to exist. *out is then an NXDOMAIN for the client's question
 * in e->clean, its TTL offsets in ttl_at.
 */
bool absence_find(struct query_engine *e, const struct client *c, const struct cache_key *key, int64_t now_ms,
                  uint16_t ttl_at[CACHE_TTLS_MAX], struct stored *out);

/* ---- follow.c ---- */

/* Ends the following of an alias: request.question is again what the client asked. */
void client_end_alias(struct client *c);

/* ---- front.c ---- */

struct passage *passages_new(void);
uint16_t zone_of(const struct query_opts *opts, const uint8_t *name);

void client_cache_key(const struct query_engine *e, const struct client *c, struct cache_key *key);

/* ---- note.c ---- */

/* The answer of len bytes at msg is about to leave. */
void note_answer(struct query_engine *e, struct client *c, const uint8_t *msg, size_t len, struct query_time now);

/* Whether no record of an answer about this name may name it: it is on the statutory list, or led there. */
struct concealment {
    struct name_key key; /* of the listed name, or of one that led to it */
    unsigned labels;     /* of the listed host in key; 0: which host it is nobody can tell */
};
bool note_is_concealed(const struct query_engine *e, const struct client *c, const uint8_t *msg,
                       struct concealment *out);

/* ---- tell.c: only to be called when env.tap is there ---- */

/* The answer of len bytes at msg is about to leave. */
void tell_answer(struct query_engine *e, const struct client *c, const uint8_t *msg, size_t len, struct query_time now);
/*
 * An upstream server's reply was believed. r: what it says, cleaned in e->clean; NULL: it was cut short. The flight's
 * questions to other servers are told too when the reply ends it.
 */
void tell_reply(struct query_engine *e, const struct flight *f, const struct ask *ask, const uint8_t *msg, size_t len,
                const struct reply *r, struct query_time now);
/* No server answered. */
void tell_silence(struct query_engine *e, const struct flight *f, struct query_time now);

/* ---- cookie.c ---- */

/* Client and server part for this client (RFC 9018) to out; returns the length, 0 when the client sent none. */
uint8_t cookie_make(const struct query_engine *e, const struct client *c, uint8_t out[EDNS_COOKIE_MAX]);
/* Whether the request's cookie is one of ours, for this client, and not too old: then the address is no lie. */
bool cookie_is_ours(const struct query_engine *e, const struct client *c);

#endif
