/*
 * Is the log as it was written? Checks every block and the chain of hashes from the oldest segment kept to the newest.
 *
 * That the first segment kept follows nothing is no fault: retention removes the oldest. A missing number after it is
 * one. Who could write the files could also have computed a new chain: signatures, not this, rule that out.
 *
 * Threads: any.
 */
#ifndef QLOG_VERIFY_H
#define QLOG_VERIFY_H

#include <stdint.h>

#include "belisha/err.h"

struct verify_result {
    uint64_t segments;
    uint64_t blocks;
    uint64_t rows;
    uint64_t lost;           /* records in gaps */
    uint64_t first_sequence; /* of the segments found; 0: none */
    uint64_t last_sequence;
    uint64_t faults;
};

/* Called for each fault: the file, and a phrase. */
typedef void (*verify_fault_fn)(void *ctx, const char *file, const char *what);

/* fault may be NULL. 0 whatever was found; ERR_NOMEM, ERR_ACCESS, ERR_IO when the folder could not be read. */
ERR_CHECKED int verify_chain(int dir_fd, verify_fault_fn fault, void *ctx, struct verify_result *out);

#endif
