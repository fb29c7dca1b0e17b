/*
 * One HTTPS transfer to a file: certificate and host name verified, redirects to https only, bounded in bytes and time.
 *
 * Threads: any number at once after download_init().
 */
#ifndef FETCH_DOWNLOAD_H
#define FETCH_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "fetch/store.h"

#define DOWNLOAD_WHY_MAX 256

struct download_opts {
    int64_t connect_ms;  /* at most, for name look-up, connection and handshake */
    int64_t total_ms;    /* at most, for all */
    uint64_t bytes_max;  /* of the body, as it is counted on arrival */
    const char *ca_file; /* certificates to trust; NULL = the system's */
};

struct download_reply {
    bool unchanged; /* 304: nothing was written */
    char etag[STORE_HEADER_MAX];
    char last_modified[STORE_HEADER_MAX];
    uint64_t bytes;
};

/* Once per process, before threads. ERR_NOMEM. */
ERR_CHECKED int download_init(void);
void download_done(void);

/*
 * Fetches url to the new file at path. etag and last_modified ("" for none) make the request conditional.
 * ERR_NETWORK, ERR_TIMEOUT, ERR_LIMIT (bytes_max), ERR_NOENT (404, 410), ERR_ACCESS (401, 403), ERR_IO, ERR_NOSPACE;
 * why then holds a sentence without a full stop.
 */
ERR_CHECKED int download(const char *url, const char *path, const char *etag, const char *last_modified,
                         const struct download_opts *opts, struct download_reply *out, char why[DOWNLOAD_WHY_MAX]);

#endif
