/*
 * A block: up to 65,536 rows in columns, complete in itself.
 *
 *     who table    client, device, user, policy, group, grade       each distinct combination once
 *     what table   name, type, answer, verdict, generation...       "
 *     path table   transport, cache, upstream                       "
 *     names, texts the bytes the tables point to
 *     rows         time, who, what, path, client port, rtt
 *     gaps         from, to, how many records were lost
 *
 * A search looks at the tables first: a block whose tables hold nothing it wants is left after a few kilobytes.
 *
 * Memory:  heap, owned by the structs, used again from block to block. Both begin as {0}.
 * Threads: one.
 */
#ifndef QLOG_BLOCK_H
#define QLOG_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/column.h"
#include "qlog/dict.h"
#include "qlog/format.h"
#include "qlog/journal.h"
#include "qlog/keyring.h"
#include "qlog/texts.h"

struct block_who {
    uint8_t client[16];
    uint32_t device;
    uint32_t user;
    uint32_t policy;
    uint16_t group;
    uint8_t grade;
    uint8_t zero;
    uint32_t slot; /* COLUMN_WHO_SLOT */
};

struct block_what {
    uint32_t name;
    uint32_t matched; /* + 1; 0 = as the name */
    uint64_t categories;
    uint64_t generation;
    uint8_t answer[16];
    uint32_t rule;
    uint16_t type;
    uint16_t class;
    uint16_t rcode;
    uint16_t feed;
    uint8_t answer_count;
    uint8_t action;
    uint8_t reason;
    uint8_t category;
    uint8_t match;
    uint8_t match_labels;
    uint8_t unattributed;
    uint8_t zero[5];
};

struct block_path {
    uint16_t upstream;
    uint8_t transport;
    uint8_t cache;
};

struct block_rows {
    uint64_t *time; /* while building and after reading: ns since 1970; in between: differences */
    uint16_t *who;
    uint16_t *what;
    uint16_t *path;
    uint16_t *port;
    uint32_t *rtt;
};

/* ---- making ---- */

/* Gives the text behind a number; NULL: there is none. Asked once a block for each number. */
struct block_words {
    const char *(*find)(void *ctx, const struct texts_key *key);
    void *ctx;
};

struct block_builder {
    struct column_packer packer;
    struct dict who_keys, what_keys; /* ranges of journal rows (record_split()), by number in the tables */
    struct block_who *who;
    struct block_what *what;
    uint32_t who_cap, what_cap;
    struct dict path, names;
    struct {
        uint32_t key;
        uint16_t number;
        bool known;
    } path_memo[8]; /* the last path of each state of the cache: nearly always the next one too */
    struct texts texts;
    struct block_rows rows;
    struct journal_gap *gaps;
    uint32_t row_count, gap_count, gap_cap;
    int64_t min_ns, max_ns;
    uint64_t lost, first_generation, last_generation;
    struct day_key *key; /* seals who asked; all rows are of its day. NULL: the block is not sealed. The caller's */
};

#define BLOCK_BATCH 16u /* rows looked up together */

/* How many rows may still be added. */
uint32_t block_room(const struct block_builder *builder);
/* Adds up to BLOCK_BATCH rows of a journal, for which there is room. One that is none, though it passed its check, is
 * counted in a gap. ERR_NOMEM, after which the builder can only be cleared. */
ERR_CHECKED int block_add_rows(struct block_builder *builder, const struct block_words *words,
                               const struct journal_item *items, uint32_t count);
/* While there is room. ERR_NOMEM. */
ERR_CHECKED int block_add_gap(struct block_builder *builder, const struct journal_gap *gap);
/* Adds the finished block, its rows in order of time, to out. ERR_NOMEM. */
ERR_CHECKED int block_finish(struct block_builder *builder, const uint8_t prev[QLOG_HASH_LEN], struct text *out);
void block_builder_clear(struct block_builder *builder);
void block_builder_done(struct block_builder *builder);

/* ---- reading ---- */

struct block {
    struct keyring *keys; /* set by the caller; NULL: what is sealed stays so */
    struct column_packer packer;
    struct block_header header;
    const struct day_key *key; /* of a sealed block; NULL: it is not, or is_closed */
    bool is_closed;            /* who asked can't be had: client, port, device and user of all rows are zero */
    struct column columns[COLUMN_ID_MAX]; /* points into the bytes given to block_open() */
    bool present[COLUMN_ID_MAX];
    struct block_who *who;
    struct block_what *what;
    struct block_path *path;
    uint32_t who_count, what_count, path_count, name_count;
    uint8_t *names;
    uint32_t *name_at; /* offset in names, by number */
    struct texts texts;
    struct block_rows rows;
    struct journal_gap *gaps;
};

/* Only what the check covers. ERR_DAMAGED. */
ERR_CHECKED int block_check(const uint8_t *bytes, size_t len, struct block_header *out);
/* Checks the block, reads who table, texts and gaps. bytes must live as long as the block is read. ERR_DAMAGED,
 * ERR_NOMEM, ERR_UNSUPPORTED (sealed in a way of a later version). */
ERR_CHECKED int block_open(struct block *block, const uint8_t *bytes, size_t len);
/* Reads the other tables and the names: the larger part, left until it is known that the block is of interest. */
ERR_CHECKED int block_read_tables(struct block *block);
/* Reads the rows; after block_read_tables(). ERR_DAMAGED, ERR_NOMEM. */
ERR_CHECKED int block_read_rows(struct block *block);
/* Reads one column of the rows only: COLUMN_WHO, _WHAT, _PATH into out[header.rows]. ERR_DAMAGED, ERR_NOMEM. */
ERR_CHECKED int block_read_index(struct block *block, enum column_id id, uint16_t *out);
const uint8_t *block_name(const struct block *block, uint32_t number);
/* Puts row i together; i < header.rows, after block_read_rows(). */
void block_row(const struct block *block, uint32_t i, struct qlog_record *out);
/* Whether the column says who asked. */
bool block_seals(enum column_id id);
void block_done(struct block *block);

#endif
