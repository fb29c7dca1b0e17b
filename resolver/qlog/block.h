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
 * A search looks at the tables first: a block whose tables hold nothing it wants is left after a few kilobytes. Each part
 * is read when it is asked for.
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

/* Room for BLOCK_ROWS_MAX of each. */
struct block_rows {
    uint64_t *time; /* while building and after reading: ns since 1970; in between: differences */
    uint16_t *who;
    uint16_t *what;
    uint16_t *path;
    uint16_t *port;
    uint32_t *rtt;
};

/* Nothing when there is room already. ERR_NOMEM. */
ERR_CHECKED int block_rows_alloc(struct block_rows *rows);
void block_rows_free(struct block_rows *rows);

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
/* Puts rows and gaps in order of time. ERR_NOMEM. */
ERR_CHECKED int block_builder_sort(struct block_builder *builder);
/* The order of gaps: less than, equal to or greater than 0. */
int block_gap_order(const struct journal_gap *a, const struct journal_gap *b);
/* Adds the finished block, its rows in order of time, to out. ERR_NOMEM. */
ERR_CHECKED int block_finish(struct block_builder *builder, const uint8_t prev[QLOG_HASH_LEN], struct text *out);
/* Makes room for entry `count` of a table. ERR_NOMEM. */
ERR_CHECKED int block_table_room(void **table, uint32_t *cap, uint32_t count, size_t size);
/* Of entry `number` of the what table; of a row or gap, before it is counted. */
void block_note_generation(struct block_builder *builder, uint32_t number, uint64_t generation);
void block_note_times(struct block_builder *builder, int64_t from_ns, int64_t to_ns);
void block_builder_clear(struct block_builder *builder);
void block_builder_done(struct block_builder *builder);

/* ---- reading ---- */

/* What is taken out of a block; the rest of it stays packed. */
enum block_part {
    BLOCK_GAPS = 1 << 0,
    BLOCK_TEXTS = 1 << 1,
    BLOCK_WHO_TABLE = 1 << 2,
    BLOCK_NAMES = 1 << 3,   /* of the what table: name, matched, type; and the names themselves */
    BLOCK_VERDICT = 1 << 4, /* of the what table: action to generation */
    BLOCK_ANSWER = 1 << 5,  /* of the what table: class, rcode, answer, answer_count */
    BLOCK_PATH_TABLE = 1 << 6,
    BLOCK_TIME = 1 << 7, /* of the rows, and so on */
    BLOCK_WHO = 1 << 8,
    BLOCK_WHAT = 1 << 9,
    BLOCK_PATH = 1 << 10,
    BLOCK_PORT = 1 << 11,
    BLOCK_RTT = 1 << 12,

    BLOCK_WHAT_TABLE = BLOCK_NAMES | BLOCK_VERDICT | BLOCK_ANSWER,
    BLOCK_TABLES = BLOCK_TEXTS | BLOCK_WHO_TABLE | BLOCK_WHAT_TABLE | BLOCK_PATH_TABLE,
    BLOCK_ROWS = BLOCK_TIME | BLOCK_WHO | BLOCK_WHAT | BLOCK_PATH | BLOCK_PORT | BLOCK_RTT,
    BLOCK_ALL = BLOCK_GAPS | BLOCK_TABLES | BLOCK_ROWS,
};

struct block {
    struct keyring *keys; /* set by the caller; NULL: what is sealed stays so */
    struct column_packer packer;
    struct block_header header;
    const struct day_key *key; /* of a sealed block; NULL: it is not, or is_closed */
    bool is_closed;            /* who asked can't be had: client, port, device and user of all rows are zero */
    unsigned parts;            /* that were read: enum block_part */
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
    uint16_t *crowd; /* of the rows of a sealed block */
    uint32_t who_cap, what_cap, path_cap, names_cap, name_at_cap, gaps_cap;
};

/* Only what the check covers. ERR_DAMAGED. */
ERR_CHECKED int block_check(const uint8_t *bytes, size_t len, struct block_header *out);
/* Checks the block and finds its columns. bytes must live as long as the block is read. ERR_DAMAGED. */
ERR_CHECKED int block_open(struct block *block, const uint8_t *bytes, size_t len);
/* Reads those of the parts that were not read yet; indices bring the tables they point into (of the what table, as much
 * as is asked for). ERR_DAMAGED, ERR_NOMEM, ERR_UNSUPPORTED (sealed in a way of a later version). */
ERR_CHECKED int block_read(struct block *block, unsigned parts);
/* Takes what the builder holds, as if it had been written and read; the builder is cleared. ERR_NOMEM. */
ERR_CHECKED int block_take(struct block *block, struct block_builder *builder);
/* Values in the column; 0: there is none. After block_open(). */
uint32_t block_count(const struct block *block, enum column_id id);
const uint8_t *block_name(const struct block *block, uint32_t number);
/* Puts row i together; i < header.rows, after block_read() of BLOCK_ALL. */
void block_row(const struct block *block, uint32_t i, struct qlog_record *out);
/* Whether the column says who asked. */
bool block_seals(enum column_id id);
void block_done(struct block *block);

#endif
