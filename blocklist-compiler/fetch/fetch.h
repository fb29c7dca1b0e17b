/*
 * Gets one feed: a fresh copy where there is one, else the last good one.
 *
 *   fetch_get()   a candidate (fresh), or the last good copy because nothing changed, or because something failed
 *   the reader    reads it and judges it
 *   fetch_keep()  the candidate is the good copy from now on      fetch_discard()  it is not
 *
 * Sources: `https://...`, `dns://...` (xfr/source.h), `file:/path` or a plain path. A file is copied too, so that a half-written one next night
 * can't take the names away. A folder is read where it is: there is no older copy of it.
 *
 * Threads: different feeds may be fetched at once.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "fetch/download.h"
#include "fetch/primaries.h"
#include "fetch/store.h"

struct fetch_opts {
    const char *dir;               /* of the copies; NULL: files are read where they are, nothing is kept */
    bool files_only;               /* nothing is downloaded */
    int64_t now_s;                 /* wall time */
    struct download_opts download; /* bytes_max and total_ms are the request's */
};

struct fetch_request {
    const char *name;
    const char *source;
    int64_t every_s; /* a copy younger than this is not asked for again */
    uint64_t bytes_max;
    int64_t total_ms; /* a download takes at most */
    struct download_access access;
    struct primaries_access primaries; /* of a dns:// source */
};

struct fetch_copy {
    char path[STORE_PATH_MAX]; /* what to read; "" when there is nothing */
    bool candidate;            /* fresh: ends with fetch_keep() or fetch_discard() */
    int err;                   /* why no fresh copy could be had; 0 */
    char why[DOWNLOAD_WHY_MAX];
    struct store_entry entry; /* about the copy at path; entry.fetched_s is its age */
    bool has_last;            /* there is a good copy from before */
    struct store_entry last;  /* about that one */
};

/* Never fails as such: *out says what there is. */
void fetch_get(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *out);

/* names: accepted from the candidate. Errors of store_keep(). */
ERR_CHECKED int fetch_keep(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy,
                           uint64_t names);

/* Takes the last good copy instead of the candidate; why (a sentence) and err say what was wrong with it. */
void fetch_discard(const struct fetch_opts *opts, const struct fetch_request *request, struct fetch_copy *copy, int err,
                   const char *why);

#endif
