#include "query/flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "query/load.h"
#include "query/wake.h"

#define PATIENCE_MIN_MS    150
#define RECURSION_MS       1000 /* patience with recursion: many servers are behind an answer */
#define RECURSION_NEW_MS   100  /* it has ended: until then we are told where it is */
#define STREAM_ROUND_TRIPS 2    /* a handshake and a question */
#define STREAM_AGAIN_MS    1100 /* by then net/ takes another connection than one that hangs */
#define ROUNDS_MAX         3    /* a question goes to one server no more often (RFC 9520, 3.1) */
#define TRIES_MIN          6    /* some of them over TCP, or spelt in another way */
#define TRIES_MAX          12

struct flights {
    struct flight *pool, *free_flights;
    size_t pool_count, flying, high; /* high: places of the pool ever used */
    struct waiter *waiter_pool, *free_waiters;
    size_t waiter_count, waiting;
    struct flight **by_key;
    size_t key_mask;
    struct wake_heap wakes;
    struct load load;
};

/* Zeroed pages that cost nothing before they are used. */
static void *pool_map(size_t count, size_t size)
{
    void *pool = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pool == MAP_FAILED ? NULL : pool;
}

static void pool_unmap(void *pool, size_t count, size_t size)
{
    if (pool != NULL)
        munmap(pool, count * size);
}

int flights_new(size_t flights_max, size_t waiters_max, uint64_t seed, struct flights **out)
{
    struct flights *fs = calloc(1, sizeof *fs);
    if (fs == NULL)
        return ERR_NOMEM;
    fs->pool_count = flights_max;
    fs->waiter_count = waiters_max;
    fs->key_mask = 15;
    while (fs->key_mask < flights_max)
        fs->key_mask = fs->key_mask * 2 + 1;
    fs->pool = pool_map(flights_max, sizeof *fs->pool);
    fs->waiter_pool = pool_map(waiters_max, sizeof *fs->waiter_pool);
    fs->by_key = calloc(fs->key_mask + 1, sizeof *fs->by_key);
    if (fs->pool == NULL || fs->waiter_pool == NULL || fs->by_key == NULL || wake_init(&fs->wakes, flights_max) < 0 ||
        load_init(&fs->load, waiters_max, seed) < 0) {
        flights_free(fs);
        return ERR_NOMEM;
    }
    *out = fs;
    return 0;
}

void flights_free(struct flights *fs)
{
    if (fs == NULL)
        return;
    pool_unmap(fs->pool, fs->pool_count, sizeof *fs->pool);
    pool_unmap(fs->waiter_pool, fs->waiter_count, sizeof *fs->waiter_pool);
    free(fs->by_key);
    wake_done(&fs->wakes);
    load_done(&fs->load);
    free(fs);
}

size_t flights_waiting(const struct flights *fs)
{
    return fs->waiting;
}

/* ---- pools: free ones first, then never used ones, so that untouched pages stay untouched ---- */

static struct flight *flight_take(struct flights *fs)
{
    struct flight *f = fs->free_flights;
    if (f != NULL)
        fs->free_flights = f->next;
    else if (fs->flying < fs->pool_count)
        f = &fs->pool[fs->flying];
    else
        return NULL;
    fs->flying++;
    if (fs->flying > fs->high)
        fs->high = fs->flying;
    return f;
}

static struct waiter *waiter_take(struct flights *fs)
{
    struct waiter *w = fs->free_waiters;
    if (w != NULL)
        fs->free_waiters = w->next;
    else if (fs->waiting < fs->waiter_count)
        w = &fs->waiter_pool[fs->waiting];
    else
        return NULL;
    fs->waiting++;
    return w;
}

static void waiter_free(struct flights *fs, struct waiter *w)
{
    w->next = fs->free_waiters;
    fs->free_waiters = w;
    fs->waiting--;
}

/* ---- flights ---- */

static struct flight **key_bucket(struct flights *fs, const struct cache_key *key)
{
    return &fs->by_key[key->hash >> 12 & fs->key_mask];
}

static bool same_question(const struct cache_key *a, const struct cache_key *b)
{
    return a->hash == b->hash && a->name_len == b->name_len && a->type == b->type && a->class == b->class &&
           a->flags == b->flags && a->partition == b->partition && memcmp(a->name, b->name, a->name_len) == 0;
}

static struct flight *flight_find(struct flights *fs, const struct cache_key *key)
{
    struct flight *f = *key_bucket(fs, key);
    while (f != NULL && !same_question(&f->key, key))
        f = f->next;
    return f;
}

static struct flight *flight_start(struct query_engine *e, const struct client *c, const struct cache_key *key,
                                   struct query_time now)
{
    struct flights *fs = e->flights;
    struct flight *f = flight_take(fs);
    if (f == NULL)
        return NULL;
    f->question = c->request.question;
    f->key = *key;
    f->key.name = f->question.name;
    f->facts = c->facts;
    f->waiters = NULL;
    memset(f->asks, 0, sizeof f->asks);
    f->ask_next = f->tries = f->rounds = 0;
    f->stale_tried = f->stale_given = f->bad_cookie = false;
    f->network_error = f->refused = f->unusable = f->answered = false;
    f->cause = EDE_NONE;
    f->tried = f->said_no = f->bare = 0;
    f->started_ms = now.mono_ms;
    f->deadline_ms = now.mono_ms + e->env.opts->client_timeout_ms;
    f->wake_ms = f->deadline_ms;
    struct flight **bucket = key_bucket(fs, key);
    f->next = *bucket;
    *bucket = f;
    wake_add(&fs->wakes, f);
    return f;
}

static void waiter_add(struct flights *fs, struct flight *f, const struct client *c, struct waiter *w)
{
    w->next = f->waiters;
    w->client = *c;
    w->client.match = NULL;
    f->waiters = w;
    load_add(&fs->load, client_address(c));
}

/* Who joins a question that has been out for so long need not wait for it. */
static bool joins_too_late(struct query_engine *e, const struct flight *f, const struct client *c,
                           struct query_time now)
{
    if (f == NULL || !f->stale_tried)
        return false;
    struct client stale = *c;
    return settle_stale(e, &stale, now);
}

enum flight_wait flight_join(struct query_engine *e, const struct client *c, const struct cache_key *key,
                             struct query_time now)
{
    struct flights *fs = e->flights;
    struct flight *f = flight_find(fs, key);
    bool merged = f != NULL;
    if (joins_too_late(e, f, c, now))
        return FLIGHT_WAITS;
    if (load_of(&fs->load, client_address(c)) >= e->env.opts->pending_per_client)
        return FLIGHT_FULL;
    struct waiter *w = waiter_take(fs);
    if (w == NULL)
        return FLIGHT_FULL;
    if (!merged)
        f = flight_start(e, c, key, now);
    if (f == NULL) {
        waiter_free(fs, w);
        return FLIGHT_FULL;
    }
    waiter_add(fs, f, c, w);
    w->client.cache_state = merged ? QLOG_CACHE_MERGED : QLOG_CACHE_MISS;
    metrics_add(e->env.metrics, merged ? METRIC_MERGED : METRIC_CACHE_MISSES, 1);
    if (!merged)
        flight_try(e, f, now);
    return FLIGHT_WAITS;
}

void flight_refresh(struct query_engine *e, const struct client *c, const struct cache_key *key, struct query_time now)
{
    if (flight_find(e->flights, key) != NULL)
        return;
    struct flight *f = flight_start(e, c, key, now);
    if (f != NULL)
        flight_try(e, f, now);
}

/* Wakes the flight for its next try, or before that for the moment at which a stale answer is due. */
static void wake_by(struct query_engine *e, struct flight *f, int64_t wake_ms)
{
    const struct query_opts *opts = e->env.opts;
    f->retry_ms = wake_ms;
    if (opts->serve_stale && !f->stale_tried && f->started_ms + opts->stale_after_ms < wake_ms)
        wake_ms = f->started_ms + opts->stale_after_ms;
    wake_move(&e->flights->wakes, f, wake_ms < f->deadline_ms ? wake_ms : f->deadline_ms);
}

static int64_t patience_ms(const struct query_engine *e, uint16_t server)
{
    const struct query_opts *opts = e->env.opts;
    return opts->servers[server].recursive
               ? RECURSION_MS
               : server_patience_ms(&e->servers[server], PATIENCE_MIN_MS, opts->try_timeout_ms);
}

/* Patience doubles each time round all servers: a lost packet is repaired soon, a slow server is not hammered. */
static void wake_after_try(struct query_engine *e, struct flight *f, uint16_t server, int64_t now_ms)
{
    int64_t wait_ms = patience_ms(e, server) << f->rounds;
    /* Over a connection no question gets lost: one to the same server again is of use only over another connection. */
    if (e->env.opts->servers[server].stream && wait_ms < STREAM_AGAIN_MS && flight_tried_all(e, f))
        wait_ms = STREAM_AGAIN_MS;
    wake_by(e, f, now_ms + wait_ms);
}

/* One question costs a bounded number of packets, whatever the servers do. */
static unsigned tries_max(const struct query_zone *zone)
{
    size_t tries = ROUNDS_MAX * zone->server_count;
    return tries < TRIES_MIN ? TRIES_MIN : tries > TRIES_MAX ? TRIES_MAX : (unsigned)tries;
}

static uint64_t all_servers(const struct query_engine *e, const struct flight *f)
{
    size_t count = e->env.opts->zones[f->key.partition].server_count;
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* Whether a server is left to be asked; when all had their turn the next round begins, with those that said nothing. */
static bool has_server_left(const struct query_engine *e, struct flight *f)
{
    uint64_t willing = all_servers(e, f) & ~f->said_no;
    if (willing == 0 || f->tries >= tries_max(&e->env.opts->zones[f->key.partition]))
        return false;
    if ((willing & ~f->tried) != 0)
        return true;
    if (f->rounds + 1 >= ROUNDS_MAX)
        return false;
    f->rounds++;
    f->tried = 0;
    return true;
}

void flight_try(struct query_engine *e, struct flight *f, struct query_time now)
{
    const struct query_zone *zone = &e->env.opts->zones[f->key.partition];
    while (has_server_left(e, f)) {
        size_t at = server_pick(e->servers, zone->servers, zone->server_count, f->tried | f->said_no, now.mono_ms,
                                random_u32(&e->random));
        uint16_t server = zone->servers[at];
        f->tried |= UINT64_C(1) << at;
        if (ask_send(e, f, server, false, now)) {
            wake_after_try(e, f, server, now.mono_ms);
            return;
        }
    }
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++)
        if (f->asks[i].flight != NULL) {
            wake_by(e, f, f->deadline_ms); /* a late answer is still welcome */
            return;
        }
    flight_fail(e, f, now);
}

void flight_broken(struct query_engine *e, struct flight *f, uint16_t server, struct query_time now)
{
    if (!e->env.opts->servers[server].recursive) {
        flight_try(e, f, now);
        return;
    }
    f->tried &= ~flight_bit(e, f, server); /* nobody was there: that was no turn of it */
    wake_by(e, f, now.mono_ms + RECURSION_NEW_MS);
}

bool flight_tried_all(const struct query_engine *e, const struct flight *f)
{
    return f->rounds > 0 || (all_servers(e, f) & ~(f->tried | f->said_no)) == 0;
}

uint64_t flight_bit(const struct query_engine *e, const struct flight *f, uint16_t server)
{
    const struct query_zone *zone = &e->env.opts->zones[f->key.partition];
    for (size_t i = 0; i < zone->server_count; i++)
        if (zone->servers[i] == server)
            return UINT64_C(1) << i;
    return 0;
}

void flight_retry(struct query_engine *e, struct flight *f, uint16_t server, bool stream, struct query_time now)
{
    if (f->tries >= tries_max(&e->env.opts->zones[f->key.partition]) + 2 || !ask_send(e, f, server, stream, now))
        flight_try(e, f, now);
    else if (!stream)
        wake_after_try(e, f, server, now.mono_ms);
    else if (flight_tried_all(e, f))
        wake_by(e, f, f->deadline_ms);
    else
        wake_by(e, f, now.mono_ms + STREAM_ROUND_TRIPS * e->env.opts->try_timeout_ms);
}

void flight_misspelt(struct query_engine *e, struct ask *ask, struct query_time now)
{
    struct flight *f = ask->flight;
    uint16_t server = ask->server;
    meter_add(e->meters[server], METER_MISSPELT, 1);
    if (ask->misspelt)
        return; /* whoever sends many of them has no say in what we do */
    ask->misspelt = true;
    server_note_spelling(&e->servers[server], false, now.mono_ms);
    bool stream = server_keeps_spelling(&e->servers[server], now.mono_ms);
    if (f->tries >= tries_max(&e->env.opts->zones[f->key.partition]) + 2 || !ask_send(e, f, server, stream, now))
        return; /* the ask is open still: its time-out goes on with the next server */
    wake_by(e, f, now.mono_ms + patience_ms(e, server));
}

/* It has got its answer. */
static void waiter_leave(struct query_engine *e, struct waiter *w, struct query_time now)
{
    histogram_add(&e->env.metrics->waited, now.wall_ns - w->client.asked.wall_ns, 1);
    load_sub(&e->flights->load, client_address(&w->client));
    waiter_free(e->flights, w);
}

void flight_unspoken(struct query_engine *e, struct ask *ask, struct query_time now)
{
    struct flight *f = ask->flight;
    uint16_t server = ask->server;
    uint64_t bit = flight_bit(e, f, server);
    meter_add(e->meters[server], METER_UNUSABLE, 1);
    if ((f->bare & bit) != 0)
        return;
    f->bare |= bit;
    if (f->tries < tries_max(&e->env.opts->zones[f->key.partition]) + 2 && ask_send(e, f, server, false, now))
        wake_after_try(e, f, server, now.mono_ms);
}

void flight_release(struct query_engine *e, struct flight *f,
                    void (*each)(struct query_engine *e, struct client *c, const void *ctx, struct query_time now),
                    const void *ctx, struct query_time now)
{
    while (f->waiters != NULL) {
        struct waiter *w = f->waiters;
        f->waiters = w->next;
        each(e, &w->client, ctx, now);
        waiter_leave(e, w, now);
    }
}

void flight_blame(struct query_engine *e, const struct flight *f, uint16_t spared, int64_t before_ms, int64_t now_ms)
{
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++) {
        const struct ask *a = &f->asks[i];
        if (a->flight != NULL && a->server != spared && a->sent_ms < before_ms)
            servers_note_failure(e, a->server, now_ms);
    }
}

void flight_end(struct query_engine *e, struct flight *f)
{
    struct flights *fs = e->flights;
    assert(f->waiters == NULL);
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++)
        if (f->asks[i].flight != NULL)
            ask_close(&e->asks, &f->asks[i]);
    struct flight **at = key_bucket(fs, &f->key);
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    wake_remove(&fs->wakes, f);
    f->key.name = NULL;
    f->next = fs->free_flights;
    fs->free_flights = f;
    fs->flying--;
    if (fs->flying == 0) { /* begin anew: flights_each() need not walk what one flood once used */
        fs->free_flights = NULL;
        fs->high = 0;
    }
}

void flights_each(struct query_engine *e,
                  void (*each)(struct query_engine *e, struct flight *f, const void *ctx, struct query_time now),
                  const void *ctx, struct query_time now)
{
    struct flights *fs = e->flights;
    for (size_t i = 0; i < fs->high; i++)
        if (fs->pool[i].key.name != NULL)
            each(e, &fs->pool[i], ctx, now);
}

static void stale_or_wait(struct query_engine *e, struct flight *f, struct query_time now)
{
    struct waiter **at = &f->waiters;
    f->stale_tried = true;
    while (*at != NULL) {
        struct waiter *w = *at;
        if (!settle_stale(e, &w->client, now)) {
            at = &w->next;
            continue;
        }
        f->stale_given = true;
        *at = w->next;
        waiter_leave(e, w, now);
    }
}

/* The server asked last has not answered in its time. */
static void count_silence(struct query_engine *e, struct flight *f)
{
    struct ask *last = &f->asks[(f->ask_next + FLIGHT_ASKS_MAX - 1u) % FLIGHT_ASKS_MAX];
    if (last->flight == NULL || last->overdue)
        return;
    last->overdue = true;
    meter_add(e->meters[last->server], METER_TIMEOUTS, 1);
}

static void flight_wake(struct query_engine *e, struct flight *f, struct query_time now)
{
    const struct query_opts *opts = e->env.opts;
    if (now.mono_ms >= f->deadline_ms) {
        count_silence(e, f);
        flight_fail(e, f, now);
        return;
    }
    if (opts->serve_stale && !f->stale_tried && now.mono_ms >= f->started_ms + opts->stale_after_ms)
        stale_or_wait(e, f, now);
    if (now.mono_ms < f->retry_ms) {
        wake_by(e, f, f->retry_ms); /* the servers still have time */
        return;
    }
    count_silence(e, f);
    flight_try(e, f, now);
}

int64_t flights_deadline_ms(const struct flights *fs)
{
    const struct flight *first = wake_first(&fs->wakes);
    return first == NULL ? INT64_MAX : first->wake_ms;
}

void flights_tick(struct query_engine *e, struct query_time now)
{
    struct flight *f;
    /* A flight that wakes is put back to a later time, or ends: the loop ends. */
    while ((f = wake_first(&e->flights->wakes)) != NULL && f->wake_ms <= now.mono_ms)
        flight_wake(e, f, now);
}
