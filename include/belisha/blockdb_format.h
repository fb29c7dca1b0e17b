/*
 * Byte layout of a generation: one LMDB file (MDB_NOSUBDIR) that the compiler writes once and every reader maps.
 * docs/formats/blockdb.md tells it in words, with the reasons.
 *
 * The unnamed database holds one value per region (BLOCKDB_REGION_LIST). All numbers have the byte order of the machine
 * that built the file; `meta` says which. Each value is zero-padded to BLOCKDB_REGION_MIN bytes at least, so that LMDB
 * gives it pages of its own, which makes its address a multiple of 16 and all nodes fit in one leaf page.
 *
 * entries: the sorted keys (dns/key.h) cut into buckets, one behind the other, each at an even offset.
 *
 *     bucket   | count u8 | prefix length u8 | ancestors u8 | lows u8 | prefix | length u8 * count | check u8 * count |
 *              | value u8 * (count + ancestors) | ancestor length u8 * ancestors | low u16 * lows | text |
 *     count    entries of the bucket, 1 to BLOCKDB_BUCKET_MAX
 *     prefix   what all keys of the bucket start with; shorter than the shortest of them
 *     text     per entry, in their order, `length` bytes: the key without the prefix and without its last byte
 *     check    hash of the last eight bytes of the key, from which its last byte follows (blockdb/check.h)
 *     ancestor listed proper ancestors of the first entry, shortest first; their text is the start of its key
 *     value    < BLOCKDB_VALUE_INLINE: the id. Else 240 + id >> 16, and the low 16 bits are the next of the lows: the
 *              n-th such value has the n-th low.
 *     Same-kind bytes lie together so that a search can compare many of them at once. The region ends with
 *     BLOCKDB_TAIL zero bytes, so that it may read a little past what it needs.
 *
 * index: sorted words over the separators, which lead to the one bucket that holds the predecessor of a key. The separator
 * of a bucket (all but the first have one) is the shortest start of its first key that sorts behind the last key of the
 * bucket before and does not end with a zero byte. The region starts with struct blockdb_index_head, which says where the
 * blocks are (those of span n + 1 behind those of span n) and the struct blockdb_span records (root first).
 *
 *     span     separators that share their first `depth` bytes, cut into groups by the word that follows these
 *     word     eight bytes of a key from `depth` on as a number, the first byte highest, zero behind the end of the key.
 *              In the root span (depth 0) the first zero byte and all behind it count as zero: one group is everything
 *              below one top-level label.
 *     ref      of a group. Even: it is one separator that ends within the word, and this is where its bucket starts. Odd:
 *              ref >> 1 is the number of the span that its separators make.
 *     block    | word u64 * BLOCKDB_BLOCK_GROUPS | ref u32 * BLOCKDB_BLOCK_GROUPS | zero u64 |  two cache lines of
 *              groups, ascending; the last group of a span is repeated to the end of its block
 *
 * values: struct blockdb_value_record by value id, most used first.   feedsets: u16 feed indexes.
 * feeds: struct blockdb_feed_record by feed index.   texts: zero-terminated texts of the feeds.
 * categories: "<id> <name>\n" of every category the compiler knew, ascending.
 *
 * clauses: struct blockdb_clause_record by clause id: rules that masks can't say, because they hold under a condition
 * (a pattern, a record type, names left out) or ask for another answer than the notice page. A value lists its clauses
 * in clause_sets (u16 ids); a clause that hangs on no name is BLOCKDB_CLAUSE_FLOATING.
 * clause_parts: what a clause consists of, one part behind the other:
 *
 *     types        u16 * type_count       record types, in the machine's byte order, not aligned
 *     pattern      pattern_len bytes      PCRE2 expression that the name must match; none: any name in reach
 *     literal      literal_len bytes      text that every name it can match contains
 *     names        names_len bytes        length u8 and key of names left out, with all below them
 *     data         data_len bytes         type u16 (network order), ttl u32 (network order), rdata
 *
 * addresses: struct blockdb_address_record, ascending by use, bits and address.
 */
#ifndef BELISHA_BLOCKDB_FORMAT_H
#define BELISHA_BLOCKDB_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define BLOCKDB_MAGIC      UINT64_C(0x31626473696c6562) /* "belisdb1" in little-endian order */
#define BLOCKDB_VERSION    4
#define BLOCKDB_BYTE_ORDER 0x01020304u
#define BLOCKDB_REGION_MIN 4096

/* X(enum suffix, LMDB key) */
#define BLOCKDB_REGION_LIST(X)                                                                                         \
    X(META, "meta")                                                                                                    \
    X(INDEX, "index")                                                                                                  \
    X(ENTRIES, "entries")                                                                                              \
    X(VALUES, "values")                                                                                                \
    X(FEEDSETS, "feedsets")                                                                                            \
    X(FEEDS, "feeds")                                                                                                  \
    X(TEXTS, "texts")                                                                                                  \
    X(CATEGORIES, "categories")                                                                                        \
    X(CLAUSES, "clauses")                                                                                              \
    X(CLAUSE_PARTS, "clause-parts")                                                                                    \
    X(CLAUSE_SETS, "clause-sets")                                                                                      \
    X(ADDRESSES, "addresses")

enum blockdb_region {
#define X(suffix, key) BLOCKDB_REGION_##suffix,
    BLOCKDB_REGION_LIST(X)
#undef X
        BLOCKDB_REGION_COUNT
};

#define BLOCKDB_KEY_MAX       253        /* bytes of the longest key */
#define BLOCKDB_VALUE_INLINE  240        /* ids below this take one byte in an entry, others three */
#define BLOCKDB_VALUE_MAX     (16 << 16) /* ids are below this */
#define BLOCKDB_FEED_MAX      65535      /* feed indexes are below this (VERDICT_NO_FEED) */
#define BLOCKDB_BUCKET_MAX    48         /* entries of a bucket */
#define BLOCKDB_BUCKET_ALIGN  2          /* buckets start at multiples of this */
#define BLOCKDB_ANCESTORS_MAX 127        /* a key has at most 127 labels */
#define BLOCKDB_TAIL          128        /* zero bytes at the end of entries */
#define BLOCKDB_WORD_LEN      8          /* bytes of a key in a word of the index */
#define BLOCKDB_BLOCK_LEN     128        /* bytes of a block of the index */
#define BLOCKDB_BLOCK_GROUPS  10

struct blockdb_index_head {
    uint32_t blocks, block_count; /* where they start in the region */
    uint32_t spans, span_count;   /* 0 spans: there is one bucket or none */
};

struct blockdb_span {
    uint32_t block, block_count; /* its first one */
    uint32_t before;             /* bucket in front of the first separator */
    uint32_t last;               /* bucket of the last separator */
    uint32_t depth;              /* deeper than that of the span above */
};

struct blockdb_meta {
    uint64_t magic;
    uint32_t version;
    uint32_t byte_order;
    uint64_t generation; /* > 0 */
    int64_t built_s;     /* wall time of the build, s since 1970 */
    uint64_t name_count; /* entries */
    uint32_t bucket_count;
    uint32_t value_count;
    uint32_t feed_count;
    uint32_t reserved;                          /* 0 */
    uint64_t region_len[BLOCKDB_REGION_COUNT];  /* bytes, without padding */
    uint64_t region_xxh3[BLOCKDB_REGION_COUNT]; /* XXH3-64 of region_len bytes; 0 for meta */
    uint64_t meta_xxh3;                         /* of all bytes of this struct before this field */
};

/* Masks of what a listed name blocks and allows. */
struct blockdb_rules {
    uint64_t block, allow;                     /* plain rules */
    uint64_t important_block, important_allow; /* rules with $important */
};

struct blockdb_value_record {
    struct blockdb_rules self;  /* for the name itself */
    struct blockdb_rules below; /* for names below it */
    uint32_t feeds_first;       /* index in feedsets */
    uint32_t feeds_count;
    uint32_t clauses_first; /* index in clause_sets */
    uint32_t clauses_count;
};

#define BLOCKDB_CLAUSE_MAX     65535 /* clause ids are below this */
#define BLOCKDB_CLAUSE_LITERAL 3     /* shortest literal of a floating clause that is looked for ahead of its pattern */

/* What a clause asks for. */
enum blockdb_clause_kind {
    BLOCKDB_CLAUSE_BLOCK,      /* as a mask does */
    BLOCKDB_CLAUSE_ALLOW,      /* an exception, as a mask does */
    BLOCKDB_CLAUSE_NXDOMAIN,   /* blocked: the name does not exist */
    BLOCKDB_CLAUSE_NODATA,     /* blocked: the name has no such record */
    BLOCKDB_CLAUSE_REFUSED,    /* blocked: REFUSED */
    BLOCKDB_CLAUSE_DROP,       /* blocked: no answer */
    BLOCKDB_CLAUSE_TCP,        /* over UDP: truncated; over TCP: as if nothing was listed */
    BLOCKDB_CLAUSE_RECORD,     /* blocked: answered with `data`; all records of one rule stand together */
    BLOCKDB_CLAUSE_NO_REWRITE, /* takes away the answers of rules without ZONE, all or those with the same data */
    BLOCKDB_CLAUSE_KIND_COUNT
};

enum blockdb_clause_flag {
    BLOCKDB_CLAUSE_SELF = 1,      /* holds for the name it hangs on */
    BLOCKDB_CLAUSE_BELOW = 2,     /* ... for those below */
    BLOCKDB_CLAUSE_IMPORTANT = 4, /* $important */
    BLOCKDB_CLAUSE_OTHER = 8,     /* `types` are those it does not hold for */
    BLOCKDB_CLAUSE_ZONE = 16,     /* of its feed's clauses with this flag, only those on the most specific name hold */
    BLOCKDB_CLAUSE_FLOATING = 32, /* hangs on no name */
};

struct blockdb_clause_record {
    uint64_t categories;
    uint32_t parts; /* where its parts start in clause_parts */
    uint16_t feed;
    uint8_t kind;  /* enum blockdb_clause_kind */
    uint8_t flags; /* enum blockdb_clause_flag */
    uint16_t type_count, pattern_len, literal_len, names_len, data_len;
    uint16_t reserved[3]; /* 0 */
};

/* An address listed by itself. */
enum blockdb_address_use { BLOCKDB_ADDRESS_ANSWER, BLOCKDB_ADDRESS_CLIENT };

struct blockdb_address_record {
    uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t bits;     /* of the 128 */
    uint8_t use;      /* enum blockdb_address_use */
    uint16_t clause;
};

struct blockdb_feed_record {
    uint32_t name, licence, source; /* where the text starts in texts */
    uint32_t reserved;              /* 0 */
    uint64_t categories;            /* every category this feed can give */
    uint64_t names;                 /* accepted entries */
    int64_t fetched_s;              /* wall time of the copy that was used */
};

static_assert(sizeof(struct blockdb_index_head) == 16, "layout of the head of the index");
static_assert(sizeof(struct blockdb_span) == 20, "layout of a span");
static_assert(sizeof(struct blockdb_meta) == 64 + 16 * BLOCKDB_REGION_COUNT, "layout of meta");
static_assert(sizeof(struct blockdb_rules) == 32, "layout of rules");
static_assert(sizeof(struct blockdb_value_record) == 80, "layout of a value");
static_assert(sizeof(struct blockdb_feed_record) == 40, "layout of a feed");
static_assert(sizeof(struct blockdb_clause_record) == 32, "layout of a clause");
static_assert(sizeof(struct blockdb_address_record) == 20, "layout of an address");

#endif
