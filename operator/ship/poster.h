/*
 * POST requests to one kind of server after another, over one connection that is kept: libcurl, and the rights it is given.
 *
 * Only http and https; a redirection is not followed. TLS always checks the server's certificate and name.
 *
 * Threads: one.
 */
#ifndef SHIP_POSTER_H
#define SHIP_POSTER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

struct poster_opts {
    const char *user, *password; /* NULL: none; they are copied */
    const char *ca_file;         /* NULL: the system's roots */
    int64_t timeout_ms;
    const volatile sig_atomic_t *stop;
};

struct poster_request {
    const char *url;
    const void *body;
    size_t body_len;
    const char *encoding; /* of the body; NULL: as it is */
    bool once; /* it changes something: it must not be sent a second time by whoever thinks that no harm is in it */
};

struct poster;

ERR_CHECKED int poster_open(const struct poster_opts *opts, struct poster **out);
void poster_close(struct poster *poster);

/*
 * 0: there is an answer, whatever it says. ERR_NETWORK, ERR_TIMEOUT, ERR_LIMIT (an answer too long), ERR_NOMEM; why gets a
 * sentence. answer is replaced.
 */
ERR_CHECKED int poster_post(struct poster *poster, const struct poster_request *request, struct text *answer,
                            long *out_status, char *why, size_t why_size);
/* Adds value as a part of a URL's query. */
void poster_add_escaped(struct text *url, const char *value);

#endif
