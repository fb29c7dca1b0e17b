/*
 * One question to a web server and its answer: no redirect is followed, nothing is asked twice.
 *
 * Certificate and host name are verified, TLS 1.2 at least. No cookies, no .netrc; a proxy only when it is asked for.
 * Bytes are counted as they come out of any Content-Encoding, so a small answer can't become a big file.
 *
 * Threads: any number at once.
 */
#ifndef FETCH_TRANSFER_H
#define FETCH_TRANSFER_H

#include "fetch/download.h"
#include "fetch/url.h"

struct transfer {
    const char *url;
    const char *path;                 /* a new file, for the body of a 200 */
    const char *etag, *last_modified; /* "": none */
    const struct download_opts *opts;
    const struct download_access *access; /* how the proxy is reached */
    bool at_home;                         /* url is on the server that the credentials in access are for */
    int64_t left_ms;                      /* time for this one */
};

struct transfer_reply {
    long status;
    char location[URL_MAX]; /* where a redirect leads to; "" */
    char etag[STORE_HEADER_MAX], last_modified[STORE_HEADER_MAX], content_type[STORE_HEADER_MAX];
    uint64_t bytes;
    int64_t took_ms; /* set in any case */
    bool passing;    /* the error may be gone in a moment. Set in any case */
};

/* 0 for an answer with any status below 400. Errors and why as download(). */
ERR_CHECKED int transfer_run(const struct transfer *transfer, struct transfer_reply *out, char why[DOWNLOAD_WHY_MAX]);

#endif
