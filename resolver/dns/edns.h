/*
 * The OPT pseudo-record (RFC 6891) and the options we speak: cookies (RFC 7873), TCP keepalive (RFC 7828), padding
 * (RFC 7830), extended errors (RFC 8914), structured errors (draft-ietf-dnsop-structured-dns-error).
 *
 * Memory:  allocates nothing. Threads: pure; any thread.
 */
#ifndef DNS_EDNS_H
#define DNS_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define EDNS_COOKIE_CLIENT_LEN 8
#define EDNS_COOKIE_MAX        40  /* client 8 + server 8..32 bytes */
#define EDNS_OPTIONS_MAX       64  /* options read in one OPT; more is FORMERR */
#define EDNS_PADDING_BLOCK     468 /* of answers (RFC 8467, 4.1) */
#define EDNS_DO                0x8000u

struct edns {
    bool present;
    bool dnssec_ok;       /* DO */
    bool keepalive;       /* the client asks how long its connection may be idle */
    bool keepalive_timed; /* it says a time itself, which is the server's to say (RFC 7828, 3.2.1) */
    bool padding;         /* the client pads, and may be answered so */
    uint8_t version;
    uint8_t cookie_len; /* 0: none; else 8 or 16..40 */
    uint16_t udp_size;  /* as sent; below 512 counts as 512 */
    uint8_t cookie[EDNS_COOKIE_MAX];
};

/*
 * Reads the rdata and fixed fields of an OPT record into out (which gets present = true).
 * type_class_ttl: the 8 bytes behind the owner name: type, class (udp size), ttl (extended rcode, version, flags).
 * The options of a version we do not know are not looked at.
 * ERR_MALFORMED: option past the end, cookie of a wrong length (RFC 7873, 5.2.2), too many options.
 */
ERR_CHECKED int edns_parse(const uint8_t type_class_ttl[8], const uint8_t *rdata, size_t rdata_len, struct edns *out);

struct edns_option {
    uint16_t code;
    uint16_t len;
    const uint8_t *data; /* len bytes of the rdata */
};

/*
 * The option at *pos of an OPT record's rdata, which moves behind it. 1: *out is set; 0: the end; ERR_MALFORMED: the
 * option goes past the end.
 */
ERR_CHECKED int edns_option_next(const uint8_t *rdata, size_t rdata_len, size_t *pos, struct edns_option *out);

/*
 * Whether a question's options say that its client reads structured errors: the option of this code, whatever is in it
 * (0: none has one); or, with by_ede, as earlier revisions of the draft had it, an extended error that says nothing (empty,
 * or INFO-CODE 0 without text).
 */
bool edns_asks_structured(const uint8_t *rdata, size_t rdata_len, uint16_t option_code, bool by_ede);

/* What our own OPT in an answer says. */
struct edns_reply {
    uint16_t udp_size;        /* what we receive */
    uint16_t rcode;           /* whole 12 bits; the upper 8 go into the OPT */
    int16_t ede;              /* enum ede_code; EDE_NONE for none */
    bool ede_cached;          /* EDE_CACHED_ERROR is said too: the failure is one of a moment ago */
    bool dnssec_ok;           /* copied from the request (RFC 6891, 6.1.4) */
    bool keepalive;           /* keepalive_100ms is said */
    uint16_t keepalive_100ms; /* how long a connection may be idle */
    uint16_t padding_block;   /* the message is padded to a multiple of this (RFC 8467, 4.1); 0: not at all */
    uint16_t before_len;      /* bytes of the message in front of the OPT record */
    uint8_t cookie_len;       /* 0 for none */
    uint8_t subnet_len;       /* 0 for none */
    const uint8_t *cookie;    /* client and server part */
    const uint8_t *subnet;    /* whose client subnet the answer is for (RFC 7871, 6) */
    const char *ede_text;     /* UTF-8 or NULL; left out when it does not fit */
    const char *ede_short;    /* what is said instead where ede_text does not fit; NULL: nothing */
};

/*
 * Writes a whole OPT record. What does not fit in cap is left out: first the padding, then the second error, the text,
 * the extended error, the keepalive.
 * Returns its bytes, or ERR_LIMIT when even the bare record with its cookie and subnet does not fit.
 */
ERR_CHECKED int edns_write(const struct edns_reply *reply, uint8_t *out, size_t cap);

/* Whether edns_write() has to leave out the extended error itself. */
bool edns_ede_is_cut(const struct edns_reply *reply, size_t cap);

#endif
