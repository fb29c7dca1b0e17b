/*
 * A feed that is a zone on name servers, brought to a file (xfr/zone.h): its address, its key, the copy from before.
 * Threads: any number at once.
 */
#ifndef FETCH_PRIMARIES_H
#define FETCH_PRIMARIES_H

#include "fetch/download.h"
#include "xfr/zone.h"

/* Who asks, and for what. NULL: nothing is signed. */
struct primaries_access {
    const char *tsig_name, *tsig_algorithm;
    const char *tsig_secret_file; /* base64 (secret.h) */
    bool whole;                   /* all of the zone each time */
};

/*
 * Fetches source (dns://...) to the new file at path; kept: the copy from before, NULL for none. Errors of zone_fetch(),
 * and ERR_ACCESS, ERR_MALFORMED and the like for the secret's file; why then holds a sentence without a full stop.
 */
ERR_CHECKED int primaries_fetch(const char *source, const char *path, const char *kept,
                                const struct download_opts *opts, const struct primaries_access *access,
                                struct zone_reply *out, char why[DOWNLOAD_WHY_MAX]);

#endif
