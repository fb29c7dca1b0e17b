#include "dns/answer.h"

#include <assert.h>
#include <string.h>

#define RR_FIXED_LEN     10
#define QUESTION_POINTER (0xc000u | MSG_HEADER_LEN)
#define OPT_ROOM         64 /* what answer_begin() asks for beyond the question: an OPT with a whole cookie and a code */

size_t answer_limit(const struct request *request, bool stream)
{
    if (stream)
        return MSG_MAX_LEN;
    if (!request->edns.present || request->edns.udp_size < MSG_UDP_DEFAULT)
        return MSG_UDP_DEFAULT;
    return request->edns.udp_size < MSG_UDP_EDNS ? request->edns.udp_size : MSG_UDP_EDNS;
}

void answer_begin(struct answer *a, uint8_t *bytes, size_t cap, size_t limit, const uint8_t *msg,
                  const struct request *request, unsigned rcode)
{
    size_t head_len = request->has_question ? request->question_end : MSG_HEADER_LEN;
    assert(cap >= head_len + OPT_ROOM && limit >= head_len + OPT_ROOM && limit <= MSG_MAX_LEN);
    unsigned copied = request->flags & (MSG_OPCODE | MSG_RD | MSG_CD);

    *a = (struct answer){
        .bytes = bytes,
        .cap = cap,
        .limit = limit,
        .len = head_len,
        .question_end = (uint16_t)head_len,
        .count = {request->has_question ? 1 : 0},
    };
    memcpy(bytes, msg, head_len);
    msg_put_u16(bytes, request->id);
    msg_put_u16(bytes + 2, MSG_QR | MSG_RA | copied | (rcode & MSG_RCODE));
}

static size_t room(const struct answer *a)
{
    return (a->cap < a->limit ? a->cap : a->limit) - a->len;
}

void answer_add(struct answer *a, enum msg_section section, const uint8_t *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, size_t rdata_len)
{
    assert(owner != NULL || a->count[0] == 1);
    for (unsigned later = section + 1; later <= MSG_ADDITIONAL; later++)
        assert(a->count[later] == 0);
    size_t owner_len = owner == NULL ? 2 : name_len(owner);
    if (a->overflow || room(a) < owner_len + RR_FIXED_LEN + rdata_len) {
        a->overflow = true;
        return;
    }

    uint8_t *at = a->bytes + a->len;
    if (owner == NULL)
        msg_put_u16(at, QUESTION_POINTER);
    else
        memcpy(at, owner, owner_len);
    at += owner_len;
    msg_put_u16(at, type);
    msg_put_u16(at + 2, DNS_CLASS_IN);
    msg_put_u32(at + 4, ttl);
    msg_put_u16(at + 8, (unsigned)rdata_len);
    if (rdata_len > 0)
        memcpy(at + RR_FIXED_LEN, rdata, rdata_len);
    a->len += owner_len + RR_FIXED_LEN + rdata_len;
    a->count[section]++;
}

void answer_add_soa(struct answer *a, uint32_t ttl_s)
{
    /* The server that answers is nobody's primary: the timers only have to be sane, and the names can't exist. */
    static const uint8_t names[] = "\7belisha\7invalid\0" /* mname */
                                   "\12hostmaster\7belisha\7invalid" /* rname, with the string's zero */;
    enum { SERIAL = 1, REFRESH_S = 3600, RETRY_S = 600, EXPIRE_S = 86400 };
    uint8_t rdata[sizeof names + 20];
    uint8_t *numbers = rdata + sizeof names;

    memcpy(rdata, names, sizeof names);
    msg_put_u32(numbers, SERIAL);
    msg_put_u32(numbers + 4, REFRESH_S);
    msg_put_u32(numbers + 8, RETRY_S);
    msg_put_u32(numbers + 12, EXPIRE_S);
    msg_put_u32(numbers + 16, ttl_s);
    answer_add(a, MSG_AUTHORITY, NULL, DNS_TYPE_SOA, ttl_s, rdata, sizeof rdata);
}

static void set_tc(struct answer *a)
{
    msg_put_u16(a->bytes + 2, msg_u16(a->bytes + 2) | MSG_TC);
}

/* Nothing of the records is kept: a part of a record set would be worse than none (RFC 2181, 9). */
static void drop_records(struct answer *a)
{
    a->len = a->question_end;
    a->count[MSG_ANSWER] = a->count[MSG_AUTHORITY] = a->count[MSG_ADDITIONAL] = 0;
    set_tc(a);
}

static int add_opt(struct answer *a, const struct edns_reply *edns)
{
    struct edns_reply reply = *edns;
    reply.before_len = (uint16_t)a->len;
    bool cut = edns_ede_is_cut(&reply, room(a));
    int len = edns_write(&reply, a->bytes + a->len, room(a));
    if (len < 0)
        return len;
    if (cut)
        set_tc(a); /* the records stay, but there was more to say (RFC 8914, 3) */
    a->len += (size_t)len;
    a->count[MSG_ADDITIONAL]++;
    return 0;
}

size_t answer_end(struct answer *a, const struct edns_reply *edns)
{
    if (a->overflow)
        drop_records(a);
    if (edns != NULL && add_opt(a, edns) < 0) {
        drop_records(a);
        int err = add_opt(a, edns);
        assert(err == 0);
        (void)err;
    }
    for (unsigned section = 0; section <= MSG_ADDITIONAL; section++)
        msg_put_u16(a->bytes + 4 + 2 * section, a->count[section]);
    return a->len;
}
