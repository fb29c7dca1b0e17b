#include "query/clients.h"

#include <stdlib.h>
#include <string.h>

#include "dns/edns.h"
#include "dns/msg.h"
#include "dns/rr.h"
#include "query/play.h"

#define HEADER_Z 0x0040u /* reserved (RFC 1035, 4.1.1) */

#define CLIENTS_MAX 64
#define ASKED_MAX   2048

static uint8_t cookie_got[24]; /* by the last client that `gets ... cookie` */

/* An option more in the OPT record at out, which is len bytes long. Returns its new length. */
static size_t option_add(uint8_t *out, size_t len, unsigned code, const void *data, size_t data_len)
{
    msg_put_u16(out + len, code);
    msg_put_u16(out + len + 2, (unsigned)data_len);
    memcpy(out + len + 4, data, data_len);
    msg_put_u16(out + 9, msg_u16(out + 9) + 4 + (unsigned)data_len);
    return len + 4 + data_len;
}

/* The options by which a client asks for structured errors. */
static size_t structured_add(const struct line *l, uint8_t *opt, size_t len)
{
    const char *sde = option(l, 5, "sde");
    if (sde != NULL)
        len = option_add(opt, len, *sde == '\0' ? 65001 : (unsigned)atoi(sde), "", 0);
    if (option(l, 5, "emptyede") != NULL)
        len = option_add(opt, len, EDNS_OPTION_EDE, "\0\0", 2);
    return len;
}

/* What each client asked last. */
static struct {
    size_t len;
    uint8_t msg[ASKED_MAX];
} asked_by[CLIENTS_MAX];

/* The OPT of a question, or nothing where no word asks for one. Returns its bytes. */
static size_t opt_write(const struct line *l, uint8_t out[ASKED_MAX / 2])
{
    static const char *const words[] = {"edns", "do", "cookie", "version", "flags", "options", "sde", "emptyede"};
    const char *size = option(l, 5, "edns"), *cookie = option(l, 5, "cookie");
    const char *version = option(l, 5, "version"), *flags = option(l, 5, "flags"), *options = option(l, 5, "options");
    bool back = cookie != NULL && strcmp(cookie, "back") == 0;
    struct edns_reply opt = {.udp_size = (uint16_t)(size != NULL && *size != '\0' ? atoi(size) : 1232),
                             .dnssec_ok = option(l, 5, "do") != NULL,
                             .ede = EDE_NONE,
                             .cookie = back ? cookie_got : (const uint8_t *)"CLIENTCO",
                             .cookie_len = back             ? sizeof cookie_got
                                           : cookie != NULL ? 8
                                                            : 0};
    bool wanted = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        wanted = wanted || option(l, 5, words[i]) != NULL;
    int len = wanted ? edns_write(&opt, out, 100) : 0;
    if (len < 0)
        fail("edns");
    if (version != NULL)
        out[6] = (uint8_t)atoi(version);
    if (flags != NULL)
        msg_put_u16(out + 7, msg_u16(out + 7) | (unsigned)strtoul(flags, NULL, 16));
    size_t all = wanted ? structured_add(l, out, (size_t)len) : 0;
    if (options == NULL)
        return all;
    size_t more = hex_read(options, out + all, 800);
    msg_put_u16(out + 9, (unsigned)(msg_u16(out + 9) + more));
    return all + more;
}

static size_t question_write(const struct line *l, uint8_t out[ASKED_MAX])
{
    const char *class = option(l, 5, "class");
    const char *opcode = option(l, 5, "opcode");
    unsigned flags = (option(l, 5, "nord") == NULL ? MSG_RD : 0) | (option(l, 5, "cd") != NULL ? MSG_CD : 0) |
                     (option(l, 5, "ad") != NULL ? MSG_AD : 0) | (option(l, 5, "z") != NULL ? HEADER_Z : 0);
    if (opcode != NULL)
        flags |= (unsigned)atoi(opcode) << 11;
    memset(out, 0, 12);
    msg_put_u16(out + 2, flags);
    msg_put_u16(out + 4, 1);
    uint8_t name[NAME_MAX_LEN];
    name_read(word(l, 3), name);
    size_t len = 12 + name_len(name);
    memcpy(out + 12, name, len - 12);
    msg_put_u16(out + len, type_read(word(l, 4)));
    msg_put_u16(out + len + 2, class != NULL ? class_read(class) : DNS_CLASS_IN);
    len += 4;
    if (option(l, 5, "noquestion") != NULL) {
        msg_put_u16(out + 4, 0);
        len = MSG_HEADER_LEN;
    }
    size_t opt_len = opt_write(l, out + len);
    msg_put_u16(out + 10, opt_len > 0);
    return len + opt_len;
}

/* Who asks by this line: 1 unless it says otherwise. */
static unsigned client_of(const struct line *l)
{
    unsigned client = 1;
    for (int i = 0; i + 1 < l->count; i++)
        if (is(l, i, "as"))
            client = (unsigned)atoi(l->word[i + 1]);
    if (client >= CLIENTS_MAX)
        fail("too many clients");
    return client;
}

static void ask_from(const char *addr, const struct line *l, const uint8_t *msg, size_t len)
{
    struct query_source source = {.token = client_of(l)};
    bool encrypted = option(l, 1, "dot") != NULL;
    asked_by[source.token].len = len;
    memcpy(asked_by[source.token].msg, msg, len);
    source.stream = encrypted || option(l, 1, "tcp") != NULL;
    source.transport = encrypted ? QLOG_DOT : source.stream ? QLOG_TCP : QLOG_UDP;
    if (endpoint_from_text(addr, 40000, &source.client) < 0)
        fail("no address: %s", addr);
    uint8_t *exact = malloc(len == 0 ? 1 : len); /* reading past the end is seen */
    memcpy(exact, msg, len);
    stage_ask(&stage, &source, exact, len);
    free(exact);
}

void client_asks(const struct line *l)
{
    uint8_t msg[ASKED_MAX];
    size_t len = question_write(l, msg);
    msg_put_u16(msg, 0xbe00 + client_of(l));
    ask_from(word(l, 1), l, msg, len);
}

void client_sends(const struct line *l)
{
    uint8_t msg[ASKED_MAX];
    const char *addr = "10.0.0.1";
    size_t len = hex_read(word(l, 1), msg, sizeof msg);
    for (int i = 2; i + 1 < l->count; i++)
        if (is(l, i, "from"))
            addr = l->word[i + 1];
    ask_from(addr, l, msg, len);
}

/* ---- what they get ---- */

static struct caught_answer *answer_of(uint64_t token)
{
    for (size_t i = 0; i < stage.answer_count; i++)
        if (stage.answers[i].token == token && !stage.answers[i].seen)
            return &stage.answers[i];
    return NULL;
}

/* The EDNS option's bytes and their number, or NULL. */
static const uint8_t *edns_option(const ldns_pkt *pkt, unsigned code, size_t *out_len)
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    for (size_t at = 0; data != NULL && at + 4 <= ldns_rdf_size(data);) {
        const uint8_t *option_at = ldns_rdf_data(data) + at;
        *out_len = msg_u16(option_at + 2);
        if (msg_u16(option_at) == code)
            return option_at + 4;
        at += 4 + *out_len;
    }
    return NULL;
}

/* Options that we speak; whatever else came is not sent back (RFC 6891, 6.1.2; RFC 7871, 7.2.2). */
static void check_spoken(const ldns_pkt *pkt)
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    for (size_t at = 0; data != NULL && at + 4 <= ldns_rdf_size(data);) {
        const uint8_t *option_at = ldns_rdf_data(data) + at;
        unsigned code = msg_u16(option_at);
        if (code != EDNS_OPTION_COOKIE && code != EDNS_OPTION_KEEPALIVE && code != EDNS_OPTION_PADDING &&
            code != EDNS_OPTION_EDE)
            fail("the answer has option %u", code);
        at += 4 + (size_t)msg_u16(option_at + 2);
    }
}

/* All codes of extended errors, "15" or "22,13"; "none". */
static void ede_of(const ldns_pkt *pkt, char out[32])
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    struct edns_option option;
    size_t pos = 0, used = 0;
    snprintf(out, 32, "none");
    while (data != NULL && edns_option_next(ldns_rdf_data(data), ldns_rdf_size(data), &pos, &option) > 0)
        if (option.code == EDNS_OPTION_EDE && option.len >= 2 && used < 24)
            used += (size_t)snprintf(out + used, 32 - used, "%s%u", used > 0 ? "," : "", msg_u16(option.data));
}

static void check_ede(const struct line *l, const ldns_pkt *pkt)
{
    const char *want = option(l, 4, "ede");
    const char *text = option(l, 4, "text");
    char got[32], wanted[1024];
    size_t len;
    ede_of(pkt, got);
    if (strcmp(got, want == NULL ? "none" : want) != 0)
        fail("EDE is %s", got);
    if (text == NULL)
        return;
    const uint8_t *ede = edns_option(pkt, EDNS_OPTION_EDE, &len);
    snprintf(wanted, sizeof wanted, "%s", text);
    if (strlen(unblank(wanted)) != len - 2 || memcmp(wanted, ede + 2, len - 2) != 0)
        fail("EXTRA-TEXT is '%.*s'", (int)len - 2, (const char *)ede + 2);
}

static void check_cookie(const ldns_pkt *pkt)
{
    size_t len;
    const uint8_t *cookie = edns_option(pkt, EDNS_OPTION_COOKIE, &len);
    if (cookie == NULL || len != sizeof cookie_got)
        fail("there is no cookie");
    memcpy(cookie_got, cookie, len);
}

static void compare_section(const ldns_rr_list *got, const struct block *b, bool authority)
{
    size_t at = 0;
    for (int i = 0; i < b->count; i++) {
        if (b->authority[i] != authority)
            continue;
        ldns_rr *want = record_read(b->text[i]);
        char *want_text = ldns_rr2str(want);
        if (at >= ldns_rr_list_rr_count(got))
            fail("record is missing: %s", want_text);
        char *got_text = ldns_rr2str(ldns_rr_list_rr(got, at++));
        if (strcasecmp(got_text, want_text) != 0)
            fail("record differs:\n  got  %s  want %s", got_text, want_text);
        free(want_text);
        free(got_text);
        ldns_rr_free(want);
    }
    if (at < ldns_rr_list_rr_count(got)) {
        char *extra = ldns_rr2str(ldns_rr_list_rr(got, at));
        fail("a record too many: %s", extra);
    }
}

static void check_flag(const struct line *l, const char *name, bool is_set)
{
    if (is_set != (option(l, 4, name) != NULL))
        fail("%s is %s", name, is_set ? "set" : "not set");
}

/* What every answer gives back of its question, whatever it says. */
static void check_echo(const struct line *l, const struct caught_answer *c, const ldns_pkt *pkt)
{
    const uint8_t *asked = asked_by[c->token].msg;
    const unsigned copied = MSG_OPCODE | MSG_RD | MSG_CD;
    unsigned flags = msg_u16(c->msg + 2);
    bool no_question = option(l, 4, "noquestion") != NULL;
    size_t question_len = no_question ? 0 : name_len(asked + MSG_HEADER_LEN) + 4;
    struct request r;
    if (request_parse(asked, asked_by[c->token].len, &r) < 0)
        fail("what the client sent has no answer");
    if (msg_u16(c->msg) != msg_u16(asked))
        fail("id is %x", msg_u16(c->msg));
    if ((flags & copied) != (msg_u16(asked + 2) & copied))
        fail("flags are %x, asked with %x", flags, msg_u16(asked + 2));
    if (!(flags & MSG_QR) || !(flags & MSG_RA) || (flags & HEADER_Z) != 0)
        fail("QR, RA or Z: flags are %x", flags);
    if (msg_u16(c->msg + 4) != !no_question ||
        memcmp(c->msg + MSG_HEADER_LEN, asked + MSG_HEADER_LEN, question_len) != 0)
        fail("the question is not the one that was asked");
    if (ldns_pkt_edns(pkt) != r.edns.present)
        fail("OPT is %s", r.edns.present ? "missing" : "there");
    if (!r.edns.present)
        return;
    if (ldns_pkt_edns_version(pkt) != 0 || ldns_pkt_edns_z(pkt) != (r.edns.dnssec_ok ? EDNS_DO : 0))
        fail("OPT: version %u, flags %x", ldns_pkt_edns_version(pkt), ldns_pkt_edns_z(pkt));
    check_spoken(pkt);
}

void client_gets(const struct line *l, const struct block *b)
{
    size_t len;
    struct caught_answer *c = answer_of((uint64_t)atoi(word(l, 1)));
    ldns_pkt *pkt = NULL;
    char rcode[DNS_TYPE_TEXT_MAX];
    if (is(l, 3, "nothing")) {
        if (c != NULL)
            fail("there is an answer");
        return;
    }
    if (c == NULL)
        fail("there is no answer");
    c->seen = true;
    if (ldns_wire2pkt(&pkt, c->msg, c->len) != LDNS_STATUS_OK)
        fail("the answer does not parse");
    unsigned whole = ldns_pkt_get_rcode(pkt) | (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4;
    dns_rcode_to_text(whole, rcode);
    if (strcmp(rcode, word(l, 3)) != 0)
        fail("rcode is %s", rcode);
    check_echo(l, c, pkt);
    check_flag(l, "tc", ldns_pkt_tc(pkt));
    check_flag(l, "aa", ldns_pkt_aa(pkt));
    check_flag(l, "ad", ldns_pkt_ad(pkt));
    check_ede(l, pkt);
    if (option(l, 4, "cookie") != NULL)
        check_cookie(pkt);
    if ((edns_option(pkt, EDNS_OPTION_KEEPALIVE, &len) != NULL) != (option(l, 4, "keepalive") != NULL))
        fail("keepalive");
    const char *size = option(l, 4, "size<");
    if (size != NULL && c->len > (size_t)atoi(size))
        fail("size is %zu", c->len);
    compare_section(ldns_pkt_answer(pkt), b, false);
    compare_section(ldns_pkt_authority(pkt), b, true);
    ldns_pkt_free(pkt);
}

void client_is_answered(const struct line *l)
{
    struct caught_answer *c = answer_of((uint64_t)atoi(word(l, 1)));
    if (c == NULL)
        fail("there is no answer");
    c->seen = true;
}
