/*
 * Segment files: blocks of rows, a footer that says what is in them, a chain of hashes through all of them.
 *
 *     header | block | block | ... | footer | trailer
 *
 * Each block holds the hash of the block before it, the first one the chain value of the segment before, so that
 * nothing can be taken out or changed in the middle without a trace. A segment gets its name when it is whole and on
 * disk; until then it ends in .tmp and nobody reads it.
 *
 * A merged segment stands for several that followed each other: it has their rows, in their order, and says of each what
 * proves that it was there (qlog/origin.h, qlog/compact.h). Which files a folder has: qlog/segment_list.h.
 *
 * Threads: each struct belongs to one thread.
 */
#ifndef QLOG_SEGMENT_H
#define QLOG_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"
#include "qlog/format.h"
#include "signing/signing_key.h"

/* ---- writing ---- */

struct segment_opts {
    int dir_fd;
    const char *node;
    uint64_t sequence;
    uint64_t merged_from;          /* the first it stands for; 0: it is not merged */
    const uint8_t *prev;           /* QLOG_HASH_LEN bytes: chain of the segment before */
    const struct signing_key *key; /* NULL: the segment is not signed. Outlives the writer */
};

struct segment;
struct segment_writer;

/* ERR_NOMEM, ERR_NOSPACE, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int segment_begin(const struct segment_opts *opts, struct segment_writer **out);
/* Writes what the builder holds and clears it; nothing when it is empty. Same errors. */
ERR_CHECKED int segment_put_block(struct segment_writer *writer, struct block_builder *builder);
/* Adds a section to the footer; kind: enum segment_section_kind. ERR_NOMEM. */
ERR_CHECKED int segment_put_section(struct segment_writer *writer, uint32_t kind, const void *bytes, size_t len);
/* Ends the file: footer, fsync, its name. out_chain is written on success. Same errors; segment_abort() in any case. */
ERR_CHECKED int segment_finish(struct segment_writer *writer, const struct segment_journal *journals, size_t count,
                               uint8_t out_chain[QLOG_HASH_LEN]);
/* The same in two steps: the file is whole and on disk, and may be read through *out; then it gets its name. The first
 * returns ERR_NOMEM too. */
ERR_CHECKED int segment_complete(struct segment_writer *writer, const struct segment_journal *journals, size_t count,
                                 uint8_t out_chain[QLOG_HASH_LEN]);
ERR_CHECKED int segment_reopen(const struct segment_writer *writer, struct segment **out);
ERR_CHECKED int segment_name(struct segment_writer *writer);
/* Brings to disk what was written so far, so that the end of a long file costs no more than its middle. ERR_IO. */
ERR_CHECKED int segment_sync(const struct segment_writer *writer);
/* Frees the writer; a file that was not finished is removed. */
void segment_abort(struct segment_writer *writer);

/* ---- reading ---- */

struct segment_buffer {
    uint8_t *bytes;
    size_t len, cap;
};

struct segment {
    int fd;
    uint64_t bytes;
    struct segment_header header;
    struct segment_footer footer;
    struct segment_proof proof; /* of version 1: zero */
    struct segment_trailer trailer;
    struct segment_block *blocks;     /* footer.block_count */
    struct segment_journal *journals; /* footer.journal_count */
    uint8_t *footer_bytes;            /* as they lie in the file */
    size_t footer_len;
    bool header_damaged;          /* all is known but the header: sequence and prev are 0 */
    bool footer_damaged;          /* the blocks were found by walking; nothing but offset, len, times is known */
    struct segment_buffer buffer; /* the last block read */
};

/* ERR_NOENT, ERR_ACCESS, ERR_DAMAGED (not even a header), ERR_FORMAT_VERSION, ERR_NOMEM. */
ERR_CHECKED int segment_open(int dir_fd, const char *file, struct segment **out);
/* The same from an open file, which belongs to the segment from then on, also on failure. */
ERR_CHECKED int segment_open_fd(int fd, struct segment **out);
/* Reads block i; *out is valid until the next call. ERR_DAMAGED: short or past the file. ERR_IO, ERR_NOMEM. */
ERR_CHECKED int segment_read_block(struct segment *segment, uint32_t i, const uint8_t **out, size_t *out_len);
/* The same into a buffer of the caller's, which grows as needed (begins as {0}, ends with free()): several threads may
 * read one segment, each with its own. */
ERR_CHECKED int segment_copy_block(const struct segment *segment, uint32_t i, struct segment_buffer *buffer);
void segment_close(struct segment *segment);

/* What the chain value is over, behind the hash of the last block: the first bytes of the footer. Not of a damaged one. */
size_t segment_stem_len(const struct segment *segment);
/* What the header of the segment behind this one must have as `prev`. ERR_DAMAGED. */
ERR_CHECKED int segment_chain_end(const struct segment *segment, uint8_t out[QLOG_HASH_LEN]);
/* The section of that kind; false: there is none. Valid as long as the segment. */
bool segment_section(const struct segment *segment, uint32_t kind, const uint8_t **out, size_t *out_len);
/* Whether the segment stands for several. */
bool segment_is_merged(const struct segment *segment);

/* What the signature of a segment is over; flags: of its trailer. */
void segment_pledge(uint64_t sequence, uint32_t flags, const uint8_t chain[QLOG_HASH_LEN], struct segment_pledge *out);

/* BLAKE2b-256 of two byte strings, one behind the other. */
void segment_hash(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[QLOG_HASH_LEN]);

#endif
