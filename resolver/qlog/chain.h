/*
 * Where the chain of segments stands: number and hash of the last segment, also when retention has removed it.
 *
 * Kept in log/chain.txt ("<sequence> <hash in hex>") beside the segments; the newest segment itself goes before it.
 */
#ifndef QLOG_CHAIN_H
#define QLOG_CHAIN_H

#include <stdint.h>

#include "belisha/err.h"
#include "qlog/format.h"

#define CHAIN_FILE "chain.txt"

struct chain {
    uint64_t sequence; /* of the last segment; 0: none yet */
    uint8_t hash[QLOG_HASH_LEN];
};

/* What the file says, and nothing else; zero: nothing that can be read. */
void chain_noted(int dir_fd, struct chain *out);
/* From the newest segment or the file; a fresh log begins at zero. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int chain_load(int dir_fd, struct chain *out);
/* ERR_NOSPACE, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int chain_save(int dir_fd, const struct chain *chain);

#endif
