/*
 * Whole small files: read at once, replaced by a rename after a sync. Threads: different files may be used at once.
 */
#ifndef TIER_FILES_H
#define TIER_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define FILES_PATH_MAX 4096

/* "<dir>/<name>" to out. ERR_LIMIT. */
ERR_CHECKED int files_path(const char *dir, const char *name, char out[FILES_PATH_MAX]);

/* ERR_LIMIT: over max bytes; else what open(2) and read(2) said. *out is zero-terminated behind its bytes and the caller's to free. */
ERR_CHECKED int files_read_path(const char *path, size_t max, uint8_t **out, size_t *out_len);
ERR_CHECKED int files_read(const char *dir, const char *name, size_t max, uint8_t **out, size_t *out_len);

/* On disk under its name, with exactly this mode, when this returns 0; before, the old file. */
ERR_CHECKED int files_replace(const char *dir, const char *name, unsigned mode, const void *bytes, size_t len);

int files_err(int errno_code);

#endif
