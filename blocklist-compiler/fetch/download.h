/*
 * One HTTPS download to a file: certificate and host name verified, redirects to https only and at most five, bounded in
 * bytes and time, tried a second time when the trouble looks like a passing one.
 *
 * Credentials come from files and are shown to the server of the address only: a redirect to another one leaves them
 * behind. They are in no message.
 *
 * Threads: any number at once after download_init().
 */
#ifndef FETCH_DOWNLOAD_H
#define FETCH_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "fetch/store.h"
#include "fetch/turns.h"

#define DOWNLOAD_WHY_MAX           256
#define DOWNLOAD_PROXY_ENVIRONMENT "environment" /* as http_proxy and its like say */

struct download_opts {
    int64_t connect_ms;     /* at most, for name look-up, connection and handshake */
    int64_t total_ms;       /* at most, for all */
    int64_t stall_s;        /* at most, with less than 100 bytes a second */
    int64_t retry_pause_ms; /* before the second try */
    uint64_t bytes_max;     /* of the body, after any Content-Encoding */
    const char *ca_file;    /* certificates to trust; NULL = the system's */
    struct turns *turns;    /* NULL: as many from one server as are asked for */
};

/* Who asks, and through whom. All NULL: nobody in particular, directly. The files: secret.h. */
struct download_access {
    const char *header_file;        /* lines "Name: value" */
    const char *user_file;          /* "user:password" */
    const char *client_certificate; /* PEM; not secret */
    const char *client_key;         /* PEM */
    const char *proxy;              /* http://, https:// or socks5h:// address; DOWNLOAD_PROXY_ENVIRONMENT */
    const char *proxy_user_file;    /* "user:password" */
};

struct download_reply {
    bool unchanged; /* 304: nothing was written */
    char etag[STORE_HEADER_MAX];
    char last_modified[STORE_HEADER_MAX];
    char content_type[STORE_HEADER_MAX];
    uint64_t bytes;
};

/* Once per process, before threads. ERR_NOMEM. */
ERR_CHECKED int download_init(void);
void download_done(void);

/*
 * Fetches url to the new file at path. etag and last_modified ("" for none) make the request conditional.
 * ERR_NETWORK, ERR_TIMEOUT, ERR_LIMIT (bytes_max), ERR_NOENT (404, 410), ERR_ACCESS (401, 403, a secret's file), ERR_IO,
 * ERR_NOSPACE; why then holds a sentence without a full stop, and there is no file.
 */
ERR_CHECKED int download(const char *url, const char *path, const char *etag, const char *last_modified,
                         const struct download_opts *opts, const struct download_access *access,
                         struct download_reply *out, char why[DOWNLOAD_WHY_MAX]);

#endif
