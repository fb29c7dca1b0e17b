/*
 * One record of a master file as the data of a clause: A, AAAA, CNAME, MX, PTR, SRV, TXT (RFC 1035, 5; RFC 2782).
 * Memory: none. Threads: pure.
 */
#ifndef FEED_ZONE_RECORD_H
#define FEED_ZONE_RECORD_H

#include "feed/clause.h"
#include "feed/zone_origin.h"

/* rdata: what follows the type, without comments. false: a type that no list may give, or not its data. */
bool zone_record_parse(struct span type, struct span rdata, const struct zone_origin *origin, uint32_t ttl_s,
                       struct feed_clause *out);

#endif
