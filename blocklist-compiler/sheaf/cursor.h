/*
 * Walks the rules of a sheaf in order, all of them or those within a range of keys. Threads: any number of cursors.
 */
#ifndef SHEAF_CURSOR_H
#define SHEAF_CURSOR_H

#include "sheaf/sheaf.h"

/* A key where something begins or ends. */
struct sheaf_key {
    uint8_t len;
    uint8_t bytes[BLOCKDB_KEY_MAX];
};

struct sheaf_cursor {
    const struct sheaf *sheaf;
    const uint8_t *at, *end; /* what is left of the block */
    uint32_t block, left;    /* number of the next block; rules left of this one */
    const struct sheaf_key *until;
    uint64_t until_head; /* as head below; UINT64_MAX: no end */
    bool past;           /* until was reached */
    bool again;          /* the key is that of the rule before */
    uint64_t head;       /* the first eight bytes of the key as a number that sorts like them */
    uint32_t kind;
    uint64_t repeat;
    uint8_t key_len;
    uint8_t key[BLOCKDB_KEY_MAX + 8];
};

/* Before the first rule with a key from `from` on (NULL: the first one), to end before `until` (NULL: not at all). */
void sheaf_cursor_init(struct sheaf_cursor *cursor, const struct sheaf *sheaf, const struct sheaf_key *from,
                       const struct sheaf_key *until);

/* 1 and the fields from head on set; 0 at the end; ERR_DAMAGED. */
ERR_CHECKED int sheaf_cursor_next(struct sheaf_cursor *cursor);

/* Reads every rule once: of a sheaf by a process that may have been taken over, before others rely on it. ERR_DAMAGED. */
ERR_CHECKED int sheaf_check(const struct sheaf *sheaf);

/* The key that a block begins with. ERR_DAMAGED. */
ERR_CHECKED int sheaf_block_key(const struct sheaf *sheaf, uint32_t block, struct sheaf_key *out);

/* Below 0, 0, above 0: where one key stands before, at, behind the other. */
int sheaf_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

#endif
