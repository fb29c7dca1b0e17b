/*
 * Byte layouts of the query log on disk: journals and segments. docs/formats/qlog.md draws them and tells why.
 *
 * Every number is little endian. A reader trusts nothing here before the check over it was compared.
 */
#ifndef QLOG_FORMAT_H
#define QLOG_FORMAT_H

#include <assert.h>
#include <stdint.h>

#include "qlog/record.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the log is written and read in the machine's own order");

#define QLOG_FORMAT_VERSION 2 /* of segments; 1 is read too */
#define JOURNAL_VERSION     2
#define QLOG_NODE_MAX       64  /* with the closing zero */
#define QLOG_HASH_LEN       32  /* BLAKE2b-256 */
#define QLOG_NAME_MAX       128 /* file names of the log, with the closing zero */

/* ---- journal-<id>.jnl ---- */

#define JOURNAL_MAGIC "BLSHJRNL"

struct journal_header {
    char magic[8];
    uint32_t version;
    uint32_t writer; /* index of the worker */
    uint64_t id;     /* random: names the journal in segments, seeds the checks of its entries */
    uint64_t file_bytes;
    char node[QLOG_NODE_MAX];
    uint64_t check;    /* xxh3-64 of the bytes before it */
    uint64_t absorbed; /* the bytes of the file below this are in a segment; only grows */
    uint8_t reserved[16];
};
static_assert(sizeof(struct journal_header) == 128, "journal header");

/* An entry starts on a multiple of 8. Its len is stored last: 0 means that nothing was finished here. */
struct journal_entry {
    uint32_t len;   /* of the whole entry, a multiple of 8 */
    uint32_t check; /* low half of xxh3-64 over the rest of the entry, seed: id + offset of the entry */
};

enum journal_kind { JOURNAL_ROW = 1, JOURNAL_GAP = 2 };

/*
 * A row: three heads, each with the parts that its `parts` names, then the names.
 *
 *     journal_row | journal_who, client, device and user | journal_what, answer, rule and categories | qname | matched
 *
 * A part is left out when it is zero throughout, an IPv4 address is its four bytes. So equal values are equal bytes, and
 * the two ranges who and what (with its names) are the keys by which the keeper finds rows that differ in nothing else.
 */
struct journal_row {
    int64_t time_ns;
    uint8_t kind; /* JOURNAL_ROW */
    uint8_t qname_len;
    uint8_t matched_len;
    uint8_t transport;
    uint32_t rtt_us;
    uint16_t client_port;
    uint16_t upstream;
    uint8_t cache;
    uint8_t reserved[3];
};
static_assert(sizeof(struct journal_row) == 24, "journal row");

enum journal_part {
    JOURNAL_ADDRESS_V4 = 1, /* 4 bytes: client, answer */
    JOURNAL_ADDRESS = 2,    /* 16 bytes */
    JOURNAL_MORE = 4,       /* of who: device, user; of what: struct journal_rule */
};

struct journal_who {
    uint32_t policy_version;
    uint16_t group;
    uint8_t grade;
    uint8_t parts;
};
static_assert(sizeof(struct journal_who) == 8, "journal who");

struct journal_device {
    uint32_t device;
    uint32_t user;
};

/* From here on, what precedes may end on any multiple of 4. */
struct journal_what {
    uint64_t generation;
    uint16_t qtype;
    uint16_t qclass;
    uint16_t rcode;
    uint16_t feed;
    uint8_t answer_count;
    uint8_t action;
    uint8_t reason;
    uint8_t category;
    uint8_t match;
    uint8_t match_labels;
    uint8_t unattributed;
    uint8_t parts;
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct journal_what) == 24, "journal what");

struct journal_rule {
    uint64_t categories;
    uint32_t rule;
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct journal_rule) == 12, "journal rule");

/* Records that could not be stored. */
struct journal_gap {
    int64_t from_ns; /* time of the first and the last record lost */
    uint8_t kind;    /* JOURNAL_GAP */
    uint8_t reserved[7];
    int64_t to_ns;
    uint64_t lost;
};
static_assert(sizeof(struct journal_gap) == 32, "journal gap");

#define JOURNAL_BODY_MAX                                                                                               \
    (sizeof(struct journal_row) + sizeof(struct journal_who) + sizeof(struct journal_device) +                         \
     sizeof(struct journal_what) + sizeof(struct journal_rule) + 2 * (size_t)16 + 2 * (size_t)NAME_MAX_LEN)
#define JOURNAL_ENTRY_MAX ((sizeof(struct journal_entry) + JOURNAL_BODY_MAX + 7) & ~(size_t)7)

/*
 * ---- segment-<first ms>-<sequence>.qlog: header, blocks, footer, trailer ----
 * ---- segment-<first ms>-<first sequence>-<last sequence>.qlog: the same, merged from those ---- */

#define SEGMENT_MAGIC         "BLSHSEG1"
#define SEGMENT_TRAILER_MAGIC "BLSHSEGF"

struct segment_header {
    char magic[8];
    uint32_t version;
    uint32_t header_len;
    uint64_t sequence;           /* 1, 2, 3... over the life of the log; of a merged one the last it stands for */
    uint8_t prev[QLOG_HASH_LEN]; /* `chain` of the segment before (the first it stands for); zero for the first */
    uint64_t check;              /* xxh3-64 of the bytes before it */
};
static_assert(sizeof(struct segment_header) == 64, "segment header");

#define BLOCK_MAGIC    0x4b4c4251u /* "QBLK" */
#define BLOCK_ROWS_MAX 65536u
#define BLOCK_LEN_MAX  (64u << 20)

struct block_header {
    uint32_t magic;
    uint32_t len;   /* of the block with this header */
    uint64_t check; /* xxh3-64 of the bytes behind it, to the end of the block */
    uint32_t rows;
    uint32_t gaps;
    int64_t min_ns;
    int64_t max_ns;
    uint32_t columns;
    uint32_t flags;   /* 0 */
    uint64_t key_day; /* day_key_day() + 1: the key that seals the columns that say who asked; 0: they are not sealed */
    uint64_t seal_nonce;         /* seal_person(); random */
    uint8_t prev[QLOG_HASH_LEN]; /* hash of the block before; of the first: the segment header's prev */
};
static_assert(sizeof(struct block_header) == 96, "block header");

enum column_coding { COLUMN_RAW = 0, COLUMN_ZSTD = 1 };
enum column_cipher {
    COLUMN_CLEAR = 0,
    COLUMN_SEALED = 1
}; /* SEALED: seal_column(), over the bytes as they are coded */

/* Values of `width` bytes, stored as planes: the lowest byte of every value, then the next byte of every value... */
struct column_header {
    uint8_t id;          /* enum column_id */
    uint8_t width;       /* planes stored, 0..16; the higher ones are zero */
    uint8_t coding;      /* enum column_coding */
    uint8_t cipher;      /* enum column_cipher */
    uint32_t count;      /* values */
    uint32_t packed_len; /* bytes that follow */
    uint32_t reserved;
};
static_assert(sizeof(struct column_header) == 16, "column header");

/* Ids never change their meaning; a reader passes over ids it does not know. */
enum column_id {
    COLUMN_TIME = 1, /* ns since the row before; the first: since min_ns */
    COLUMN_WHO = 2,  /* index in the who table, and so on; in a sealed block the rank in the crowd (qlog/crowd.h) */
    COLUMN_WHAT = 3,
    COLUMN_PATH = 4,
    COLUMN_PORT = 5,
    COLUMN_RTT = 6,
    COLUMN_CROWD =
        7, /* of a sealed block: an index in the who table whose policy, group and grade are those of the row */

    COLUMN_WHO_CLIENT = 10,
    COLUMN_WHO_DEVICE = 11,
    COLUMN_WHO_USER = 12,
    COLUMN_WHO_POLICY = 13,
    COLUMN_WHO_GROUP = 14,
    COLUMN_WHO_GRADE = 15,
    COLUMN_WHO_SLOT = 16, /* of a sealed block: the person's slot (qlog/day_key.h); 0: nobody is known */

    COLUMN_WHAT_NAME = 20,    /* number of the name in COLUMN_NAMES */
    COLUMN_WHAT_MATCHED = 21, /* the same + 1; 0 = as the name */
    COLUMN_WHAT_TYPE = 22,
    COLUMN_WHAT_CLASS = 23,
    COLUMN_WHAT_RCODE = 24,
    COLUMN_WHAT_ANSWER = 25,
    COLUMN_WHAT_ANSWER_COUNT = 26,
    COLUMN_WHAT_ACTION = 27,
    COLUMN_WHAT_REASON = 28,
    COLUMN_WHAT_CATEGORY = 29,
    COLUMN_WHAT_MATCH = 30,
    COLUMN_WHAT_MATCH_LABELS = 31,
    COLUMN_WHAT_UNATTRIBUTED = 32,
    COLUMN_WHAT_FEED = 33,
    COLUMN_WHAT_RULE = 34,
    COLUMN_WHAT_CATEGORIES = 35,
    COLUMN_WHAT_GENERATION = 36,

    COLUMN_PATH_TRANSPORT = 40,
    COLUMN_PATH_CACHE = 41,
    COLUMN_PATH_UPSTREAM = 42,

    COLUMN_NAMES = 50, /* bytes: wire names one behind the other */
    COLUMN_TEXTS = 51, /* bytes: texts_parse() */

    COLUMN_GAP_FROM = 60,
    COLUMN_GAP_TO = 61,
    COLUMN_GAP_LOST = 62,

    COLUMN_ID_MAX = 64
};

/* Footer: one struct segment_footer, since version 2 a struct segment_proof, its blocks, its journals, since version 2
 * sections. */
struct segment_footer {
    char node[QLOG_NODE_MAX];
    int64_t first_ns; /* of rows and gaps */
    int64_t last_ns;
    uint64_t rows;
    uint64_t lost;
    uint64_t first_generation; /* smallest and largest of the rows */
    uint64_t last_generation;
    uint32_t block_count;
    uint32_t journal_count;
};
static_assert(sizeof(struct segment_footer) == 120, "segment footer");

/* What the rows say, however they are laid out (qlog/proof.h), so that it can be seen of a merged segment too. */
struct segment_proof {
    uint8_t rows[QLOG_HASH_LEN]; /* all but who asked; zero in a merged segment, which has those of its origins */
    uint8_t who[QLOG_HASH_LEN];  /* who asked, under the keys of days and persons; the same */
    uint8_t rest[QLOG_HASH_LEN]; /* BLAKE2b-256 of the footer behind this struct */
};
static_assert(sizeof(struct segment_proof) == 96, "segment proof");

struct segment_block {
    uint64_t offset;
    uint32_t len;
    uint32_t rows;
    uint32_t gaps;
    uint32_t reserved;
    int64_t min_ns;
    int64_t max_ns;
    uint8_t hash[QLOG_HASH_LEN]; /* BLAKE2b-256 of the whole block, its prev included */
};
static_assert(sizeof(struct segment_block) == 72, "segment block entry");

/* How far each journal that existed then is in segments. */
struct segment_journal {
    uint64_t id;
    uint64_t absorbed;
};

/* Begins on a multiple of 8 from the start of the sections; `len` bytes follow, and zeros up to the next one. */
struct segment_section {
    uint32_t kind; /* enum segment_section_kind; a reader passes over those it does not know */
    uint32_t len;
};

enum segment_section_kind {
    SEGMENT_ORIGINS = 1, /* of a merged segment: struct segment_origin and what follows it */
    SEGMENT_HINTS = 16,  /* what blocks can't have (qlog/hints.h): struct segment_hints and what follows it */
};

struct segment_hints {
    uint32_t blocks; /* as in the footer */
    uint32_t hashes; /* bits of a key */
    uint32_t labels_max;
    uint32_t words; /* u64 of all filters, behind the table of blocks */
};
static_assert(sizeof(struct segment_hints) == 16, "segment hints");

struct segment_hint {
    uint64_t categories; /* a bit for each verdict.category in the block */
    uint32_t actions;    /* a bit for each verdict.action in the block */
    uint32_t at;         /* the filter's first word */
    uint32_t words;
    uint32_t reserved;
};
static_assert(sizeof(struct segment_hint) == 24, "segment hint");

/*
 * A segment that was merged: enough of it to prove that it was there, and that its rows are these. Behind the struct:
 * the `stem_len` bytes of its footer that its chain value is over, then two u32 for each block: rows and gaps.
 */
struct segment_origin {
    uint64_t sequence;
    uint32_t version;
    uint32_t flags; /* of its trailer */
    uint32_t stem_len;
    uint32_t block_count;
    uint8_t key_id[16];           /* the same */
    uint8_t signature[64];        /* the same */
    uint8_t prev[QLOG_HASH_LEN];  /* of its header */
    uint8_t last[QLOG_HASH_LEN];  /* hash of its last block; without blocks: prev */
    uint8_t chain[QLOG_HASH_LEN]; /* BLAKE2b-256 of `last` and the stem */
    uint8_t rows[QLOG_HASH_LEN];  /* what struct segment_proof of it says; of version 1: what was found when merging */
    uint8_t who[QLOG_HASH_LEN];   /* the same */
};
static_assert(sizeof(struct segment_origin) == 264, "segment origin");

struct segment_trailer {
    uint64_t footer_offset;
    uint32_t footer_len;
    uint32_t flags;               /* enum segment_flag */
    uint8_t key_id[16];           /* of the signing key; zero: not signed */
    uint8_t chain[QLOG_HASH_LEN]; /* BLAKE2b-256 of the last block's hash (without blocks: header's prev) and the stem:
                                   * in version 1 the footer, since 2 its first two structs */
    uint64_t check;               /* xxh3-64 of the footer and of the trailer before this */
    uint8_t signature[64];        /* Ed25519 over struct segment_pledge; zero: not signed */
    char magic[8];
};
static_assert(sizeof(struct segment_trailer) == 144, "segment trailer");

enum segment_flag {
    SEGMENT_SIGNED = 1,
    SEGMENT_SEALED = 2, /* all its blocks with rows are */
    SEGMENT_MERGED = 4, /* it has SEGMENT_ORIGINS; the segment behind it goes on from the last of them */
};

/* What is signed: these bytes, and with them all that the chain holds. */
#define SEGMENT_PLEDGE        "belisha segment\n"
#define SEGMENT_PLEDGE_MERGED "belisha merged \n" /* of a merged segment */

struct segment_pledge {
    char purpose[16];             /* SEGMENT_PLEDGE or SEGMENT_PLEDGE_MERGED, without a closing zero */
    uint64_t sequence;            /* of the segment */
    uint8_t chain[QLOG_HASH_LEN]; /* of its trailer */
};
static_assert(sizeof(struct segment_pledge) == 56, "segment pledge");

#endif
