/* Any bytes as a request and as an upstream's answer: parse, walk, unpack every owner, answer; and check the results. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/key.h"
#include "dns/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_name(const uint8_t *name)
{
    char text[NAME_TEXT_MAX];
    uint8_t again[NAME_MAX_LEN];
    struct name_key key;
    int len = name_check(name, NAME_MAX_LEN);
    must(len > 0);
    name_to_text(name, text);
    must(name_from_text(text, strlen(text), again) == len && memcmp(again, name, (size_t)len) == 0);
    name_key_make(name, &key);
    must(name_key_to_name(key.bytes, key.len, again) > 0);
    must(key.whole ? name_equal(again, name) : name_is_at_or_below(name, again));
}

/* Returns 0 when every record was met. */
static int walk(const uint8_t *msg, size_t len)
{
    struct msg_walk walk;
    struct msg_rr rr;
    uint8_t name[NAME_MAX_LEN];
    int more = msg_walk_begin(&walk, msg, len);
    while (more >= 0 && (more = msg_walk_next(&walk, &rr)) > 0) {
        int used = msg_name_unpack(msg, len, rr.name_pos, name);
        must(used > 0 && rr.name_pos + used == rr.fixed_pos);
        must((size_t)rr.rdata_pos + rr.rdata_len <= len);
        check_name(name);
        if (msg_name_unpack(msg, len, rr.rdata_pos, name) > 0)
            check_name(name);
    }
    return more;
}

static void answer(const uint8_t *msg, const struct request *request, int rcode)
{
    static const uint8_t address[4] = {192, 0, 2, 1};
    bool asked = edns_asks_structured(msg + request->options_pos, request->options_len, 65001, true);
    const struct edns_reply edns = {
        .udp_size = MSG_UDP_EDNS,
        .rcode = (uint16_t)rcode,
        .dnssec_ok = request->edns.dnssec_ok,
        .ede = EDE_BLOCKED,
        .ede_cached = asked,
        .ede_text = "{\"j\":\"Blocked by the school's policy\",\"l\":\"en\",\"s\":5}",
        .ede_short = asked ? "{\"s\":5}" : NULL,
        .cookie = request->edns.cookie,
        .cookie_len = request->edns.cookie_len,
    };
    uint8_t out[MSG_UDP_EDNS];
    size_t limit = answer_limit(request, false);
    struct answer a;
    answer_begin(&a, out, sizeof out, limit, msg, request, (unsigned)rcode);
    for (unsigned i = 0; request->has_question && i < (request->id & 0x3f); i++)
        answer_add(&a, MSG_ANSWER, i % 2 == 0 ? NULL : request->question.name, DNS_TYPE_A, 10, address, 4);
    if (request->has_question)
        answer_add_soa(&a, 10);
    size_t len = answer_end(&a, request->edns.present ? &edns : NULL);
    must(len <= limit && walk(out, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request;
    int rcode = request_parse(data, size, &request);
    if (rcode >= 0) {
        answer(data, &request, rcode);
        if (request.has_question)
            check_name(request.question.name);
    }
    int walked = walk(data, size);
    must(rcode != 0 || walked == 0);
    return 0;
}
