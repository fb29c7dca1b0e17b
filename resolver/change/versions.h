/*
 * The texts of the policy, each in a file of its own that never changes: <folder>/000012.yaml, read-only. `current` leads to
 * the one in force, for programs that only look.
 *
 * A text is there, whole and on disk, before the chronicle names it; one that the chronicle does not name is not there.
 *
 * Threads: one at a time. Waits for the disk.
 */
#ifndef CHANGE_VERSIONS_H
#define CHANGE_VERSIONS_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "change/change_line.h"

#define VERSIONS_CURRENT "current"
#define VERSIONS_MAX     ((size_t)16 << 20) /* bytes of one */

void versions_hash(const char *text, size_t len, uint8_t out[CHANGE_HASH_LEN]);

/* ERR_LIMIT. */
ERR_CHECKED int versions_path(const char *folder, uint32_t number, char out[PATH_MAX]);

/* ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_LIMIT. */
ERR_CHECKED int versions_put(const char *folder, uint32_t number, const char *text, size_t len);

/* *out is zero-terminated, on the heap. ERR_DAMAGED: it is not the text of this hash. ERR_NOENT and the like. */
ERR_CHECKED int versions_get(const char *folder, uint32_t number, const uint8_t hash[CHANGE_HASH_LEN], char **out,
                             size_t *out_len);

/* Makes `current` lead to it, in one step. */
ERR_CHECKED int versions_set_current(const char *folder, uint32_t number);
/* 0: it leads nowhere that is a text. */
uint32_t versions_current(const char *folder);

#endif
