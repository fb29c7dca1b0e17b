/*
 * Answers that we make ourselves, and the fitting of any answer into what the client can take.
 *
 * An answer begins with the client's own header and question bytes (RFC 1035, 4.1.2: case and all are given back
 * unchanged), then records, then our OPT when the client sent one.
 *
 *     answer_begin   copies header and question, sets QR, RD as asked, RA, rcode; AA, AD and Z clear
 *     answer_add_*   appends records (owner = compression pointer to the question, or a name)
 *     answer_end     appends OPT, the text of an extended error only where it fits; over the limit without one: removes the
 *                    records, sets TC (RFC 2181, 9; RFC 6891, 7)
 *
 * Errors are sticky: after one record did not fit, the rest is left out and answer_end() truncates.
 *
 * Memory:  writes into the caller's buffer only. Threads: pure; any thread.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/msg.h"

struct answer {
    uint8_t *bytes;
    size_t cap;            /* of bytes */
    size_t limit;          /* what the client takes: answer_limit() */
    size_t len;
    uint16_t question_end;
    uint16_t count[4];     /* by enum msg_section */
    bool overflow;
};

/*
 * The largest answer this client takes: over UDP 512 without EDNS, else its own size but at least 512 and at most
 * MSG_UDP_EDNS; MSG_MAX_LEN over a stream.
 */
size_t answer_limit(const struct request *request, bool stream);

/*
 * msg: the request's bytes (at least question_end of them). cap must hold at least question_end + 64 bytes.
 * A request without a question (has_question false) gives a bare header with QDCOUNT 0.
 * opcode is copied; rcode: the low four bits, the rest travels in OPT (edns_reply.rcode).
 */
void answer_begin(struct answer *a, uint8_t *bytes, size_t cap, size_t limit, const uint8_t *msg,
                  const struct request *request, unsigned rcode);

/* owner NULL: a pointer to the question's name. rdata is written as it is (no compression inside). */
void answer_add(struct answer *a, enum msg_section section, const uint8_t *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, size_t rdata_len);

/*
 * The SOA that makes a blocked or local negative answer cacheable for ttl_s (RFC 2308, 5): owner = the question's name,
 * mname and rname below "belisha.invalid.", minimum = ttl_s.
 */
void answer_add_soa(struct answer *a, uint32_t ttl_s);

/* edns: NULL when the client sent no OPT. Returns the length of the finished message. */
size_t answer_end(struct answer *a, const struct edns_reply *edns);

#endif
