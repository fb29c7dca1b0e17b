/*
 * The data of a record as far as it must be understood: where names stand in it, and whether it is as long as its type
 * says. A record that is cut or padded is no record of its type; who gives it on makes it the client's problem.
 */
#ifndef UPSTREAM_RDATA_H
#define UPSTREAM_RDATA_H

#include "belisha/err.h"
#include "dns/msg.h"

/* bytes before the names, the names, and what must follow: so many bytes, or RDATA_ANY. */
#define RDATA_ANY UINT8_MAX

struct rdata_layout {
    uint16_t type;
    uint8_t before, names, after;
};

/* Never NULL: of types that are not known, any bytes. Compressed names stand in those of RFC 3597, 4 only. */
const struct rdata_layout *rdata_layout_of(uint16_t type);

/* ERR_MALFORMED or ERR_TRUNCATED when the data is not of this shape. Pure; any thread. */
ERR_CHECKED int rdata_check(const uint8_t *msg, size_t len, const struct msg_rr *rr);

#endif
