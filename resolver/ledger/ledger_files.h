/*
 * The files of a ledger, oldest first: full ones by the number of their first line, then the newest.
 *
 * Memory: heap, owned by the struct. Threads: pure, but for the files.
 */
#ifndef LEDGER_LEDGER_FILES_H
#define LEDGER_LEDGER_FILES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

#define LEDGER_FILES_MAX 100000

struct ledger_files {
    uint64_t *firsts; /* of the full ones, rising */
    size_t count;
};

/* ERR_NOENT (no folder), ERR_ACCESS, ERR_NOMEM, ERR_LIMIT, ERR_IO. */
ERR_CHECKED int ledger_files_list(const char *folder, struct ledger_files *out);
void ledger_files_done(struct ledger_files *files);

/* The name of the full file that begins with this number, in folder; 0: of the newest. ERR_LIMIT. */
ERR_CHECKED int ledger_files_path(const char *folder, uint64_t first, char out[PATH_MAX]);

#endif
