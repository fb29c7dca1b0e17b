/*
 * Files that hold random bytes and nothing else: keys. Made once, never changed. Threads: one at a time.
 */
#ifndef TIER_KEYFILE_H
#define TIER_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

/*
 * Reads the len bytes of dir/name, or makes the file (mode) with new ones; *out_made says which. ERR_DAMAGED: it is there
 * with another length; ERR_ACCESS, ERR_IO, ERR_NOSPACE, ERR_NOMEM, ERR_LIMIT (path).
 */
ERR_CHECKED int keyfile_open(const char *dir, const char *name, unsigned mode, uint8_t *out, size_t len,
                             bool *out_made);

#endif
