/*
 * Files that hold a secret: a password, a token, a key. One that everybody may read is not used. What is in them stays
 * out of reports, errors and logs; why names the file and never its contents.
 *
 * Threads: pure but for the files; any thread.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

#include "belisha/err.h"

#define SECRET_MAX     4096
#define SECRET_WHY_MAX 256

struct secret {
    char text[SECRET_MAX]; /* without the ends of line at its end; never holds a zero byte or CR */
};

/* ERR_NOENT, ERR_ACCESS, ERR_CONFIG (everybody may read it, or it is no file), ERR_LIMIT, ERR_MALFORMED (empty, or no text), ERR_IO. */
ERR_CHECKED int secret_read(const char *path, struct secret *out, char why[SECRET_WHY_MAX]);

/* Of a file that a library reads by itself. The same errors but for the last three. */
ERR_CHECKED int secret_check(const char *path, char why[SECRET_WHY_MAX]);

/* Overwrites it. */
void secret_wipe(struct secret *secret);

#endif
