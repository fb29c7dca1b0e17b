/*
 * What may be believed of an upstream's reply.
 *
 * A forwarder accepts the answer chain and nothing else: it starts at the question's name, follows CNAMEs (and the DNAMEs
 * they come from), and ends with records of the type that was asked. Records of other owners, the authority section's NS
 * records and all additional data are dropped, so a reply can't plant anything under another name. Kept beside the
 * chain: the SOA of a negative answer (RFC 2308), RRSIG, NSEC and NSEC3 when DO was asked.
 *
 * SVCB and HTTPS records are kept only if all of them can be read (dns/svcb.h); else the answer is as if there were none,
 * and unsigned.
 *
 * Memory:  writes only into the caller's buffer. Threads: pure; any thread.
 */
#ifndef UPSTREAM_REPLY_H
#define UPSTREAM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/msg.h"

#define REPLY_CHAIN_MAX 12  /* CNAMEs in one answer; more is refused, and so is a loop */
#define REPLY_TTLS_MAX  256 /* records kept; more is refused */

/* Whether msg is a reply to this question: QR set, the id, QDCOUNT 1 and the question the same,
 * case-insensitively. Everything else is not looked at. */
bool reply_matches(const uint8_t *msg, size_t len, uint16_t id, const struct question *question);

/* Whether msg is a FORMERR or NOTIMP without a question, as servers send that are older than EDNS (RFC 6891, 7). */
bool reply_is_bare_refusal(const uint8_t *msg, size_t len);

struct reply {
    uint16_t rcode; /* 12 bits, with OPT's */
    bool truncated; /* TC: ask again over TCP */
    bool authentic; /* AD */
    bool had_edns;
    int16_t cause;      /* the extended error that is told to clients (cause.h); EDE_NONE: none */
    uint8_t cookie_len; /* 0: none came */
    uint8_t cookie[EDNS_COOKIE_MAX];
    bool negative; /* NXDOMAIN, or no record of the type */
    bool referral; /* ask those, it says, or nothing at all and that it can't look up (RA, AA clear): no answer from a
                    * server that we ask to find it (RFC 2308, 2.2) */
    bool has_soa;
    bool has_ech;  /* an SVCB or HTTPS record has it; then no name in the message leads anywhere but to the question */
    bool withheld; /* SVCB or HTTPS records were left out: malformed */
    uint32_t soa_minimum_s; /* min(SOA TTL, MINIMUM): how long "no" is good (RFC 2308, 5) */
    uint32_t ttl_min_s;     /* of the kept answer records; UINT32_MAX: none */
    uint16_t len;           /* of the cleaned message */
    uint16_t question_end;
    uint16_t ttl_count;
    uint16_t ttl_at[REPLY_TTLS_MAX];              /* offsets of the TTLs in the cleaned message */
    uint8_t chain_count;                          /* CNAME targets in order */
    uint8_t chain[REPLY_CHAIN_MAX][NAME_MAX_LEN]; /* lower case */
};

/*
 * Cleans a reply that reply_matches() into out: header (reply_cause() in place of the id, QR, RA, rcode's low 4 bits, AD),
 * the question in lower case, the believed records, no OPT. cap: at least len + 512 bytes.
 * ERR_MALFORMED, ERR_TRUNCATED: broken records or a broken chain; ERR_LIMIT: chain or record bound, or no room.
 */
ERR_CHECKED int reply_clean(const uint8_t *msg, size_t len, const struct question *question, bool dnssec, uint8_t *out,
                            size_t cap, struct reply *reply);

/* What reply.cause was: a cleaned message that is kept carries it where a message on the wire has its id. */
static inline int16_t reply_cause(const uint8_t *cleaned)
{
    return (int16_t)(msg_u16(cleaned) - 1);
}

static inline void reply_put_cause(uint8_t *cleaned, int16_t cause)
{
    msg_put_u16(cleaned, (unsigned)(cause + 1));
}

#endif
