#include <string.h>

#include "dns/svcb.h"
#include "query/engine.h"

#define RR_FIXED_LEN 10

bool ech_is_withheld(const struct query_engine *e, const struct client *c)
{
    return !policy_level_at(e->moment, c->profile)->keep_ech;
}

static bool is_signature_over_services(const uint8_t *fixed, size_t rdata_len)
{
    return msg_u16(fixed) == DNS_TYPE_RRSIG && rdata_len >= 2 && svcb_is_type(msg_u16(fixed + RR_FIXED_LEN));
}

/* Strips the record in place. Returns how many of its data stay; negative: all of it goes. */
static int strip_record(uint8_t *fixed)
{
    size_t len = msg_u16(fixed + 8);
    if (is_signature_over_services(fixed, len))
        return -1;
    if (!svcb_is_type(msg_u16(fixed)))
        return (int)len;
    size_t left = svcb_strip_ech(fixed + RR_FIXED_LEN, len);
    msg_put_u16(fixed + 8, (unsigned)left);
    return left == 0 ? -1 : (int)left;
}

void ech_strip(struct answer *a, const struct stored *stored)
{
    size_t from = stored->question_end;
    size_t to = from;
    size_t answers = a->count[MSG_ANSWER];
    uint32_t ttl_s = 0;
    for (size_t i = 0; i < answers && i < stored->ttl_count; i++) {
        size_t fixed = stored->ttl_at[i] - 4u;
        size_t end = fixed + RR_FIXED_LEN + msg_u16(a->bytes + fixed + 8);
        int left = strip_record(a->bytes + fixed);
        ttl_s = msg_u32(a->bytes + fixed + 4);
        if (left < 0) {
            a->count[MSG_ANSWER]--;
        } else {
            size_t len = fixed + RR_FIXED_LEN + (size_t)left - from;
            memmove(a->bytes + to, a->bytes + from, len);
            to += len;
        }
        from = end;
    }
    memmove(a->bytes + to, a->bytes + from, a->len - from);
    a->len = to + (a->len - from);
    if (a->len > a->limit)
        a->overflow = true;
    else if (a->count[MSG_ANSWER] == 0) /* there is none, and that is good as long as the records were */
        answer_add_soa(a, ttl_s);
}

void ech_strip_added(struct answer *a, size_t a_len, size_t rdata_len)
{
    if (a->overflow)
        return;
    uint8_t *fixed = a->bytes + a->len - rdata_len - RR_FIXED_LEN;
    int left = strip_record(fixed);
    if (left < 0) {
        a->len = a_len;
        a->count[MSG_ANSWER]--;
        return;
    }
    a->len -= rdata_len - (size_t)left;
}
