/*
 * Brings a zone from its primaries to a file: asks for the SOA first, takes the changes since the kept copy (IXFR) or
 * all of it (AXFR), and writes it in the one form of zonecopy.h.
 *
 *     for each primary, until one gives the zone
 *         serial as ours                       unchanged
 *         serial later, and there is a copy    IXFR; when that fails for another reason than the key, AXFR
 *         no copy                              AXFR
 *         serial earlier than ours             not this one: it is behind, or its serial went backwards
 *
 * With a key every request is signed, and every answer must be.
 *
 * Threads: any number at once.
 */
#ifndef XFR_ZONE_H
#define XFR_ZONE_H

#include <stdbool.h>

#include "xfr/primary.h"
#include "xfr/source.h"
#include "xfr/tsig.h"

#define ZONE_WHY_MAX 256

struct zone_request {
    const struct source *source;
    const struct tsig_key *key; /* NULL: nothing is signed */
    bool incremental;           /* IXFR where it can be */
    const char *kept;           /* the copy from before, of this zone; NULL: none */
    const char *path;           /* where the new one goes */
    uint64_t records_max;
    struct primary_limits limits; /* bytes_max is also for the file */
};

struct zone_reply {
    bool unchanged;   /* the kept copy is the newest: nothing was written */
    bool incremental; /* it came as changes */
    uint32_t serial;
    uint64_t bytes; /* of the file */
};

/*
 * 0 when one primary gave the zone. Otherwise the error of the last one asked, and why holds a sentence without a full stop:
 * ERR_NETWORK, ERR_TIMEOUT, ERR_ACCESS (refused, or a signature that is wrong or missing), ERR_TRUNCATED, ERR_MALFORMED,
 * ERR_UNSUPPORTED, ERR_LIMIT, ERR_IO, ERR_NOSPACE, ERR_NOMEM. No file is left at path then.
 */
ERR_CHECKED int zone_fetch(const struct zone_request *request, struct zone_reply *out, char why[ZONE_WHY_MAX]);

#endif
