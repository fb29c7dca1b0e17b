#include "query/failure.h"

#include <string.h>

#include "query/flight.h"

uint16_t failure_of(const struct flight *f)
{
    if (f->cause != EDE_NONE)
        return (uint16_t)(FAILURE_TOLD + f->cause);
    if (f->answered)
        return FAILURE_ANSWERED;
    if (f->unusable)
        return FAILURE_UNUSABLE;
    if (f->refused)
        return FAILURE_REFUSED;
    return f->network_error ? FAILURE_NETWORK : FAILURE_SILENCE;
}

struct ede failure_ede(uint16_t failure)
{
    /* RFC 8914, 4.23: who refuses counts as one who can't be reached; 4.24: talking to the servers went wrong. */
    static const struct ede ours[] = {
        [FAILURE_SILENCE] = {.code = EDE_NO_REACHABLE_AUTHORITY, .text = "No upstream server answered"},
        [FAILURE_NETWORK] = {.code = EDE_NETWORK_ERROR, .text = "The upstream servers could not be reached"},
        [FAILURE_REFUSED] = {.code = EDE_NO_REACHABLE_AUTHORITY, .text = "The upstream servers refuse to answer"},
        [FAILURE_UNUSABLE] = {.code = EDE_NETWORK_ERROR, .text = "The upstream servers' answers can't be used"},
        [FAILURE_ANSWERED] = {.code = EDE_OTHER, .text = "The upstream servers could not answer"},
    };
    if (failure >= FAILURE_TOLD)
        return (struct ede){.code = (int16_t)(failure - FAILURE_TOLD), .text = EDE_TEXT_UPSTREAM};
    return ours[failure];
}

static struct cache_key failure_key(const struct query_engine *e, const struct cache_key *key)
{
    struct cache_key failed = *key;
    failed.flags |= CACHE_KEY_FAILURE;
    cache_key_hash(e->env.cache, &failed);
    return failed;
}

/* Where no server was heard it is the network, which comes back for all names at once. */
static bool is_of_the_name(const struct flight *f)
{
    return f->answered || f->refused || f->unusable || f->cause != EDE_NONE;
}

/* How long it is remembered (RFC 9520, 3.2). One that lasts: twice as long as the last time. */
static int64_t failure_ttl_ms(const struct query_engine *e, const struct flight *f, const struct cache_key *failed,
                              int64_t now_ms)
{
    uint8_t msg[CLIENT_HEAD_MAX];
    struct cache_hit last;
    int64_t ttl_ms = (int64_t)e->env.opts->failure_ttl_s * 1000;
    int64_t max_ms = (int64_t)e->env.opts->failure_ttl_max_s * 1000;
    if (f->stale_given) /* nobody suffers meanwhile */
        return ttl_ms > STALE_RECHECK_MS ? ttl_ms : STALE_RECHECK_MS;
    if (max_ms < ttl_ms)
        max_ms = ttl_ms;
    if (!is_of_the_name(f) || !cache_get(e->env.cache, failed, now_ms, max_ms, msg, sizeof msg, &last))
        return ttl_ms;
    int64_t last_ms = last.expires_ms - last.stored_ms;
    if (now_ms > last.expires_ms + last_ms)
        return ttl_ms; /* it was not asked for in between: nobody knows that it lasted */
    return 2 * last_ms < max_ms ? 2 * last_ms : max_ms;
}

/* What is kept is a question, with the failure in place of the id. */
void failure_keep(struct query_engine *e, const struct flight *f, uint16_t failure, int64_t now_ms)
{
    const struct question *question = &f->question;
    static const uint8_t no_mark[CACHE_MARK_BYTES];
    uint8_t msg[CLIENT_HEAD_MAX] = {0};
    size_t len = MSG_HEADER_LEN + (size_t)question->name_len + 4;
    if (e->env.opts->failure_ttl_s == 0)
        return;
    struct cache_key failed = failure_key(e, &f->key);
    int64_t ttl_ms = failure_ttl_ms(e, f, &failed, now_ms);
    msg_put_u16(msg, failure);
    memcpy(msg + MSG_HEADER_LEN, question->name, question->name_len);
    msg_put_u16(msg + len - 4, question->type);
    msg_put_u16(msg + len - 2, question->class);
    cache_put(e->env.cache, &failed, msg, len, len, NULL, 0, now_ms, ttl_ms, no_mark);
    if (e->failures_until_ms < now_ms + ttl_ms)
        e->failures_until_ms = now_ms + ttl_ms;
}

bool failure_find(struct query_engine *e, const struct cache_key *key, int64_t now_ms, struct ede *out)
{
    uint8_t msg[CLIENT_HEAD_MAX];
    struct cache_hit hit;
    if (now_ms >= e->failures_until_ms)
        return false;
    struct cache_key failed = failure_key(e, key);
    if (!cache_get(e->env.cache, &failed, now_ms, 0, msg, sizeof msg, &hit))
        return false;
    *out = failure_ede(msg_u16(msg));
    out->cached = true;
    return true;
}
