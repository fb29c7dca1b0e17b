/*
 * A name that does not exist has nothing below it (RFC 8020, 2). Beside the NXDOMAIN for its own question, such a name
 * gets an entry of type 0 in the cache, which is looked for under the asked name and those above it when the cache has
 * no answer. The entry's records have no compression, so they can stand behind a longer question as they are.
 */
#include <string.h>

#include "query/engine.h"

#define LABELS_MAX 16 /* names above the asked one that are looked for, nearest first */

struct plain {
    uint8_t bytes[CACHE_MSG_MAX];
    size_t len;
    uint16_t ttl_at[CACHE_TTLS_MAX];
    size_t ttl_count;
};

static bool add_bytes(struct plain *out, const uint8_t *from, size_t len)
{
    if (sizeof out->bytes - out->len < len)
        return false;
    memcpy(out->bytes + out->len, from, len);
    out->len += len;
    return true;
}

/* Adds the name at pos and moves pos behind it. */
static bool add_name(struct plain *out, const struct stored *from, size_t *pos)
{
    uint8_t name[NAME_MAX_LEN];
    int used = msg_name_unpack(from->msg, from->len, *pos, name);
    if (used < 0)
        return false;
    *pos += (size_t)used;
    return add_bytes(out, name, name_len(name));
}

/* Of the records of an NXDOMAIN, only an SOA has names that may be compressed (RFC 4034, 3.1.7, 4.1.1). */
static bool add_record(struct plain *out, const struct stored *from, const struct msg_rr *rr)
{
    size_t owner = rr->name_pos;
    size_t pos = rr->rdata_pos;
    size_t end = pos + rr->rdata_len;
    if (out->ttl_count == CACHE_TTLS_MAX || !add_name(out, from, &owner))
        return false;
    size_t fixed = out->len;
    if (!add_bytes(out, from->msg + rr->fixed_pos, 10))
        return false;
    for (int names = rr->type == DNS_TYPE_SOA ? 2 : 0; names > 0; names--)
        if (!add_name(out, from, &pos))
            return false;
    if (pos > end || !add_bytes(out, from->msg + pos, end - pos))
        return false;
    msg_put_u16(out->bytes + fixed + 8, (unsigned)(out->len - fixed - 10));
    out->ttl_at[out->ttl_count++] = (uint16_t)(fixed + 4);
    return true;
}

static struct cache_key absence_key(const struct cache_key *key)
{
    struct cache_key absent = *key;
    absent.type = 0;
    absent.flags |= CACHE_KEY_NO_NAME;
    return absent;
}

void absence_keep(struct query_engine *e, const struct cache_key *key, const struct stored *stored, int64_t good_ms,
                  int64_t now_ms)
{
    static const uint8_t no_mark[CACHE_MARK_BYTES];
    struct cache_key absent = absence_key(key);
    struct plain plain = {.len = 0};
    struct msg_walk walk;
    struct msg_rr rr;
    if (msg_u16(stored->msg + 6) != 0 || !add_bytes(&plain, stored->msg, stored->question_end) ||
        msg_walk_begin(&walk, stored->msg, stored->len) < 0)
        return;
    while (msg_walk_next(&walk, &rr) > 0)
        if (!add_record(&plain, stored, &rr))
            return;
    cache_key_hash(e->env.cache, &absent);
    cache_put(e->env.cache, &absent, plain.bytes, plain.len, stored->question_end, plain.ttl_at, plain.ttl_count,
              now_ms, good_ms, no_mark);
}

/* The entry in e->clean, of a name at or above the client's, becomes an answer to the client's question. */
static void answer_below(struct query_engine *e, const struct client *c, const struct cache_hit *hit, int64_t now_ms,
                         uint16_t ttl_at[CACHE_TTLS_MAX], struct stored *out)
{
    const struct question *q = &c->request.question;
    size_t question_end = MSG_HEADER_LEN + (size_t)q->name_len + 4;
    size_t longer = question_end - hit->question_end;
    memmove(e->clean + question_end, e->clean + hit->question_end, (size_t)hit->msg_len - hit->question_end);
    memcpy(e->clean + MSG_HEADER_LEN, q->name, q->name_len);
    msg_put_u16(e->clean + question_end - 4, q->type);
    msg_put_u16(e->clean + question_end - 2, q->class);
    for (size_t i = 0; i < hit->ttl_count; i++)
        ttl_at[i] = (uint16_t)(hit->ttl_at[i] + longer);
    *out = (struct stored){.msg = e->clean,
                           .len = hit->msg_len + longer,
                           .question_end = question_end,
                           .ttl_at = ttl_at,
                           .ttl_count = hit->ttl_count,
                           .age_s = (uint32_t)((now_ms - hit->stored_ms) / 1000),
                           .above = longer > 0};
}

bool absence_find(struct query_engine *e, const struct client *c, const struct cache_key *key, int64_t now_ms,
                  uint16_t ttl_at[CACHE_TTLS_MAX], struct stored *out)
{
    struct cache_key keys[LABELS_MAX + 1];
    struct cache_key absent = absence_key(key);
    struct cache_hit hit;
    /* Without the cut, the asked name alone: NXDOMAIN is of all its types (RFC 2308, 5). */
    unsigned count_max = e->env.opts->nxdomain_cut ? LABELS_MAX + 1 : 1;
    unsigned count = 0;
    for (; count < count_max && absent.name[0] != 0; count++) {
        cache_key_hash(e->env.cache, &absent);
        cache_fetch_bucket(e->env.cache, &absent);
        keys[count] = absent;
        absent.name_len = (uint8_t)(absent.name_len - absent.name[0] - 1);
        absent.name += absent.name[0] + 1;
    }
    for (unsigned up = 0; up < count; up++)
        if (cache_get(e->env.cache, &keys[up], now_ms, 0, e->clean, CACHE_MSG_MAX, &hit)) {
            answer_below(e, c, &hit, now_ms, ttl_at, out);
            return true;
        }
    return false;
}
