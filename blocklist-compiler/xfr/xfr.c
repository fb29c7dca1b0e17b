#include "xfr/xfr.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/msg.h"
#include "xfr/record_text.h"

#define RCODE_NOTAUTH 9

static const uint16_t types[] = {[XFR_SOA] = DNS_TYPE_SOA, [XFR_AXFR] = DNS_TYPE_AXFR, [XFR_IXFR] = DNS_TYPE_IXFR};

/* One record of the answer section. */
struct piece {
    bool is_soa;
    uint32_t serial; /* of a SOA */
    char *line;
    size_t len;
};

__attribute__((format(printf, 3, 4))) static int fail(struct xfr *xfr, int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(xfr->why, sizeof xfr->why, format, args);
    va_end(args);
    return err;
}

void xfr_init(struct xfr *xfr, enum xfr_kind kind, const uint8_t *zone, struct zonecopy *copy, uint32_t have,
              uint16_t id)
{
    *xfr = (struct xfr){.kind = kind, .id = id, .zone = zone, .copy = copy, .have = have, .step_serial = have};
}

void xfr_done(struct xfr *xfr)
{
    free(xfr->soa);
    xfr->soa = NULL;
}

size_t xfr_request(const struct xfr *xfr, uint8_t out[XFR_REQUEST_MAX])
{
    static const uint8_t soa_head[] = {0xc0, MSG_HEADER_LEN, 0, DNS_TYPE_SOA, 0, DNS_CLASS_IN, 0, 0, 0, 0, 0, 22, 0, 0};
    size_t zone_len = name_len(xfr->zone);
    uint8_t *at = out + MSG_HEADER_LEN + zone_len;
    memset(out, 0, XFR_REQUEST_MAX);
    msg_put_u16(out, xfr->id);
    msg_put_u16(out + 4, 1);
    memcpy(out + MSG_HEADER_LEN, xfr->zone, zone_len);
    msg_put_u16(at, types[xfr->kind]);
    msg_put_u16(at + 2, DNS_CLASS_IN);
    at += 4;
    if (xfr->kind != XFR_IXFR)
        return (size_t)(at - out);
    /* The version that we have, as a SOA record in the authority section; only its serial is read (RFC 1995, 3). */
    msg_put_u16(out + 8, 1);
    memcpy(at, soa_head, sizeof soa_head);
    msg_put_u32(at + sizeof soa_head, xfr->have);
    return (size_t)(at + sizeof soa_head + 20 - out);
}

/* ---- the frame of a message ---- */

/* The question comes back in the first message, and may in the others (RFC 5936, 2.2.1). */
static bool question_fits(const struct xfr *xfr, const uint8_t *msg, size_t len)
{
    uint8_t name[NAME_MAX_LEN];
    unsigned count = msg_u16(msg + 4);
    if (count == 0)
        return xfr->answered;
    int used = msg_name_unpack(msg, len, MSG_HEADER_LEN, name);
    if (count != 1 || used < 0 || MSG_HEADER_LEN + (size_t)used + 4 > len)
        return false;
    const uint8_t *at = msg + MSG_HEADER_LEN + used;
    return name_equal(name, xfr->zone) && msg_u16(at) == types[xfr->kind] && msg_u16(at + 2) == DNS_CLASS_IN;
}

static int frame_check(struct xfr *xfr, const uint8_t *msg, size_t len)
{
    char text[DNS_TYPE_TEXT_MAX];
    if (len < MSG_HEADER_LEN)
        return fail(xfr, ERR_MALFORMED, "a message of %zu bytes", len);
    unsigned flags = msg_u16(msg + 2), rcode = flags & MSG_RCODE;
    if (msg_u16(msg) != xfr->id || (flags & MSG_QR) == 0 || (flags & MSG_OPCODE) != 0)
        return fail(xfr, ERR_MALFORMED, "a message that is no answer to what was asked");
    if (rcode != 0)
        return fail(xfr, rcode == DNS_RCODE_REFUSED || rcode == RCODE_NOTAUTH ? ERR_ACCESS : ERR_UNSUPPORTED,
                    "the primary answers %s", rcode == RCODE_NOTAUTH ? "NOTAUTH" : dns_rcode_to_text(rcode, text));
    if ((flags & MSG_TC) != 0)
        return fail(xfr, ERR_MALFORMED, "a truncated message over TCP");
    if (!question_fits(xfr, msg, len))
        return fail(xfr, ERR_MALFORMED, "an answer to another question");
    if (xfr->kind == XFR_SOA && (flags & MSG_AA) == 0)
        return fail(xfr, ERR_UNSUPPORTED, "the server is no primary or secondary of the zone");
    return 0;
}

/* ---- records ---- */

/* The serial is the first of five numbers at the end of the data (RFC 1035, 3.3.13). */
static uint32_t serial_of(const uint8_t *msg, const struct msg_rr *rr)
{
    return rr->rdata_len < 22 ? 0 : msg_u32(msg + rr->rdata_pos + rr->rdata_len - 20);
}

static int piece_read(struct xfr *xfr, const uint8_t *msg, size_t len, const struct msg_rr *rr, struct piece *out)
{
    uint8_t owner[NAME_MAX_LEN];
    char text[NAME_TEXT_MAX], type[DNS_TYPE_TEXT_MAX];
    *out = (struct piece){.is_soa = rr->type == DNS_TYPE_SOA};
    if (msg_name_unpack(msg, len, rr->name_pos, owner) < 0)
        return fail(xfr, ERR_MALFORMED, "a record with a broken name");
    if (rr->class != DNS_CLASS_IN || !name_is_at_or_below(owner, xfr->zone) ||
        (out->is_soa && !name_equal(owner, xfr->zone)))
        return fail(xfr, ERR_MALFORMED, "a record outside of the zone: %.80s %s", name_to_text(owner, text),
                    dns_type_to_text(rr->type, type));
    int err = record_text(msg, len, rr, &out->line, &out->len);
    if (err == ERR_MALFORMED)
        return fail(xfr, err, "a broken record: %.80s %s", name_to_text(owner, text), dns_type_to_text(rr->type, type));
    if (err == 0 && out->is_soa)
        out->serial = serial_of(msg, rr);
    return err;
}

static int add(struct xfr *xfr, const struct piece *piece)
{
    int added = zonecopy_add(xfr->copy, piece->line, piece->len);
    return added == ERR_LIMIT ? fail(xfr, added, "more records or bytes than allowed") : added < 0 ? added : 0;
}

/* It becomes the zone's; the piece gives its line away. */
static void keep_soa(struct xfr *xfr, struct piece *piece)
{
    xfr->serial = piece->serial;
    xfr->soa = piece->line;
    xfr->soa_len = piece->len;
    piece->line = NULL;
}

static int first(struct xfr *xfr, struct piece *piece)
{
    if (!piece->is_soa)
        return fail(xfr, ERR_MALFORMED, "the answer does not begin with the SOA record");
    keep_soa(xfr, piece);
    xfr->state = xfr->kind == XFR_SOA ? XFR_AT_END : xfr->kind == XFR_AXFR ? XFR_IN_ALL : XFR_AT_SECOND;
    return 0;
}

static int in_all(struct xfr *xfr, const struct piece *piece)
{
    if (!piece->is_soa)
        return add(xfr, piece);
    if (piece->serial != xfr->serial)
        return fail(xfr, ERR_MALFORMED, "the zone has changed while it was sent: it ends with another SOA record");
    xfr->state = XFR_AT_END;
    return 0;
}

/* Tells changes from a whole zone. */
static int second(struct xfr *xfr, const struct piece *piece)
{
    if (piece->is_soa && piece->serial == xfr->have && xfr->have != xfr->serial) {
        xfr->incremental = true;
        xfr->state = XFR_IN_DEL;
        return 0;
    }
    zonecopy_clear(xfr->copy);
    xfr->state = XFR_IN_ALL;
    return in_all(xfr, piece);
}

static int in_del(struct xfr *xfr, const struct piece *piece)
{
    if (!piece->is_soa)
        return zonecopy_del(xfr->copy, piece->line, piece->len) == 1
                   ? 0
                   : fail(xfr, ERR_DAMAGED, "a change takes out a record that is not there: %.*s",
                          (int)(piece->len < 100 ? piece->len : 100), piece->line);
    if (!xfr_is_later(piece->serial, xfr->step_serial))
        return fail(xfr, ERR_MALFORMED, "a change leads from serial %" PRIu32 " to %" PRIu32, xfr->step_serial,
                    piece->serial);
    xfr->step_serial = piece->serial;
    xfr->state = XFR_IN_ADD;
    return 0;
}

static int in_add(struct xfr *xfr, const struct piece *piece)
{
    if (!piece->is_soa)
        return add(xfr, piece);
    if (piece->serial != xfr->step_serial)
        return fail(xfr, ERR_MALFORMED, "changes that don't follow each other: %" PRIu32 " after %" PRIu32,
                    piece->serial, xfr->step_serial);
    xfr->state = xfr->step_serial == xfr->serial ? XFR_AT_END : XFR_IN_DEL;
    return 0;
}

static int piece_take(struct xfr *xfr, struct piece *piece)
{
    switch (xfr->state) {
    case XFR_AT_FIRST:
        return first(xfr, piece);
    case XFR_AT_SECOND:
        return second(xfr, piece);
    case XFR_IN_ALL:
        return in_all(xfr, piece);
    case XFR_IN_DEL:
        return in_del(xfr, piece);
    case XFR_IN_ADD:
        return in_add(xfr, piece);
    case XFR_AT_END:
        break;
    }
    return fail(xfr, ERR_MALFORMED, "records behind the end of the zone");
}

static int answer_walk(struct xfr *xfr, const uint8_t *msg, size_t len)
{
    struct msg_walk walk;
    struct msg_rr rr;
    int code = msg_walk_begin(&walk, msg, len);
    while (code >= 0 && (code = msg_walk_next(&walk, &rr)) > 0 && rr.section == MSG_ANSWER) {
        struct piece piece;
        int err = piece_read(xfr, msg, len, &rr, &piece);
        if (err == 0)
            err = piece_take(xfr, &piece);
        free(piece.line);
        if (err < 0)
            return err;
    }
    return code < 0 ? fail(xfr, ERR_MALFORMED, "a broken message") : 0;
}

int xfr_message(struct xfr *xfr, const uint8_t *msg, size_t len, enum xfr_step *out_step)
{
    int err = frame_check(xfr, msg, len);
    if (err == 0)
        err = answer_walk(xfr, msg, len);
    if (err < 0)
        return err;
    xfr->answered = true;
    if (xfr->state == XFR_AT_FIRST)
        return fail(xfr, ERR_MALFORMED, "an answer without a record");
    bool current = xfr->state == XFR_AT_SECOND && !xfr_is_later(xfr->serial, xfr->have);
    *out_step = current ? XFR_CURRENT : xfr->state == XFR_AT_END ? XFR_DONE : XFR_MORE;
    return 0;
}
