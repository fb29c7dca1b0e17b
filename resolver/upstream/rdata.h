/*
 * The data of a record as far as it must be understood: where names stand in it, and whether it is as long as its type
 * says. A record that is cut or padded is no record of its type; who gives it on makes it the client's problem.
 */
#ifndef UPSTREAM_RDATA_H
#define UPSTREAM_RDATA_H

#include "belisha/err.h"
#include "dns/msg.h"

/* Bytes, then character-strings (RFC 1035, 3.3), then names, and what must follow: so many bytes, or RDATA_ANY. */
#define RDATA_ANY UINT8_MAX

struct rdata_layout {
    uint16_t type;
    uint8_t before, strings, names, after;
};

/* Never NULL: of types that are not known, any bytes. Compressed names stand in those of RFC 3597, 4 only. */
const struct rdata_layout *rdata_layout_of(uint16_t type);

/* Where in msg the first of the names is, or would be. ERR_MALFORMED: behind the data. */
ERR_CHECKED int rdata_names_at(const struct rdata_layout *layout, const uint8_t *msg, const struct msg_rr *rr);

/* ERR_MALFORMED or ERR_TRUNCATED when the data is not of this shape. Pure; any thread. */
ERR_CHECKED int rdata_check(const uint8_t *msg, size_t len, const struct msg_rr *rr);

/* All names in a record's data, those included that may not be compressed, e.g. of RRSIG and HTTPS. */
struct rdata_walk {
    const uint8_t *msg;
    size_t len, pos, end;
    unsigned left;
};

ERR_CHECKED int rdata_walk_begin(struct rdata_walk *walk, const uint8_t *msg, size_t len, const struct msg_rr *rr);
/* 1 and the next name as it is spelt; 0: there is none; ERR_MALFORMED, ERR_TRUNCATED. */
ERR_CHECKED int rdata_walk_next(struct rdata_walk *walk, uint8_t out[NAME_MAX_LEN]);

#endif
