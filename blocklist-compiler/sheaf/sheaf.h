/*
 * A sheaf: the accepted rules of one copy of a feed, sorted and bound, and what reading it came to. It is kept beside the
 * copy, so that a feed which has not changed is not read again; and pieces of one copy, read by several at once, are
 * sheaves until they are joined (join.h).
 *
 *     file     | struct sheaf_head | blocks | tail |
 *     block    | rule ... |     about SHEAF_BLOCK_LEN bytes, at offset `at` of its struct sheaf_block
 *     rule     | shared u8 | rest u8 | kind * 2 + repeated varint | repeat varint, if repeated | rest bytes |
 *     shared   bytes of the key that are those of the key before; 0 at the start of a block
 *     repeat   how often the copy says it; 1 when left out
 *     varint   seven bits a byte, low ones first, the highest bit says that more follow
 *     tail     | struct sheaf_block * | struct sheaf_kind * | clause records | clause parts | addresses | stats | samples |
 *
 * Rules ascend by key (dns/key.h), rules of one key by kind. The empty key has the clauses that hang on no name and the
 * addresses. Kinds ascend by sheaf_kind_compare(). Clauses and addresses are those of publish/clauses.h; stats and
 * samples those of feed/stats.h, whose samples follow in the order of feed_stats_row(). Numbers have the byte order of
 * the machine: a sheaf never leaves it.
 *
 * A sheaf is bytes read back from disk, or made by a process that read hostile bytes: head, tail and every block have
 * checksums, which are checked when it is opened, and whatever a rule says is checked when it is read. A damaged sheaf is
 * no loss: the copy is read again.
 *
 * Memory: the file is mapped; it is our own and never changes after its rename. Threads: a sheaf is only read, by any
 * number.
 */
#ifndef SHEAF_SHEAF_H
#define SHEAF_SHEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "feed/stats.h"
#include "publish/clauses.h"

#define SHEAF_MAGIC     UINT64_C(0x3166616568736c62) /* "blsheaf1" in little-endian order */
#define SHEAF_ID_LEN    16
#define SHEAF_BLOCK_LEN (64U << 10)
#define SHEAF_KINDS_MAX (1U << 22)

/* What a sheaf was made of. */
struct sheaf_id {
    uint8_t copy[SHEAF_ID_LEN];    /* digest of the copy's bytes */
    uint8_t options[SHEAF_ID_LEN]; /* digest of everything else that reading depends on */
};

enum sheaf_what { SHEAF_SELF = 1, SHEAF_BELOW = 2, SHEAF_ALLOW = 4, SHEAF_IMPORTANT = 8, SHEAF_CLAUSE = 16 };

/* What a rule says about its key. */
struct sheaf_kind {
    uint64_t categories;
    uint64_t count;  /* rules of this kind, each one as often as it is repeated */
    uint16_t clause; /* id, with SHEAF_CLAUSE */
    uint8_t what;    /* enum sheaf_what */
    uint8_t reserved[5];
};

struct sheaf_block {
    uint64_t at;
    uint32_t len, count; /* bytes; rules, at least 1 */
    uint64_t xxh3;
};

struct sheaf_head {
    uint64_t magic;
    struct sheaf_id id;
    uint64_t tail; /* where it starts */
    uint64_t tail_len, tail_xxh3;
    uint32_t block_count, kind_count, clause_count;
    uint32_t stats_len; /* sizeof(struct feed_stats) */
    uint64_t parts_len, addresses_len, samples_len;
    uint64_t xxh3; /* of all bytes before */
};

struct sheaf {
    const uint8_t *bytes; /* the mapping */
    size_t len;
    struct sheaf_id id;
    const struct sheaf_block *blocks;
    const struct sheaf_kind *kinds;
    uint32_t block_count, kind_count;
    struct clauses clauses;
    struct feed_stats stats;
};

/* ERR_NOENT, ERR_DAMAGED, ERR_NOMEM, ERR_IO, ERR_ACCESS. */
ERR_CHECKED int sheaf_open(const char *path, struct sheaf **out);
/* The same of an open file, which stays open. */
ERR_CHECKED int sheaf_open_fd(int fd, struct sheaf **out);
void sheaf_close(struct sheaf *sheaf);

/* Every category that a rule of it gives. */
uint64_t sheaf_categories(const struct sheaf *sheaf);
/* Whether no rule is of another category than these. */
bool sheaf_is_within(const struct sheaf *sheaf, uint64_t categories);
/* Rules, each one as often as it is repeated. */
uint64_t sheaf_rule_count(const struct sheaf *sheaf);

/* Below 0, 0, above 0. */
int sheaf_kind_compare(const struct sheaf_kind *a, const struct sheaf_kind *b);

#endif
