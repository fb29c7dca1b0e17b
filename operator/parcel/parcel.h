/*
 * Files that leave the machine together: rows, what they are (the manifest), its signature, the key to check it by.
 *
 *     parcel_open      to a zip with a password, to files beside each other, or to a stream
 *     parcel_file      begins a file; parcel_write() goes into it, and is hashed on the way
 *     parcel_seal      the manifest, which names all files and their hashes, and its signature: the last ones
 *     parcel_commit    puts it all in its place; nothing is there before that
 *
 * In a zip, files have their own names. Beside each other, the first one has the path that was given, and the others its name
 * with theirs behind it ("november.csv", "november.csv.manifest.json"). A stream takes the first file only.
 *
 * The signature is Ed25519 over the bytes of the manifest as they are, so that openssl checks it as well:
 *     openssl pkeyutl -verify -pubin -inkey log-key.pem -rawin -in manifest.json -sigfile manifest.json.sig
 *
 * Files are made with mode 0600. Threads: one.
 */
#ifndef PARCEL_PARCEL_H
#define PARCEL_PARCEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "belisha/err.h"
#include "parcel/imprint.h"
#include "signing/signing_key.h"

#define PARCEL_FILES_MAX 4096
#define PARCEL_NAME_MAX  128

#define PARCEL_MANIFEST  "manifest.json"
#define PARCEL_SIGNATURE "manifest.json.sig"
#define PARCEL_KEY       "log-key.pem"

struct parcel_opts {
    const char *path;     /* NULL: to stream */
    FILE *stream;         /* when path is NULL */
    const char *password; /* NULL: no zip */
    int64_t now_s;        /* the files' time in a zip */
};

struct parcel_file {
    char name[PARCEL_NAME_MAX];
    struct imprint imprint;
};

struct parcel;

/* ERR_EXIST: something is there already. ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOMEM; ERR_UNSUPPORTED: this
 * machine's libarchive can't encrypt. */
ERR_CHECKED int parcel_open(const struct parcel_opts *opts, struct parcel **out);

/* Begins a file, which ends the one before. stored: it is compressed already. ERR_LIMIT: too many, or a long name. */
ERR_CHECKED int parcel_file(struct parcel *parcel, const char *name, bool stored);
/* ctx: the parcel; a grid_write_fn. */
ERR_CHECKED int parcel_write(void *ctx, const void *bytes, size_t len);
/* A whole one. */
ERR_CHECKED int parcel_put(struct parcel *parcel, const char *name, const void *bytes, size_t len);

/* Whether what comes behind the first file goes anywhere. */
bool parcel_is_stream(const struct parcel *parcel);

/* Files so far, the last one ended; for the manifest. */
const struct parcel_file *parcel_files(struct parcel *parcel, size_t *out_count);
/* Adds them as a JSON list. */
void parcel_files_write(struct parcel *parcel, struct text *out);

/* Of the file that is being written: of its bytes so far. */
void parcel_so_far(const struct parcel *parcel, uint8_t out_blake2b[IMPRINT_LEN]);

/* key NULL: it is not signed. */
ERR_CHECKED int parcel_seal(struct parcel *parcel, const struct text *manifest, const struct signing_key *key);

/* whole: hashes of the one file that a zip or a single file is. Ends the parcel in any case, as parcel_abort() does. */
ERR_CHECKED int parcel_commit(struct parcel *parcel, struct imprint *whole);
/* Leaves nothing behind. NULL is fine. */
void parcel_abort(struct parcel *parcel);

#endif
