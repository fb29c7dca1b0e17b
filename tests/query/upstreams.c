#include "query/upstreams.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "dns/edns.h"
#include "dns/msg.h"
#include "dns/rr.h"
#include "query/play.h"

static bool is_about(const struct caught_ask *ask, const char *name)
{
    struct request r;
    uint8_t want[NAME_MAX_LEN];
    lower_read(name, want);
    return request_parse(ask->msg, ask->len, &r) == 0 && name_equal(r.question.name, want);
}

/* The question to this server that a line means: of those without an answer the newest, unless it says otherwise. */
static struct caught_ask *ask_of(int server, const struct line *l)
{
    bool first = option(l, 4, "first") != NULL;
    const char *name = option(l, 4, "to");
    for (size_t n = 0; n < stage.ask_count; n++) {
        struct caught_ask *ask = &stage.asks[first ? n : stage.ask_count - 1 - n];
        if (ask->server == server && !ask->gone && (name == NULL || is_about(ask, name)))
            return ask;
    }
    fail("server %d was not asked", server);
}

/* In place of the OPT that ldns kept from our question, the server's own, or none. */
static size_t opt_replace(const struct line *l, const struct caught_ask *ask, uint8_t *msg, size_t len)
{
    uint8_t cookie[EDNS_COOKIE_CLIENT_LEN + 8] = "CLIENTCOSERVERCO";
    const char *with_cookie = option(l, 4, "cookie");
    const char *ede = option(l, 4, "ede");
    unsigned rcode = rcode_read(word(l, 3));
    struct edns_reply opt = {.udp_size = MSG_UDP_EDNS,
                             .rcode = (uint16_t)rcode,
                             .ede = (int16_t)(ede != NULL ? atoi(ede) : EDE_NONE),
                             .ede_text = "words of a stranger",
                             .cookie = cookie,
                             .cookie_len = with_cookie != NULL ? sizeof cookie : 0};
    struct request asked;
    if (msg_u16(msg + 10) == 0 || request_parse(ask->msg, ask->len, &asked) != 0)
        return len;
    if (with_cookie != NULL && strcmp(with_cookie, "wrong") != 0)
        memcpy(cookie, asked.edns.cookie, EDNS_COOKIE_CLIENT_LEN);
    struct msg_walk walk;
    struct msg_rr rr = {.type = 0};
    if (msg_walk_begin(&walk, msg, len) < 0)
        fail("reply");
    while (rr.type != DNS_TYPE_OPT && msg_walk_next(&walk, &rr) > 0)
        continue;
    msg_put_u16(msg + 10, 0);
    if (option(l, 4, "noedns") != NULL)
        return rr.name_pos;
    int added = edns_write(&opt, msg + rr.name_pos, 100);
    if (added < 0)
        fail("edns");
    msg_put_u16(msg + 10, 1);
    return rr.name_pos + (size_t)added;
}

static size_t reply_write(const struct line *l, const struct block *b, const struct caught_ask *ask, uint8_t *out)
{
    ldns_pkt *pkt = NULL;
    uint8_t *wire = NULL;
    size_t len = 0;
    const char *other = option(l, 4, "question");
    if (ldns_wire2pkt(&pkt, ask->msg, ask->len) != LDNS_STATUS_OK)
        fail("our own question does not parse");
    ldns_pkt_set_qr(pkt, true);
    ldns_pkt_set_ra(pkt, option(l, 4, "nora") == NULL);
    ldns_pkt_set_aa(pkt, option(l, 4, "aa") != NULL);
    ldns_pkt_set_tc(pkt, option(l, 4, "tc") != NULL);
    ldns_pkt_set_ad(pkt, option(l, 4, "ad") != NULL);
    ldns_pkt_set_rcode(pkt, rcode_read(word(l, 3)) & MSG_RCODE);
    if (other != NULL) {
        ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
        ldns_rdf_deep_free(ldns_rr_owner(question));
        ldns_rr_set_owner(question, ldns_dname_new_frm_str(other));
    }
    for (int i = 0; i < b->count; i++)
        ldns_pkt_push_rr(pkt, b->authority[i] ? LDNS_SECTION_AUTHORITY : LDNS_SECTION_ANSWER, record_read(b->text[i]));
    if (ldns_pkt2wire(&wire, pkt, &len) != LDNS_STATUS_OK || len > 60000)
        fail("reply");
    memcpy(out, wire, len);
    len = opt_replace(l, ask, out, len);
    if (option(l, 4, "small") != NULL)
        name_lower(out + MSG_HEADER_LEN, out + MSG_HEADER_LEN, name_len(out + MSG_HEADER_LEN));
    free(wire);
    ldns_pkt_free(pkt);
    return len;
}

/* What a line asks to be wrong with a reply. Returns whether anything is: it must not end the wait. */
static bool forge(const struct line *l, uint8_t *msg, size_t *len)
{
    const char *opcode = option(l, 4, "opcode"), *type = option(l, 4, "type"), *class = option(l, 4, "class");
    const char *cookie = option(l, 4, "cookie");
    size_t question_end = MSG_HEADER_LEN + name_len(msg + MSG_HEADER_LEN) + 4;
    bool forged = option(l, 4, "question") != NULL || (cookie != NULL && strcmp(cookie, "wrong") == 0);
    uint16_t flags = msg_u16(msg + 2);
    if (option(l, 4, "id") != NULL)
        msg[1] ^= 1;
    if (option(l, 4, "noqr") != NULL)
        msg_put_u16(msg + 2, flags & ~(unsigned)MSG_QR);
    if (opcode != NULL)
        msg_put_u16(msg + 2, flags | (unsigned)atoi(opcode) << 11);
    if (type != NULL)
        msg_put_u16(msg + question_end - 4, type_read(type));
    if (class != NULL)
        msg_put_u16(msg + question_end - 2, class_read(class));
    if (option(l, 4, "noquestion") == NULL)
        return forged || option(l, 4, "id") != NULL || option(l, 4, "noqr") != NULL || opcode != NULL || type != NULL ||
               class != NULL;
    memset(msg + 4, 0, MSG_HEADER_LEN - 4);
    *len = MSG_HEADER_LEN;
    return true;
}

static void answers(const struct line *l, const struct block *b)
{
    static uint8_t msg[65536];
    int server = atoi(word(l, 1));
    struct caught_ask *ask = ask_of(server, l);
    size_t len = reply_write(l, b, ask, msg);
    ask->gone = !forge(l, msg, &len);
    query_reply(stage.engine, ask->slot, (uint16_t)server, msg, len, stage.now);
}

static void sends(const struct line *l)
{
    uint8_t msg[1024];
    const struct caught_ask *ask = ask_of(atoi(word(l, 1)), l);
    size_t len = hex_read(word(l, 3), msg, sizeof msg);
    if (len >= 2)
        memcpy(msg, ask->msg, 2);
    query_reply(stage.engine, ask->slot, ask->server, msg, len, stage.now);
}

/* ---- what it is asked ---- */

/* Of options there is at most our own cookie: what a client put into its OPT (ECS, RFC 7871, 7.1.2) stays with us.
 * Returns whether the cookie has the server's part. */
static bool check_options(const uint8_t *msg, size_t len)
{
    bool has_server_part = false;
    struct msg_walk walk;
    struct msg_rr rr;
    if (msg_walk_begin(&walk, msg, len) < 0)
        fail("the question to the server is malformed");
    while (msg_walk_next(&walk, &rr) > 0) {
        const uint8_t *rdata = msg + rr.rdata_pos;
        if (rr.type == DNS_TYPE_OPT && (rr.class != MSG_UDP_EDNS || (rr.ttl & ~(uint32_t)EDNS_DO) != 0))
            fail("the OPT to the server says %u and %x", rr.class, rr.ttl);
        if (rr.type != DNS_TYPE_OPT || rr.rdata_len == 0)
            continue;
        if (rr.rdata_len < 12 || msg_u16(rdata) != EDNS_OPTION_COOKIE || msg_u16(rdata + 2) + 4u != rr.rdata_len)
            fail("the question to the server has other options than a cookie");
        has_server_part = rr.rdata_len > 12;
    }
    return has_server_part;
}

static void check_asked(const struct line *l)
{
    int server = atoi(word(l, 1));
    for (size_t i = 0; i < stage.ask_count; i++) {
        struct caught_ask *c = &stage.asks[i];
        struct request r;
        uint8_t want[NAME_MAX_LEN];
        if (c->seen || c->server != server)
            continue;
        c->seen = true;
        lower_read(word(l, 4), want);
        if (request_parse(c->msg, c->len, &r) != 0)
            fail("the question to the server is malformed");
        if (!name_equal(r.question.name, want) || r.question.type != type_read(word(l, 5)))
            fail("the server was asked something else");
        if (c->stream != (option(l, 6, "tcp") != NULL))
            fail("transport: %s", c->stream ? "tcp" : "udp");
        if (r.edns.present == (option(l, 6, "noedns") != NULL))
            fail("EDNS is %s", r.edns.present ? "there" : "not there");
        if ((r.edns.present && r.edns.dnssec_ok) != (option(l, 6, "do") != NULL))
            fail("DO is %d", r.edns.dnssec_ok);
        if (((r.flags & MSG_CD) != 0) != (option(l, 6, "cd") != NULL))
            fail("CD");
        if ((r.flags & ~(unsigned)MSG_CD) != (MSG_RD | MSG_AD))
            fail("flags are %x", r.flags);
        if (check_options(c->msg, c->len) != (option(l, 6, "cookie") != NULL))
            fail("the server's part of the cookie");
        if ((memcmp(c->msg + MSG_HEADER_LEN, want, name_len(want)) != 0) != (option(l, 6, "spelt") != NULL))
            fail("letters are %s", option(l, 6, "spelt") != NULL ? "all small" : "spelt by chance");
        return;
    }
    fail("server %d is not asked", server);
}

void upstream_nobody_asked(void)
{
    for (size_t i = 0; i < stage.ask_count; i++)
        if (!stage.asks[i].seen)
            fail("server %u is asked", stage.asks[i].server);
}

void upstream_line(const struct line *l, const struct block *b)
{
    if (is(l, 2, "is") && is(l, 3, "asked"))
        check_asked(l);
    else if (is(l, 2, "answers"))
        answers(l, b);
    else if (is(l, 2, "sends"))
        sends(l);
    else if (is(l, 2, "breaks")) {
        struct caught_ask *ask = ask_of(atoi(word(l, 1)), l);
        ask->gone = true;
        query_slot_failed(stage.engine, ask->slot, stage.now);
    } else if (is(l, 2, "refuses"))
        stage.refuse_server |= 1u << atoi(word(l, 1));
    else if (is(l, 2, "accepts"))
        stage.refuse_server &= ~(1u << atoi(word(l, 1)));
    else
        fail("upstream: what is '%s'?", word(l, 2));
}
