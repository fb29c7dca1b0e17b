#include "net/engine_double.h"

#include <stdlib.h>
#include <string.h>

struct engine_double engine_double;
struct query_engine *engine_double_handle = (struct query_engine *)&engine_double;

void double_reset(void)
{
    memset(&engine_double, 0, sizeof engine_double);
}

size_t double_request(uint16_t id, const char *text, uint8_t out[DOUBLE_MSG_BYTES])
{
    memset(out, 0, 12);
    out[0] = (uint8_t)(id >> 8);
    out[1] = (uint8_t)id;
    strcpy((char *)out + 12, text);
    return 12 + strlen(text);
}

static void keep_pending(const struct query_item *item)
{
    if (engine_double.pending_count == DOUBLE_PENDING_MAX || item->msg_len > DOUBLE_MSG_BYTES)
        abort();
    struct double_pending *p = &engine_double.pending[engine_double.pending_count++];
    p->source = item->source;
    p->len = item->msg_len;
    memcpy(p->msg, item->msg, item->msg_len);
}

static void handle(struct query_item *item)
{
    uint8_t what = item->msg_len > 12 ? item->msg[12] : 'D';
    size_t len = item->msg_len;
    engine_double.requests++;
    engine_double.last = item->source;
    bool pending = what == 'P' || what == 'F';
    item->step = pending ? QUERY_PENDING : what == 'D' ? QUERY_DROP : QUERY_ANSWER;
    if (what == 'P')
        keep_pending(item);
    if (what == 'F')
        engine_double.answer(&item->source, item->msg, item->msg_len);
    if (item->step != QUERY_ANSWER)
        return;
    if (what == 'B') {
        len = (size_t)item->msg[13] << 8 | item->msg[14];
        memset(item->out, what, len);
    }
    memcpy(item->out, item->msg, what == 'B' ? 12 : len);
    item->out[2] |= 0x80;
    item->out_len = len;
}

void query_batch(struct query_engine *engine, struct query_item items[], size_t count, struct query_time now)
{
    (void)engine;
    (void)now;
    for (size_t i = 0; i < count; i++)
        handle(&items[i]);
}

void double_answer_pending(void (*answer)(const struct query_source *to, const uint8_t *msg, size_t len))
{
    while (engine_double.pending_count > 0) {
        struct double_pending *p = &engine_double.pending[--engine_double.pending_count];
        p->msg[2] |= 0x80;
        answer(&p->source, p->msg, p->len);
    }
}

static struct double_event *event(bool failed, uint32_t slot)
{
    if (engine_double.event_count == DOUBLE_EVENTS_MAX)
        abort();
    struct double_event *e = &engine_double.events[engine_double.event_count++];
    e->failed = failed;
    e->slot = slot;
    return e;
}

void query_reply(struct query_engine *engine, uint32_t slot, uint16_t server, const uint8_t *msg, size_t len,
                 struct query_time now)
{
    struct double_event *e = event(false, slot);
    (void)engine;
    (void)now;
    e->server = server;
    e->len = len;
    memcpy(e->msg, msg, len < sizeof e->msg ? len : sizeof e->msg);
}

void query_slot_failed(struct query_engine *engine, uint32_t slot, struct query_time now)
{
    (void)engine;
    (void)now;
    event(true, slot);
}

/* The rest is only there so that nothing of the real engine is linked. */

int query_engine_new(const struct query_env *env, const struct query_io *io, struct query_engine **out)
{
    (void)env;
    (void)io;
    *out = engine_double_handle;
    return 0;
}

void query_engine_free(struct query_engine *engine)
{
    (void)engine;
}

void query_set_env(struct query_engine *engine, const struct query_env *env, struct query_time now)
{
    (void)engine;
    (void)env;
    (void)now;
}

int64_t query_deadline_ms(const struct query_engine *engine)
{
    (void)engine;
    return INT64_MAX;
}

void query_tick(struct query_engine *engine, struct query_time now)
{
    (void)engine;
    (void)now;
}
