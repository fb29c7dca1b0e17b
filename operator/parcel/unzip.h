/*
 * Reads a zip that zip.h wrote, or that somebody changed since: nothing is put on a disk.
 *
 * Threads: one.
 */
#ifndef PARCEL_UNZIP_H
#define PARCEL_UNZIP_H

#include <stddef.h>

#include "belisha/err.h"

struct unzip_opts {
    const char *path;
    const char *password; /* NULL: none */
    int (*file)(void *ctx, const char *name);
    int (*bytes)(void *ctx, const void *bytes, size_t len); /* of the file begun last */
    void *ctx;
};

/* What a callback said; ERR_DAMAGED: no zip, or another password; ERR_NOENT, ERR_ACCESS, ERR_NOMEM. */
ERR_CHECKED int unzip_run(const struct unzip_opts *opts);

#endif
