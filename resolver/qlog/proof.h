/*
 * What the rows of a segment say, as two hashes that do not depend on how the rows are laid out: the same for a segment and
 * for the rows of it that were merged into another one. So it can be proved that merging has changed nothing.
 *
 *     rows    all that is in the clear for ever: times, names, answers, verdicts, words, groups, gaps. BLAKE2b-256
 *     who     who asked: client, port, device, person. Of each block BLAKE2b-256 under a key made from that of its day,
 *             then BLAKE2b-256 of these. A person's client and device go in under the key of that person
 *
 * So `rows` can be computed by anybody at any time, `who` by who has the keys, as long as no person in it was forgotten, and
 * whoever has them no more learns nothing from it. docs/formats/qlog.md has the bytes.
 *
 * Both go block by block as the segment was first written: rows and gaps are added in order, proof_end_block() says where
 * a block ends. Rows of one block may come from several (merged) ones.
 *
 * Memory:  heap, owned by the struct.
 * Threads: one.
 */
#ifndef QLOG_PROOF_H
#define QLOG_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"

struct proof;

/* Where rows are taken from: a block that was read, or one that is being built. */
struct proof_source {
    const struct block_rows *rows; /* time: ns since 1970 */
    const struct block_who *who;
    const struct block_what *what;
    const struct block_path *path;
    uint32_t who_count, what_count, path_count;
    const struct texts *texts;
    const struct dict *name_dict; /* names by number here, or there: */
    const struct block *block;
    const struct day_key *key; /* who asked is sealed with it; NULL: it is in the clear */
    bool is_closed;            /* ... or can't be had */
};

/* All of the block's parts must have been read. */
struct proof_source proof_of_block(const struct block *block);
/* Sorts its rows, and gives its persons their slots. ERR_NOMEM; what day_key_slot() says. */
ERR_CHECKED int proof_of_builder(struct block_builder *builder, struct proof_source *out);

struct proof_value {
    uint8_t rows[QLOG_HASH_LEN];
    uint8_t who[QLOG_HASH_LEN];
    bool who_is_known; /* false: a key is gone, or a person was forgotten, and `who` means nothing */
};

/* ERR_NOMEM. */
ERR_CHECKED int proof_new(struct proof **out);
void proof_free(struct proof *proof);

/* Where the rows come from that are added from now on; it stays valid until no more are added, or the next one is set. */
void proof_set_source(struct proof *proof, const struct proof_source *source);
/* Rows first..first+count-1 of the source; at most BLOCK_ROWS_MAX in a block. ERR_NOMEM. */
ERR_CHECKED int proof_add_rows(struct proof *proof, uint32_t first, uint32_t count);
/* ERR_NOMEM. */
ERR_CHECKED int proof_add_gaps(struct proof *proof, const struct journal_gap *gaps, uint32_t count);
void proof_end_block(struct proof *proof);
/* Says what came so far, and begins anew. */
void proof_end(struct proof *proof, struct proof_value *out);

#endif
