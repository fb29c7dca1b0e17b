#include "query/ask.h"

#define QUESTION_BLOCK 128 /* questions over TLS are padded to a multiple of this (RFC 8467, 4.1) */
#define OPT_ROOM       (64 + 4 + QUESTION_BLOCK)

#include <stdlib.h>
#include <string.h>

#include "query/flight.h"

#define EDNS_SILENT_MAX 2 /* questions with OPT that a server left unanswered before it gets one without */

int ask_table_init(struct ask_table *table, size_t flights_max, uint64_t seed)
{
    table->seed = seed;
    table->mask = 15;
    while (table->mask < flights_max)
        table->mask = table->mask * 2 + 1;
    table->buckets = calloc(table->mask + 1, sizeof(struct ask *));
    table->slots = calloc(table->mask + 1, sizeof(struct ask *));
    if (table->buckets != NULL && table->slots != NULL)
        return 0;
    ask_table_done(table);
    return ERR_NOMEM;
}

void ask_table_done(struct ask_table *table)
{
    free(table->buckets);
    free(table->slots);
    table->buckets = table->slots = NULL;
}

static size_t bucket_of(const struct ask_table *table, uint32_t slot, uint16_t id)
{
    uint64_t x = ((uint64_t)slot << 16 | id) ^ table->seed;
    return (size_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 20) & table->mask;
}

static struct ask **slot_bucket(const struct ask_table *table, uint32_t slot)
{
    return &table->slots[bucket_of(table, slot, 0)];
}

struct ask *ask_find(struct ask_table *table, uint32_t slot, uint16_t id, const struct ask *after)
{
    struct ask *a = after == NULL ? table->buckets[bucket_of(table, slot, id)] : after->next;
    while (a != NULL && (a->slot != slot || a->id != id))
        a = a->next;
    return a;
}

struct ask *ask_find_slot(struct ask_table *table, uint32_t slot)
{
    struct ask *a = *slot_bucket(table, slot);
    while (a != NULL && a->slot != slot)
        a = a->slot_next;
    return a;
}

void ask_close(struct ask_table *table, struct ask *ask)
{
    struct ask **at = &table->buckets[bucket_of(table, ask->slot, ask->id)];
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    *ask->slot_at = ask->slot_next;
    if (ask->slot_next != NULL)
        ask->slot_next->slot_at = ask->slot_at;
    ask->flight = NULL;
}

static void ask_open(struct ask_table *table, struct flight *f, const struct ask *like)
{
    struct ask *a = &f->asks[f->ask_next];
    f->ask_next = (uint8_t)((f->ask_next + 1) % FLIGHT_ASKS_MAX);
    if (a->flight != NULL)
        ask_close(table, a);
    struct ask **bucket = &table->buckets[bucket_of(table, like->slot, like->id)];
    *a = *like;
    a->flight = f;
    a->next = *bucket;
    *bucket = a;
    a->slot_at = slot_bucket(table, like->slot);
    a->slot_next = *a->slot_at;
    if (a->slot_next != NULL)
        a->slot_next->slot_at = &a->slot_next;
    *a->slot_at = a;
}

static size_t ask_write(const struct flight *f, const struct ask *ask, const struct server *server, bool encrypted,
                        uint8_t out[CLIENT_HEAD_MAX + OPT_ROOM])
{
    const struct question *q = &f->question;
    bool dnssec = f->key.flags & CACHE_KEY_DO;
    struct edns_reply edns = {.udp_size = MSG_UDP_EDNS,
                              .dnssec_ok = dnssec,
                              .ede = EDE_NONE,
                              .cookie = server->cookie,
                              .cookie_len = server->cookie_len,
                              .padding_block = encrypted ? QUESTION_BLOCK : 0};
    size_t len = MSG_HEADER_LEN + (size_t)q->name_len + 4;
    msg_put_u16(out, ask->id);
    /* AD asks the upstream to say whether it validated, without the records (RFC 6840, 5.7). */
    msg_put_u16(out + 2, MSG_RD | MSG_AD | (f->key.flags & CACHE_KEY_CD ? MSG_CD : 0));
    msg_put_u16(out + 4, 1);
    memset(out + 6, 0, 6);
    spelling_write(&ask->spelling, q->name, q->name_len, out + MSG_HEADER_LEN);
    msg_put_u16(out + len - 4, q->type);
    msg_put_u16(out + len - 2, q->class);
    if (!ask->edns)
        return len;
    edns.before_len = (uint16_t)len;
    int opt_len = edns_write(&edns, out + len, OPT_ROOM);
    if (opt_len < 0)
        return len;
    msg_put_u16(out + 10, 1);
    return len + (size_t)opt_len;
}

/* Over a stream nobody can put in a word unseen: there the spelling would only be one more thing to go wrong. */
static void ask_spell(struct query_engine *e, const struct flight *f, struct ask *ask, int64_t now_ms)
{
    ask->spelt = !ask->stream && e->env.opts->servers[ask->server].spelt &&
                 server_keeps_spelling(&e->servers[ask->server], now_ms);
    if (ask->spelt)
        spelling_draw(&ask->spelling, f->question.name_len, &e->random);
}

/* Some servers, and boxes before them, drop questions with OPT without a word (RFC 6891, 7). */
static bool edns_is_dropped(const struct flight *f, uint16_t server)
{
    unsigned silent = 0;
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++) {
        const struct ask *a = &f->asks[i];
        silent += a->flight != NULL && a->server == server && a->edns && !a->stream && !a->misspelt;
    }
    return silent >= EDNS_SILENT_MAX;
}

static void ask_dress(struct query_engine *e, const struct flight *f, struct ask *ask, int64_t now_ms)
{
    struct server *s = &e->servers[ask->server];
    ask->edns = server_takes_edns(s, now_ms);
    bool dropped = !ask->stream && !e->env.opts->servers[ask->server].recursive && edns_is_dropped(f, ask->server);
    bool disliked = f->bare != 0 && (f->bare & flight_bit(e, f, ask->server)) != 0;
    ask->edns_probe = ask->edns && (dropped || disliked);
    if (ask->edns_probe)
        ask->edns = false;
    if (ask->edns)
        server_draw_cookie(s, &e->random);
}

static enum meter_count counter_of(const struct query_engine *e, uint16_t server, bool stream)
{
    if (!stream)
        return METER_ASKED_UDP;
    return e->env.opts->servers[server].tls != NULL ? METER_ASKED_TLS : METER_ASKED_TCP;
}

bool ask_send(struct query_engine *e, struct flight *f, uint16_t server, bool stream, struct query_time now)
{
    uint8_t bytes[CLIENT_HEAD_MAX + OPT_ROOM];
    struct ask draft = {.sent_ms = now.mono_ms,
                        .sent_wall_ns = now.wall_ns,
                        .id = (uint16_t)random_u32(&e->random),
                        .server = server,
                        .stream = stream || e->env.opts->servers[server].stream};
    ask_dress(e, f, &draft, now.mono_ms);
    ask_spell(e, f, &draft, now.mono_ms);
    struct query_ask ask = {
        .server = server,
        .stream = draft.stream,
        .msg = bytes,
        .msg_len = ask_write(f, &draft, &e->servers[server], e->env.opts->servers[server].tls != NULL, bytes),
    };
    f->tries++;
    meter_add(e->meters[server], counter_of(e, server, ask.stream), 1);
    if (e->io.send(e->io.ctx, &ask, &draft.slot) < 0) {
        f->network_error = true;
        meter_add(e->meters[server], METER_FAILURES, 1);
        servers_note_failure(e, server, now.mono_ms);
        return false;
    }
    ask_open(&e->asks, f, &draft);
    return true;
}
