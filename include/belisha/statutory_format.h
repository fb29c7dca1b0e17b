/*
 * Byte layout of a statutory generation: one LMDB file (MDB_NOSUBDIR) that the compiler writes once, in a folder of its
 * own, with the key of its hashes in the file `key` beside it. docs/formats/statutory.md tells it in words, with the reasons.
 *
 * The unnamed database holds three values, each zero-padded to STATUTORY_VALUE_MIN bytes at least. All numbers have the
 * byte order of the machine that built the file; `meta` says which.
 *
 *     meta      struct statutory_meta
 *     entries   struct statutory_entry, ascending by hash, no two alike
 *     feeds     struct statutory_feed_record
 *
 * The name of a listed host stands nowhere: an entry is the SipHash-2-4 with 128 bits of the host's key (dns/key.h), without
 * its last byte. Its secret is made of the key file: STATUTORY_FOR_ENTRIES hashed with it. In the same way
 * STATUTORY_FOR_IDS gives the secret of the ids by which the query log calls a listed host, and STATUTORY_FOR_CHECK the
 * key_check of meta, by which a file knows its key.
 */
#ifndef BELISHA_STATUTORY_FORMAT_H
#define BELISHA_STATUTORY_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define STATUTORY_MAGIC       UINT64_C(0x3174617473696c65) /* "elistat1" in little-endian order */
#define STATUTORY_VERSION     1
#define STATUTORY_BYTE_ORDER  0x01020304u
#define STATUTORY_VALUE_MIN   4096
#define STATUTORY_ENTRIES_MAX (1u << 20)
#define STATUTORY_FEEDS_MAX   64
#define STATUTORY_KEY_LEN     16 /* bytes of the key file */
#define STATUTORY_LABELS_MAX  127
#define STATUTORY_DIGEST_LEN  32

#define STATUTORY_FOR_ENTRIES "belisha statutory entries"
#define STATUTORY_FOR_IDS     "belisha statutory ids"
#define STATUTORY_FOR_CHECK   "belisha statutory key check"

/* What stands in a log row instead of a listed name: 16 hexadecimal digits below this (RFC 6761, 6.4: never a name). */
#define STATUTORY_ID_LEN  8
#define STATUTORY_ID_ZONE "\x09statutory\x07invalid"

/* Files of the folder, beside generation-<n>.mdb, current and lock. */
#define STATUTORY_FOLDER      "statutory" /* in the folder of generations */
#define STATUTORY_KEY_FILE    "key"
#define STATUTORY_MARKER_FILE "enrolled"           /* that the tier was set up */
#define STATUTORY_MARKER_COPY "statutory-enrolled" /* the same in the folder of generations, for everyone to read */

struct statutory_meta {
    uint64_t magic;
    uint32_t version;
    uint32_t byte_order;
    uint64_t generation; /* > 0 */
    int64_t built_s;     /* wall time, s since 1970 */
    uint32_t entry_count;
    uint32_t feed_count;
    uint64_t labels[2]; /* bit n: some entry has n labels; names are hashed at these depths only */
    uint8_t key_check[16];
    uint64_t entries_xxh3; /* XXH3-64 of the value without padding, as the next */
    uint64_t feeds_xxh3;
    uint64_t meta_xxh3; /* of all bytes of this struct before this field */
};

/* What an entry says: the host itself, what is below it. */
enum statutory_scope { STATUTORY_SELF = 1, STATUTORY_BELOW = 2 };

#define STATUTORY_HASH_LEN 15

struct statutory_entry {
    uint8_t hash[STATUTORY_HASH_LEN];
    uint8_t scope; /* enum statutory_scope, either or both */
};

struct statutory_feed_record {
    char name[72]; /* texts end with a zero */
    char body[8];  /* iwf, ctiru, other */
    char membership[64];
    char licence[128];
    uint8_t digest[STATUTORY_DIGEST_LEN]; /* BLAKE2b-256 of the list as it came */
    int64_t fetched_s;                    /* wall time when the copy was last known to be current */
    int64_t max_age_s;                    /* an older one is an alarm */
    uint64_t hosts;                       /* rules for whole hosts, widened ones among them */
    uint64_t pages;                       /* entries that DNS can't enforce */
    uint64_t refused;                     /* lines that are no entry */
    uint64_t widened;                     /* pages that are blocked with their whole host, by a recorded decision */
};

static_assert(sizeof(struct statutory_meta) == 96, "layout of meta");
static_assert(sizeof(struct statutory_entry) == 16, "layout of an entry");
static_assert(sizeof(struct statutory_feed_record) == 352, "layout of a feed");

#endif
