/*
 * DNS messages in wire form: the header, the question, and a walk over the records.
 *
 *      0         2         4         6         8         10        12
 *     | id      | flags   | QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT | question, answer, authority, additional ...
 *
 *     flags: QR 8000  opcode 7800  AA 0400  TC 0200  RD 0100  RA 0080  Z 0040  AD 0020  CD 0010  rcode 000f
 *     (RFC 1035, 4.1.1; AD and CD: RFC 4035, 3.2)
 *
 * msg_* functions read names that may hold compression pointers (4.1.4); a pointer must point backwards, so each walk
 * ends. Nothing here trusts a length or a count in the message.
 *
 * Memory:  allocates nothing; every buffer is the caller's.
 * Errors:  negative enum err; outputs are untouched on failure.
 * Threads: pure; any thread.
 */
#ifndef DNS_MSG_H
#define DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/rr.h"

#define MSG_HEADER_LEN 12
#define MSG_MAX_LEN 65535
#define MSG_UDP_DEFAULT 512    /* largest UDP answer without EDNS (RFC 1035, 4.2.1) */
#define MSG_UDP_EDNS 1232      /* ours, both ways (RFC 9715) */
#define REQUEST_RECORDS_MAX 16 /* authority and additional; real requests carry one or two */

enum msg_flag {
    MSG_QR = 0x8000,
    MSG_OPCODE = 0x7800,
    MSG_AA = 0x0400,
    MSG_TC = 0x0200,
    MSG_RD = 0x0100,
    MSG_RA = 0x0080,
    MSG_AD = 0x0020,
    MSG_CD = 0x0010,
    MSG_RCODE = 0x000f,
};

static inline uint16_t msg_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t msg_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void msg_put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void msg_put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* One question, taken out of a message. */
struct question {
    uint16_t type;
    uint16_t class;
    uint8_t name_len;             /* bytes of name, with the root's zero */
    uint8_t labels;               /* without the root */
    uint8_t name[NAME_MAX_LEN];   /* uncompressed, lower case */
};

/* A request as a client sent it. */
struct request {
    uint16_t id;
    uint16_t flags;
    uint16_t question_end;   /* offset behind the question: bytes 12..question_end go back unchanged, case kept */
    bool has_question;       /* question is set; false for some malformed requests */
    bool asks_cookie;        /* well-formed and without a question: it wants to know of its cookie (RFC 7873, 5.4) */
    struct question question;
    struct edns edns;        /* edns.present tells whether there was an OPT record */
    uint16_t options_pos;    /* where its options begin */
    uint16_t options_len;    /* 0: none; not looked at in a version we do not know */
};

/*
 * Reads a request.
 *
 * Returns 0 when it is one standard question that can be answered; a positive enum dns_rcode with which it should be
 * refused, out being filled as far as it could be read (has_question tells); or ERR_MALFORMED when nothing may be
 * answered: shorter than a header, or QR is set (an answer to an answer would be a loop).
 *
 *   FORMERR  QDCOUNT not 1 (RFC 9619; see asks_cookie), broken question, records that do not parse, more than one OPT or
 *            one elsewhere than in the additional section (RFC 6891, 6.1.1), records in the answer section, more than
 *            REQUEST_RECORDS_MAX, bytes behind the last record
 *   NOTIMP   opcode other than QUERY
 *   BADVERS  EDNS version above 0 (RFC 6891, 6.1.3)
 */
ERR_CHECKED int request_parse(const uint8_t *msg, size_t len, struct request *out);

/*
 * Copies the name at msg[pos] to out without compression, case kept.
 * Returns the bytes used at pos, or ERR_MALFORMED (bad label type, pointer not below the labels it ends or into the
 * header, more than NAME_MAX_LABELS pointers, over 255 bytes), ERR_TRUNCATED (past msg_len).
 */
ERR_CHECKED int msg_name_unpack(const uint8_t *msg, size_t msg_len, size_t pos, uint8_t out[NAME_MAX_LEN]);

/* Bytes used by the name at msg[pos], checked as by msg_name_unpack() but not copied. */
ERR_CHECKED int msg_name_skip(const uint8_t *msg, size_t msg_len, size_t pos);

enum msg_section { MSG_ANSWER = 1, MSG_AUTHORITY = 2, MSG_ADDITIONAL = 3 };

struct msg_rr {
    uint16_t name_pos;   /* where the owner begins */
    uint16_t type;
    uint16_t class;
    uint16_t fixed_pos;  /* where the type begins: ttl is 4 bytes behind, rdlength 8, rdata 10 */
    uint32_t ttl;
    uint16_t rdata_pos;
    uint16_t rdata_len;
    uint8_t section;     /* enum msg_section */
};

struct msg_walk {
    const uint8_t *msg;
    size_t len;
    size_t pos;
    uint16_t left[4];    /* records still to come, by section */
};

/* Starts behind the question section. ERR_MALFORMED or ERR_TRUNCATED when header or questions are broken. */
ERR_CHECKED int msg_walk_begin(struct msg_walk *walk, const uint8_t *msg, size_t len);

/* 1: *out is the next record; 0: the end; ERR_MALFORMED, ERR_TRUNCATED: the record is broken, stop. */
ERR_CHECKED int msg_walk_next(struct msg_walk *walk, struct msg_rr *out);

#endif
