/*
 * A zip that asks for a password: AES-256 (WinZip's AE-2), written as a stream by libarchive, with ZIP64 so that files
 * may be of any size. 7-Zip, WinZip, macOS' Archive Utility and bsdtar open it; what Windows' Explorer shows is the names of
 * the files, which are not secret.
 *
 * Threads: one.
 */
#ifndef PARCEL_ZIP_H
#define PARCEL_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

/* As grid_write_fn. */
typedef int (*zip_write_fn)(void *ctx, const void *bytes, size_t len);

struct zip;

/* ERR_NOMEM; ERR_UNSUPPORTED: this libarchive can't encrypt. */
ERR_CHECKED int zip_open(const char *password, zip_write_fn write, void *ctx, struct zip **out);

/* Begins a file; what follows goes into it. stored: don't try to compress it. What write said, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int zip_file(struct zip *zip, const char *name, int64_t time_s, bool stored);
ERR_CHECKED int zip_put(struct zip *zip, const void *bytes, size_t len);

/* The end of the zip. */
ERR_CHECKED int zip_finish(struct zip *zip);
/* Also in the middle. NULL is fine. */
void zip_close(struct zip *zip);

#endif
