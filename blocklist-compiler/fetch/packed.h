/*
 * A list that came as one compressed file: gzip, xz or zstd, told by its first bytes, whatever its name says.
 *
 * Threads: pure but for the files; any thread.
 */
#ifndef FETCH_PACKED_H
#define FETCH_PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"

/* Whether the file begins like a compressed one. False for one that can't be read. */
bool packed_is(const char *path);

/*
 * Writes what `in` holds to `out`, at most bytes_max bytes and at most 200 times as many as came in, once there are more
 * than 16 MiB. ERR_LIMIT, ERR_MALFORMED (also: cut short), ERR_NOMEM, ERR_NOSPACE, ERR_IO.
 */
ERR_CHECKED int packed_unpack(int in, int out, uint64_t bytes_max);

#endif
