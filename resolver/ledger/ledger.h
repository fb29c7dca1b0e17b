/*
 * The ledger: a file of text to which everybody who decides something, changes rights or reads the query log adds a line
 * (entry.h), each with the hash of the line before. Lines are never changed, so what was changed, cut out or put in
 * afterwards shows (ledger_verify()).
 *
 *     <folder>/ledger                  the newest lines
 *     <folder>/ledger.000000000001     full files, by the number of their first line; the chain goes on through them
 *     <folder>/ledger.head             number and hash of the last line (head.h)
 *     <folder>/ledger.pub              the public half of the key that signs the head
 *
 * Several programs append: each append takes a lock on the file, looks at its end, writes one line and brings it to disk. A
 * last line without its end was never acknowledged: the next append takes it away. When the head says that lines are gone,
 * the next append first writes that down (kind "ledger.broken") with the head, and goes on behind its number: what was
 * noticed once can't be hidden by going on.
 *
 * Bounds: files of file_bytes; file_max full ones, of which the oldest goes then (kind "ledger.removed" says so first).
 *
 * Memory:  the opts and what they point to are the caller's. Threads: any; waits for the disk, and for up to LEDGER_WAIT_MS
 * for others who append.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>

#include "ledger/entry.h"
#include "signing/signing_key.h"

#define LEDGER_FILE     "ledger"
#define LEDGER_HEAD     "ledger.head"
#define LEDGER_PUBLIC   "ledger.pub"
#define LEDGER_WAIT_MS  2000
#define LEDGER_FILE_MIN 65536 /* of file_bytes */

struct ledger {
    const char *folder;  /* <state_dir>/state */
    const char *key;     /* file of the key that signs; NULL: nothing is signed */
    uint64_t file_bytes; /* a file that would become longer is full */
    unsigned file_max;   /* full files that are kept; at least 1 */
};

/*
 * On disk when it returns 0; makes the file (mode 0640) when there is none. number and before of the entry are given
 * here. ERR_NOENT (no folder), ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_BUSY (somebody else holds it for too long), ERR_LIMIT
 * (the entry is too long), ERR_INVAL, ERR_NOMEM: nothing was added.
 */
ERR_CHECKED int ledger_append(const struct ledger *ledger, const struct entry *entry, uint64_t *out_number);

/*
 * Draws the key where there is none, and puts its public half beside the ledger. *out_made: it is new, and its id should be kept
 * elsewhere. Errors of signing_key_open(), or of a file.
 */
ERR_CHECKED int ledger_make_key(const struct ledger *ledger, struct signing_public *out, bool *out_made);

/* Whether the caller could append: 0, or the error. Makes nothing. */
ERR_CHECKED int ledger_access(const struct ledger *ledger);

#endif
