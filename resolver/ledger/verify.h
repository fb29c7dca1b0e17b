/*
 * The ledger from its first line to its last: is each an entry, does it go on from the one before, is the last the one that
 * the head tells of?
 *
 * Memory: what visit gets is its own for the time of the call. Threads: pure, but for the files; takes no lock, so a line that
 * is being written may be told as torn.
 */
#ifndef LEDGER_VERIFY_H
#define LEDGER_VERIFY_H

#include <stdbool.h>

#include "ledger/ledger.h"

#define VERIFY_WHY_MAX 320

/* A line. read: NULL when it is no entry. */
struct verify_line {
    const char *file; /* its name in the folder */
    unsigned line;    /* from 1 */
    const char *text; /* with its end; not zero-terminated */
    size_t len;
    const struct entry_read *read;
};

struct verify_opts {
    const char *folder;
    const struct signing_public
        *public; /* who must have signed the head; NULL: the key beside the ledger, if there is one */
    /* Each may be NULL. fault: a sentence without full stop. */
    void (*visit)(void *ctx, const struct verify_line *line);
    void (*fault)(void *ctx, const char *file, unsigned line, const char *why);
    void *ctx;
};

struct verify_report {
    uint64_t first, last; /* numbers; 0: there is no entry */
    uint64_t entries;
    unsigned files;
    unsigned faults;
    bool torn;                    /* bytes behind the last line, which nobody was told is written */
    bool head;                    /* there is one, and it fits */
    bool head_signed;             /* ... and is signed by the key */
    struct signing_public signer; /* of head_signed */
    uint8_t hash[ENTRY_HASH_LEN]; /* of the last line */
};

/* Faults are counted, not errors. ERR_NOENT (no ledger), ERR_ACCESS, ERR_NOMEM, ERR_IO, ERR_LIMIT. */
ERR_CHECKED int ledger_verify(const struct verify_opts *opts, struct verify_report *out);

#endif
