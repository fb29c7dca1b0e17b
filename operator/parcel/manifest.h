/*
 * The manifest of a parcel, as far as it is needed to check one: which files there are, and their hashes. It was written by
 * somebody else, so nothing in it is believed.
 *
 * Memory: owned by the struct. Threads: pure.
 */
#ifndef PARCEL_MANIFEST_H
#define PARCEL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parcel/parcel.h"

#define MANIFEST_MAX ((size_t)64 << 20) /* bytes */

struct manifest_file {
    char name[PARCEL_NAME_MAX];
    uint64_t bytes;
    uint8_t blake2b[IMPRINT_LEN], sha256[IMPRINT_LEN];
};

struct manifest {
    struct manifest_file *files;
    size_t file_count;
};

/* ERR_MALFORMED: no manifest; ERR_LIMIT: too many files; ERR_NOMEM. */
ERR_CHECKED int manifest_parse(const char *json, size_t len, struct manifest *out);
void manifest_done(struct manifest *manifest);

/* NULL: it does not name one. */
const struct manifest_file *manifest_find(const struct manifest *manifest, const char *name);

#endif
