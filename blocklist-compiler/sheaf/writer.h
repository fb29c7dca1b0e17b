/*
 * Writes a sheaf to a fresh file: rules in order, cut into parts that several threads write at once; then the rest.
 *
 *     writer_init → writer_add ... → writer_finish → writer_done
 *
 * All keys of a part lie behind those of the part before. Errors are kept by the part and told at the end.
 */
#ifndef SHEAF_WRITER_H
#define SHEAF_WRITER_H

#include <stdatomic.h>

#include "publish/bytes.h"
#include "sheaf/sheaf.h"

#define WRITER_PARTS_MAX 16
#define WRITER_APART     128 /* bytes between what two threads write, so that they do not wait for the same cache line */

struct writer_part {
    struct bytes block;  /* the one at hand */
    struct bytes blocks; /* struct sheaf_block */
    uint64_t *counts;    /* by kind */
    uint32_t block_count;
    uint8_t key_len;
    uint8_t key[BLOCKDB_KEY_MAX];
    int err;
    uint8_t apart[WRITER_APART];
};

struct writer {
    int fd;
    atomic_uint_fast64_t end; /* of the file */
    uint32_t kind_count;
    unsigned part_count;
    struct writer_part parts[WRITER_PARTS_MAX];
};

/* What goes behind the rules. */
struct writer_rest {
    struct sheaf_id id;
    const struct sheaf_kind *kinds; /* ascending; their counts are filled in from what was written */
    struct clauses *clauses;
    const struct feed_stats *stats;
};

/* fd: open for writing, empty; stays open. ERR_NOMEM; writer_done() is right in any case. */
ERR_CHECKED int writer_init(struct writer *writer, int fd, unsigned part_count, uint32_t kind_count);
void writer_done(struct writer *writer);

/* One rule; key and kind ascend. */
void writer_add(struct writer *writer, unsigned part, const uint8_t *key, size_t key_len, uint32_t kind,
                uint64_t repeat);

/* The file is whole afterwards, but not synced: a checksum tells one that a power cut has torn. ERR_NOSPACE, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int writer_finish(struct writer *writer, const struct writer_rest *rest);

#endif
