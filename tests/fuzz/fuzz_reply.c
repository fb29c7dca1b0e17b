/* Any bytes as an upstream's reply: the question is taken from the reply itself so that the walk goes deep. */
#include <stdlib.h>
#include <string.h>

#include "dns/svcb.h"
#include "upstream/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* It can be read, and what holds ECH says so and has owners that lead to the question at most. */
static void check_service(const uint8_t *msg, const struct msg_rr *rr, const struct reply *reply)
{
    struct svcb service;
    if (reply->has_ech && name_check(msg + rr->name_pos, reply->len - rr->name_pos) < 0 &&
        msg_u16(msg + rr->name_pos) != (0xc000 | MSG_HEADER_LEN))
        abort();
    if (rr->section != MSG_ANSWER || !svcb_is_type(rr->type))
        return;
    if (svcb_parse(msg + rr->rdata_pos, rr->rdata_len, &service) < 0 || (service.ech.bytes != NULL && !reply->has_ech))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[66000];
    static struct reply reply;
    struct question q;
    struct msg_walk walk;
    struct msg_rr rr;
    if (size < MSG_HEADER_LEN + 5 || size > MSG_MAX_LEN)
        return 0;
    int len = name_check(data + MSG_HEADER_LEN, size - MSG_HEADER_LEN);
    if (len < 0 || MSG_HEADER_LEN + (size_t)len + 4 > size)
        return 0;
    name_lower(q.name, data + MSG_HEADER_LEN, (size_t)len);
    q.name_len = (uint8_t)len;
    q.type = msg_u16(data + MSG_HEADER_LEN + len);
    q.class = msg_u16(data + MSG_HEADER_LEN + len + 2);
    if (!reply_matches(data, size, msg_u16(data), &q))
        return 0;
    for (int dnssec = 0; dnssec < 2; dnssec++) {
        if (reply_clean(data, size, &q, dnssec, out, sizeof out, &reply) < 0)
            continue;
        if (reply_cause(out) != reply.cause)
            abort();
        /* What was believed is a well-formed message, and every TTL offset is inside it. */
        if (msg_walk_begin(&walk, out, reply.len) < 0)
            abort();
        size_t records = 0;
        int code;
        bool services = false;
        while ((code = msg_walk_next(&walk, &rr)) > 0) {
            if (reply.ttl_at[records++] != rr.fixed_pos + 4)
                abort();
            check_service(out, &rr, &reply);
            services = services || (rr.section == MSG_ANSWER && svcb_is_type(rr.type));
        }
        if (reply.withheld && (services || reply.authentic))
            abort();
        if (code < 0 || records != reply.ttl_count)
            abort();
    }
    return 0;
}
