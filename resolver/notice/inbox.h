/*
 * The inbox: what the notice page collected, the only thing belisha-notice may write.
 *
 * An LMDB environment in a folder of its own; one entry is a number (8 bytes, big endian, rising) and a JSON text
 * (notice/report.h). belisha-notice writes, `belisha inbox` reads at the same time from its own process.
 *
 * It is bounded in bytes and entries. A full inbox refuses and keeps what it has: a flood of nonsense must not push out
 * the one report that matters.
 *
 * Errors: negative enum err. Threads: one. A process opens an inbox at most once.
 */
#ifndef NOTICE_INBOX_H
#define NOTICE_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "notice/report.h"

#define INBOX_ENTRIES_MAX 10000

struct inbox;

/*
 * Makes the folder (mode 0750) when it is missing; the one above it must be there. bytes: of the whole file.
 * ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_NOMEM, ERR_NOSPACE, ERR_DAMAGED, ERR_FORMAT_VERSION.
 */
ERR_CHECKED int inbox_open(const char *dir, uint64_t bytes, struct inbox **out);
/* The same for reading alone; ERR_NOENT: there is none. */
ERR_CHECKED int inbox_open_readonly(const char *dir, struct inbox **out);
void inbox_close(struct inbox *inbox);

/*
 * Gives the report its id and keeps it: on disk when this returns. ERR_NOSPACE: the inbox (or the disk) is full.
 * ERR_IO, ERR_NOMEM.
 */
ERR_CHECKED int inbox_put(struct inbox *inbox, struct report *report);

ERR_CHECKED int inbox_count(struct inbox *inbox, size_t *out);

/* Called with each entry, oldest first; json is not zero-terminated. Anything but 0 ends the walk. */
typedef int (*inbox_visit)(void *ctx, uint64_t id, const char *json, size_t json_len);

/* From entry `from` on. Returns 0, what visit returned, or an error. */
ERR_CHECKED int inbox_walk(struct inbox *inbox, uint64_t from, inbox_visit visit, void *ctx);

#endif
