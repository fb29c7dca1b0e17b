/*
 * What a primary's answers to SOA, AXFR (RFC 5936) and IXFR (RFC 1995) questions say: messages in, records out of and
 * into a zone copy. TSIG is taken off before (tsig.h).
 *
 *     SOA                                               is there a new version?
 *     AXFR   soa ... all records ... soa                the copy is made anew
 *     IXFR   soa                                        ours is the newest
 *            soa, [soa-old del... soa-next add...]*, soa  changes to the copy, one version after the other
 *            soa ... all records ... soa                as AXFR
 *
 * Every record must lie in the zone and have class IN; a stream that says anything else ends with an error, and the copy
 * is then of no use. Serials are compared as RFC 1982 says.
 *
 * Memory: the caller's; xfr_done() frees the SOA. Threads: one.
 */
#ifndef XFR_XFR_H
#define XFR_XFR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/name.h"
#include "xfr/zonecopy.h"

#define XFR_REQUEST_MAX 1024 /* with room for a TSIG record */
#define XFR_WHY_MAX     200

enum xfr_kind { XFR_SOA, XFR_AXFR, XFR_IXFR };

enum xfr_step {
    XFR_MORE,    /* the answer goes on in another message */
    XFR_DONE,    /* xfr.serial is the zone's; of a transfer, the copy and xfr.soa are those of that version */
    XFR_CURRENT, /* IXFR: the version that we have is the newest */
};

enum xfr_state { XFR_AT_FIRST, XFR_AT_SECOND, XFR_IN_ALL, XFR_IN_DEL, XFR_IN_ADD, XFR_AT_END };

struct xfr {
    enum xfr_kind kind;
    enum xfr_state state;
    uint16_t id;
    const uint8_t *zone;   /* wire, lower case */
    struct zonecopy *copy; /* NULL for XFR_SOA */
    uint32_t have;         /* IXFR: serial of the copy as it is */
    uint32_t serial;       /* what the primary has */
    uint32_t step_serial;  /* within IXFR: the version that is being left or made */
    bool answered;         /* a message has come */
    bool incremental;      /* the answer was a list of changes */
    char *soa;             /* line of the SOA record */
    size_t soa_len;
    char why[XFR_WHY_MAX]; /* after an error: a sentence without a full stop */
};

/* copy: empty, or for XFR_IXFR the version `have`. zone and copy outlive the struct. */
void xfr_init(struct xfr *xfr, enum xfr_kind kind, const uint8_t *zone, struct zonecopy *copy, uint32_t have,
              uint16_t id);
void xfr_done(struct xfr *xfr);

/* Writes the request. Returns its length. */
size_t xfr_request(const struct xfr *xfr, uint8_t out[XFR_REQUEST_MAX]);

/*
 * The next message of the answer. *out_step says how it stands. ERR_MALFORMED (a broken message or stream),
 * ERR_ACCESS (REFUSED, NOTAUTH), ERR_UNSUPPORTED (any other response code), ERR_DAMAGED (changes that don't fit the
 * copy), ERR_LIMIT, ERR_NOMEM.
 */
ERR_CHECKED int xfr_message(struct xfr *xfr, const uint8_t *msg, size_t len, enum xfr_step *out_step);

/* Whether a is a later serial than b (RFC 1982, 3.2). */
static inline bool xfr_is_later(uint32_t a, uint32_t b)
{
    return a != b && a - b < UINT32_C(0x80000000);
}

#endif
