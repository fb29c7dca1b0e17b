#include "dns/msg.h"

#include <string.h>

#define QUESTION_FIXED_LEN 4  /* type, class */
#define RR_FIXED_LEN       10 /* type, class, ttl, rdlength */
#define POINTER_LEN        2
#define POINTER_BITS       0xc0
#define COUNTS_POS         4

/* No more pointers than labels, or a message of pointers alone would cost the square of its length. */
#define POINTERS_MAX NAME_MAX_LABELS

static unsigned header_count(const uint8_t *msg, unsigned section)
{
    return msg_u16(msg + COUNTS_POS + 2 * section);
}

static bool is_pointer(uint8_t byte)
{
    return (byte & POINTER_BITS) == POINTER_BITS;
}

static size_t pointer_target(const uint8_t *at)
{
    return msg_u16(at) & 0x3fffu;
}

int msg_name_skip(const uint8_t *msg, size_t msg_len, size_t pos)
{
    size_t begin = pos;
    size_t used = 0; /* set at the first pointer */
    size_t name_bytes = 0;
    unsigned pointer_count = 0;
    size_t run_begin = pos; /* each pointer must lead below the labels it ends, so the walk ends */
    for (;;) {
        if (pos >= msg_len)
            return ERR_TRUNCATED;
        uint8_t label_len = msg[pos];
        if (label_len == 0)
            return (int)(used > 0 ? used : pos + 1 - begin);
        if (label_len <= NAME_LABEL_MAX) {
            name_bytes += label_len + 1u;
            if (name_bytes >= NAME_MAX_LEN)
                return ERR_MALFORMED;
            pos += label_len + 1u;
            continue;
        }
        if (!is_pointer(label_len))
            return ERR_MALFORMED;
        if (msg_len - pos < POINTER_LEN)
            return ERR_TRUNCATED;
        if (used == 0)
            used = pos + POINTER_LEN - begin;
        size_t target = pointer_target(msg + pos);
        if (target >= run_begin || target < MSG_HEADER_LEN || ++pointer_count > POINTERS_MAX)
            return ERR_MALFORMED;
        pos = run_begin = target;
    }
}

int msg_name_unpack(const uint8_t *msg, size_t msg_len, size_t pos, uint8_t out[NAME_MAX_LEN])
{
    int used = msg_name_skip(msg, msg_len, pos);
    if (used < 0)
        return used;
    while (msg[pos] != 0) {
        if (is_pointer(msg[pos])) {
            pos = pointer_target(msg + pos);
            continue;
        }
        size_t label_bytes = msg[pos] + 1u;
        memcpy(out, msg + pos, label_bytes);
        out += label_bytes;
        pos += label_bytes;
    }
    *out = 0;
    return used;
}

int msg_walk_begin(struct msg_walk *walk, const uint8_t *msg, size_t len)
{
    if (len < MSG_HEADER_LEN)
        return ERR_TRUNCATED;
    if (len > MSG_MAX_LEN)
        return ERR_MALFORMED;
    size_t pos = MSG_HEADER_LEN;
    for (unsigned left = header_count(msg, 0); left > 0; left--) {
        int used = msg_name_skip(msg, len, pos);
        if (used < 0)
            return used;
        pos += (size_t)used;
        if (len - pos < QUESTION_FIXED_LEN)
            return ERR_TRUNCATED;
        pos += QUESTION_FIXED_LEN;
    }
    walk->msg = msg;
    walk->len = len;
    walk->pos = pos;
    walk->left[0] = 0;
    for (unsigned section = MSG_ANSWER; section <= MSG_ADDITIONAL; section++)
        walk->left[section] = (uint16_t)header_count(msg, section);
    return 0;
}

int msg_walk_next(struct msg_walk *walk, struct msg_rr *out)
{
    unsigned section = MSG_ANSWER;
    while (walk->left[section] == 0)
        if (++section > MSG_ADDITIONAL)
            return 0;

    int used = msg_name_skip(walk->msg, walk->len, walk->pos);
    if (used < 0)
        return used;
    size_t fixed_pos = walk->pos + (size_t)used;
    if (walk->len - fixed_pos < RR_FIXED_LEN)
        return ERR_TRUNCATED;
    const uint8_t *fixed = walk->msg + fixed_pos;
    size_t rdata_pos = fixed_pos + RR_FIXED_LEN;
    size_t rdata_len = msg_u16(fixed + 8);
    if (walk->len - rdata_pos < rdata_len)
        return ERR_TRUNCATED;

    out->name_pos = (uint16_t)walk->pos;
    out->type = msg_u16(fixed);
    out->class = msg_u16(fixed + 2);
    out->fixed_pos = (uint16_t)fixed_pos;
    out->ttl = msg_u32(fixed + 4);
    out->rdata_pos = (uint16_t)rdata_pos;
    out->rdata_len = (uint16_t)rdata_len;
    out->section = (uint8_t)section;
    walk->left[section]--;
    walk->pos = rdata_pos + rdata_len;
    return 1;
}

/* Sets out->question, question_end and has_question; false when the one question can't be read. */
static bool question_read(const uint8_t *msg, size_t len, struct request *out)
{
    struct question *question = &out->question;
    const uint8_t *name = msg + MSG_HEADER_LEN;
    size_t room = len - MSG_HEADER_LEN;
    size_t pos = 0;
    unsigned labels = 0;
    if (header_count(msg, 0) != 1)
        return false;
    for (;; labels++) {
        if (pos >= room || pos >= NAME_MAX_LEN || name[pos] > NAME_LABEL_MAX)
            return false;
        if (name[pos] == 0)
            break;
        pos += name[pos] + 1u;
    }
    pos++;
    if (room - pos < QUESTION_FIXED_LEN)
        return false;

    name_lower(question->name, name, pos);
    question->name_len = (uint8_t)pos;
    question->labels = (uint8_t)labels;
    question->type = msg_u16(name + pos);
    question->class = msg_u16(name + pos + 2);
    out->question_end = (uint16_t)(MSG_HEADER_LEN + pos + QUESTION_FIXED_LEN);
    out->has_question = true;
    return true;
}

static int opt_read(const uint8_t *msg, const struct msg_rr *rr, struct request *out)
{
    if (out->edns.present || rr->section != MSG_ADDITIONAL || msg[rr->name_pos] != 0)
        return ERR_MALFORMED;
    out->options_pos = rr->rdata_pos;
    out->options_len = rr->rdata_len;
    return edns_parse(msg + rr->fixed_pos, msg + rr->rdata_pos, rr->rdata_len, &out->edns);
}

/* Only the OPT record means something in a request; the others need only be well-formed. */
static int records_read(const uint8_t *msg, size_t len, struct request *out)
{
    struct msg_walk walk = {.msg = msg, .len = len, .pos = out->question_end};
    walk.left[MSG_AUTHORITY] = (uint16_t)header_count(msg, MSG_AUTHORITY);
    walk.left[MSG_ADDITIONAL] = (uint16_t)header_count(msg, MSG_ADDITIONAL);
    /* 64 KiB of records whose owners are long chains of pointers would cost milliseconds. */
    if (header_count(msg, MSG_ANSWER) != 0 ||
        walk.left[MSG_AUTHORITY] + walk.left[MSG_ADDITIONAL] > REQUEST_RECORDS_MAX)
        return DNS_RCODE_FORMERR;

    struct msg_rr rr;
    int more;
    while ((more = msg_walk_next(&walk, &rr)) > 0)
        if (rr.type == DNS_TYPE_OPT && opt_read(msg, &rr, out) < 0)
            return DNS_RCODE_FORMERR;
    if (more < 0 || walk.pos != len)
        return DNS_RCODE_FORMERR;
    return out->edns.present && out->edns.version > 0 ? DNS_RCODE_BADVERS : 0;
}

/* Even where it can't be answered, the answer says so in an OPT if one was there. */
__attribute__((noinline)) static int questionless_read(const uint8_t *msg, size_t len, struct request *out)
{
    int rcode = header_count(msg, 0) == 0 ? records_read(msg, len, out) : DNS_RCODE_FORMERR;
    if (rcode != 0)
        return rcode;
    out->asks_cookie = out->edns.cookie_len > 0;
    return DNS_RCODE_FORMERR;
}

int request_parse(const uint8_t *msg, size_t len, struct request *out)
{
    if (len < MSG_HEADER_LEN || len > MSG_MAX_LEN || (msg_u16(msg + 2) & MSG_QR) != 0)
        return ERR_MALFORMED;
    out->id = msg_u16(msg);
    out->flags = msg_u16(msg + 2);
    out->question_end = MSG_HEADER_LEN;
    out->has_question = out->asks_cookie = false;
    out->edns.present = false;
    out->edns.dnssec_ok = false;
    out->options_len = 0;
    out->edns.version = 0;
    out->edns.cookie_len = 0;
    out->edns.udp_size = 0;

    int rcode = question_read(msg, len, out) ? records_read(msg, len, out) : questionless_read(msg, len, out);
    return (out->flags & MSG_OPCODE) != DNS_OPCODE_QUERY ? DNS_RCODE_NOTIMP : rcode;
}
