/*
 * What a sheet takes from the records of other programs, as JSON: the compiler's last run (blocklists and their age),
 * the register of attestations (checks), the status of the running resolver.
 *
 * Memory: what it fills belongs to the arena. Threads: pure.
 */
#ifndef SHEET_FROM_RECORDS_H
#define SHEET_FROM_RECORDS_H

#include <jansson.h>

#include "base/arena.h"
#include "sheet/sheet.h"

/* record: of the newest run; NULL: there is none. Fills feeds, those in trouble first. ERR_NOMEM. */
ERR_CHECKED int from_run(struct arena *arena, const json_t *record, int64_t now_s, struct sheet *sheet);

/* Lines of the register that are of the period. Fills checks, newest first. No file is no error. ERR_NOMEM,
 * ERR_ACCESS, ERR_IO. */
ERR_CHECKED int from_register(struct arena *arena, const char *path, struct sheet *sheet);

/* status: of belishad; NULL: it does not answer. Fills origin.state, policy, generation. ERR_NOMEM. */
ERR_CHECKED int from_status(struct arena *arena, const json_t *status, struct sheet *sheet);

#endif
