/*
 * The accepted rules of one piece of a copy as they come in, kept until the piece is read, then sorted and written as a
 * sheaf. run_add() is the sink of a parser.
 *
 * Memory: a rule costs its key and 17 bytes, freed by run_done(). Threads: one at a time.
 */
#ifndef SHEAF_RUN_H
#define SHEAF_RUN_H

#include "feed/intake.h"
#include "sheaf/sheaf.h"
#include "trie/sort.h"

struct run {
    uint8_t *keys; /* per rule a length byte and the key */
    size_t keys_len, keys_cap;
    struct record *records; /* value: number of the kind */
    size_t count, cap;
    struct sheaf_kind *kinds;
    uint32_t kind_count, kind_cap;
    uint32_t *slots; /* kind + 1 by hash, 0: free */
    uint32_t slot_count;
    struct clauses clauses;
};

void run_init(struct run *run);
void run_done(struct run *run);

/*
 * A feed_sink; ctx is the run. 1: no room for one more clause. ERR_NOMEM; ERR_LIMIT: more keys or kinds than a sheaf
 * holds.
 */
int run_add(void *ctx, const struct feed_rule *rule);

/* Sorts and writes all to a fresh file. Once. Errors of writer_finish(). */
ERR_CHECKED int run_write(struct run *run, const struct sheaf_id *id, const struct feed_stats *stats, int fd);

#endif
