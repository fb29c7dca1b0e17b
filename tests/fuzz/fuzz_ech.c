/*
 * Any bytes as an upstream's reply: what is left of it without ECH is a message whose other records are those that were
 * there, in their order, and nothing in it has ECH or is a signature over what was changed.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/svcb.h"
#include "query/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct record {
    struct msg_rr rr;
    uint8_t owner[NAME_MAX_LEN];
};

static bool record_next(struct msg_walk *walk, struct record *out)
{
    int code = msg_walk_next(walk, &out->rr);
    must(code >= 0);
    if (code > 0)
        must(msg_name_unpack(walk->msg, walk->len, out->rr.name_pos, out->owner) > 0);
    return code > 0;
}

/* What becomes of a record: its new data. Returns their length, or -1 when it goes. */
static int expected(const uint8_t *msg, const struct msg_rr *rr, uint8_t out[65536])
{
    const uint8_t *rdata = msg + rr->rdata_pos;
    memcpy(out, rdata, rr->rdata_len);
    if (rr->section != MSG_ANSWER)
        return rr->rdata_len;
    if (rr->type == DNS_TYPE_RRSIG && rr->rdata_len >= 2 && svcb_is_type(msg_u16(rdata)))
        return -1;
    if (!svcb_is_type(rr->type))
        return rr->rdata_len;
    size_t left = svcb_strip_ech(out, rr->rdata_len);
    return left == 0 ? -1 : (int)left;
}

static void compare(const uint8_t *before, size_t before_len, const uint8_t *after, size_t after_len)
{
    static uint8_t rdata[65536];
    struct msg_walk was, is;
    struct record old, new;
    unsigned answers = 0;
    must(msg_walk_begin(&was, before, before_len) == 0 && msg_walk_begin(&is, after, after_len) == 0);
    while (record_next(&was, &old)) {
        int len = expected(before, &old.rr, rdata);
        if (len < 0)
            continue;
        must(record_next(&is, &new));
        must(name_equal(old.owner, new.owner) && old.rr.type == new.rr.type &&old.rr.section == new.rr.section);
        must(old.rr.ttl == new.rr.ttl &&new.rr.rdata_len == len);
        must(memcmp(after + new.rr.rdata_pos, rdata, (size_t)len) == 0);
        answers += new.rr.section == MSG_ANSWER;
    }
    /* Where no answer is left, the absence is told. */
    must(record_next(&is, &new) == (answers == 0));
    must(answers > 0 || (new.rr.section == MSG_AUTHORITY &&new.rr.type == DNS_TYPE_SOA));
}

static void strip(const struct reply *reply, const uint8_t *clean)
{
    static uint8_t out[MSG_MAX_LEN];
    const struct stored stored = {.msg = out,
                                  .len = reply->len,
                                  .question_end = reply->question_end,
                                  .ttl_at = reply->ttl_at,
                                  .ttl_count = reply->ttl_count,
                                  .has_ech = true};
    struct answer a = {.bytes = out,
                       .cap = sizeof out,
                       .limit = sizeof out,
                       .len = reply->len,
                       .question_end = reply->question_end,
                       .count = {1, msg_u16(clean + 6), msg_u16(clean + 8), 0}};
    memcpy(out, clean, reply->len);
    ech_strip(&a, &stored);
    compare(clean, reply->len, out, answer_end(&a, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t clean[66000];
    static struct reply reply;
    struct question q;
    if (size < MSG_HEADER_LEN + 5 || size > 4096)
        return 0;
    int len = name_check(data + MSG_HEADER_LEN, size - MSG_HEADER_LEN);
    if (len < 0 || MSG_HEADER_LEN + (size_t)len + 4 > size)
        return 0;
    name_lower(q.name, data + MSG_HEADER_LEN, (size_t)len);
    q.name_len = (uint8_t)len;
    q.type = msg_u16(data + MSG_HEADER_LEN + len);
    q.class = msg_u16(data + MSG_HEADER_LEN + len + 2);
    if (reply_matches(data, size, msg_u16(data), &q) &&
        reply_clean(data, size, &q, true, clean, sizeof clean, &reply) == 0 && reply.has_ech)
        strip(&reply, clean);
    return 0;
}
