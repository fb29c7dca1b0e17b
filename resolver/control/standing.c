#include "control/standing.h"

/* What one worker adds. */
static void take(struct standing *s, const struct meter *m, int64_t now_ms)
{
    int64_t replied_ms = meter_get(m, METER_REPLIED_MS);
    int64_t failed_in_row = meter_get(m, METER_FAILED_IN_ROW);
    if (replied_ms > s->replied_ms) {
        s->replied_ms = replied_ms;
        s->srtt_ms = meter_get(m, METER_SRTT_MS);
    }
    if (failed_in_row > s->failed_in_row)
        s->failed_in_row = failed_in_row;
    s->resting += meter_get(m, METER_REST_UNTIL_MS) > now_ms;
    s->ports += meter_get(m, METER_PORTS);
    s->links += meter_get(m, METER_LINKS);
}

/* A worker that has given it up says so by a time until which it rests, also when that is over and nobody has asked since. */
static bool gave_up_after(const struct meter *m, int64_t replied_ms)
{
    return meter_get(m, METER_REST_UNTIL_MS) > 0 && meter_get(m, METER_FAILED_MS) > replied_ms;
}

void standing_of(const struct metrics *const workers[], size_t count, uint16_t meter, int64_t now_ms,
                 struct standing *out)
{
    *out = (struct standing){.srtt_ms = -1};
    for (size_t w = 0; w < count; w++)
        take(out, &workers[w]->meters[meter], now_ms);
    out->state = out->replied_ms > 0 ? STANDING_ANSWERS : STANDING_UNKNOWN;
    for (size_t w = 0; w < count; w++)
        if (gave_up_after(&workers[w]->meters[meter], out->replied_ms))
            out->state = STANDING_FAILS;
    for (size_t w = 0; w < count; w++)
        if (meter_get(&workers[w]->meters[meter], METER_DISTRUST_MS) > out->replied_ms)
            out->state = STANDING_DISTRUSTED;
    metrics_sum_meter(workers, count, meter, &out->sum);
}

bool standing_is_twin(const struct query_opts *query, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (query->servers[i].meter == query->servers[index].meter)
            return true;
    return false;
}

const char *standing_address(const struct query_server *server, char out[ENDPOINT_TEXT_MAX])
{
    return server->recursive ? "recursive" : endpoint_to_text(&server->at, out);
}

const char *standing_name(enum standing_state state)
{
    static const char *const names[] = {"unknown", "answers", "fails", "distrusted"};
    return names[state];
}

bool standing_any_answers(const struct metrics *const workers[], size_t count, const struct query_opts *query,
                          int64_t now_ms)
{
    const struct query_zone *root = query->zone_count == 0 ? NULL : &query->zones[0];
    for (size_t i = 0; root != NULL && i < root->server_count; i++) {
        struct standing s;
        standing_of(workers, count, query->servers[root->servers[i]].meter, now_ms, &s);
        if (s.state == STANDING_ANSWERS || s.state == STANDING_UNKNOWN)
            return true;
    }
    return root == NULL || root->server_count == 0;
}
