#include "upstream/server.h"

#include <string.h>

#define EXPLORE_EVERY        32 /* one question in so many goes to another server than the fastest */
#define FAILURES_BEFORE_REST 3
#define REST_FIRST_MS        1000
#define REST_MAX_MS          60000
#define NO_EDNS_MS           900000
#define EDNS_SILENCES_MAX    2
#define MISSPELT_MAX         3 /* in a row: no forger guesses id and port so often */
#define PLAIN_MS             3600000
#define UNKNOWN_RTT_MS       50 /* assumed before the first answer: gets tried early, not before a proven fast one */

void server_init(struct server *s)
{
    *s = (struct server){.srtt_ms = -1};
}

static bool rests(const struct server *s, int64_t now_ms)
{
    return now_ms < s->rest_until_ms;
}

/* Lower is better: first those not tried and not resting, then by time. */
static int64_t rank(const struct server *s, bool tried, int64_t now_ms)
{
    int64_t rtt_ms = s->srtt_ms < 0 ? UNKNOWN_RTT_MS : s->srtt_ms;
    return rtt_ms + ((int64_t)s->failures + s->refusals) * 100 + (rests(s, now_ms) ? 1000000 : 0) +
           (tried ? 10000000 : 0);
}

size_t server_pick(const struct server servers[], const uint16_t candidates[], size_t count, uint64_t tried,
                   int64_t now_ms, uint32_t draw)
{
    size_t best = 0;
    int64_t best_rank = INT64_MAX;
    if (tried == 0 && count > 1 && draw % EXPLORE_EVERY == 0) {
        size_t other = draw / EXPLORE_EVERY % count;
        if (!rests(&servers[candidates[other]], now_ms))
            return other;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t r = rank(&servers[candidates[i]], tried >> i & 1, now_ms);
        if (r < best_rank) {
            best_rank = r;
            best = i;
        }
    }
    return best;
}

int64_t server_patience_ms(const struct server *s, int64_t min_ms, int64_t max_ms)
{
    if (s->srtt_ms < 0)
        return max_ms;
    int64_t patience_ms = s->srtt_ms + 4 * (int64_t)s->rttvar_ms;
    return patience_ms < min_ms ? min_ms : patience_ms > max_ms ? max_ms : patience_ms;
}

bool server_takes_edns(const struct server *s, int64_t now_ms)
{
    return now_ms >= s->no_edns_until_ms;
}

void server_note_no_edns(struct server *s, int64_t now_ms)
{
    s->no_edns_until_ms = now_ms + NO_EDNS_MS;
}

void server_note_edns_answer(struct server *s, bool with_edns, int64_t now_ms)
{
    s->edns_silences = with_edns ? 0 : s->edns_silences + 1;
    if (s->edns_silences < EDNS_SILENCES_MAX)
        return;
    s->edns_silences = 0;
    server_note_no_edns(s, now_ms);
}

void server_draw_cookie(struct server *s, struct random_pool *random)
{
    if (s->has_cookie)
        return;
    random_bytes(random, s->cookie, EDNS_COOKIE_CLIENT_LEN);
    s->cookie_len = EDNS_COOKIE_CLIENT_LEN;
    s->has_cookie = true;
}

bool server_take_cookie(struct server *s, const uint8_t *cookie, size_t len)
{
    if (len == 0)
        return true;
    if (!s->has_cookie || memcmp(cookie, s->cookie, EDNS_COOKIE_CLIENT_LEN) != 0)
        return false;
    if (len > EDNS_COOKIE_CLIENT_LEN) {
        memcpy(s->cookie, cookie, len);
        s->cookie_len = (uint8_t)len;
    }
    return true;
}

bool server_keeps_spelling(const struct server *s, int64_t now_ms)
{
    return now_ms >= s->plain_until_ms;
}

void server_note_spelling(struct server *s, bool kept, int64_t now_ms)
{
    s->misspelt = kept ? 0 : s->misspelt + 1;
    if (s->misspelt < MISSPELT_MAX)
        return;
    s->plain_until_ms = now_ms + PLAIN_MS;
    s->misspelt = 0;
}

void server_note_reply(struct server *s, int64_t rtt_ms)
{
    int32_t rtt = rtt_ms > INT32_MAX / 8 ? INT32_MAX / 8 : (int32_t)rtt_ms;
    if (s->srtt_ms < 0) {
        s->srtt_ms = rtt;
        s->rttvar_ms = rtt / 2;
    } else {
        int32_t off = s->srtt_ms > rtt ? s->srtt_ms - rtt : rtt - s->srtt_ms;
        s->rttvar_ms = (3 * s->rttvar_ms + off) / 4;
        s->srtt_ms = (7 * s->srtt_ms + rtt) / 8;
    }
    s->failures = 0;
    s->rest_until_ms = 0;
}

void server_note_use(struct server *s, bool useful)
{
    s->refusals = useful ? 0 : s->refusals < SERVER_REFUSALS_MAX ? s->refusals + 1 : s->refusals;
}

void server_note_failure(struct server *s, int64_t now_ms)
{
    if (s->failures < UINT32_MAX)
        s->failures++;
    if (s->failures < FAILURES_BEFORE_REST)
        return;
    uint32_t doublings = s->failures - FAILURES_BEFORE_REST;
    int64_t rest_ms = doublings > 6 ? REST_MAX_MS : (int64_t)REST_FIRST_MS << doublings;
    s->rest_until_ms = now_ms + (rest_ms > REST_MAX_MS ? REST_MAX_MS : rest_ms);
}
