/*
 * Reader of one published generation of the blocklist (layout: belisha/blockdb_format.h).
 *
 * A generation file never changes after its rename, so it is opened read-only without a lock file, one read transaction
 * lives as long as the handle, and pointers into it stay good until blockdb_close(). All processes share its pages.
 *
 * A file is not trusted: magic, version, sizes, checksums of all regions and the invariants that the look-up relies on
 * are checked when it is opened (bounded work), and each look-up checks every offset it follows. A damaged or hostile
 * file gives ERR_DAMAGED or a look-up without a match, never a crash or an endless loop.
 *
 * Threads: blockdb_open/close belong to one thread; look-ups may run in any number of threads at once on one handle.
 */
#ifndef BLOCKDB_BLOCKDB_H
#define BLOCKDB_BLOCKDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/blockdb_format.h"
#include "belisha/err.h"
#include "dns/key.h"

#define BLOCKDB_HITS_MAX     8
#define BLOCKDB_CLAUSES_MAX  8
#define BLOCKDB_BLOCKERS_MAX 4

struct blockdb;

/* One listed name that concerns a looked-up name: the name itself or a parent listed with its subdomains. */
struct blockdb_hit {
    uint32_t value; /* id in the generation's value dictionary */
    uint8_t labels; /* labels of the listed name */
    bool exact;     /* the listed name is the name itself */
};

struct blockdb_match {
    uint64_t categories;  /* what remains after exceptions and $important; 0: nothing blocks this name */
    uint64_t tcp_only;    /* those of them that nothing but BLOCKDB_CLAUSE_TCP asks for */
    uint64_t listed;      /* categories before exceptions: tells "excepted" from "not listed" */
    bool typed;           /* another record type may give another result: ask blockdb_lookup_type() */
    uint8_t given_up;     /* clauses that were too dear to judge: what they block is blocked, what they except is not */
    uint8_t clause_count; /* entries of clauses: ids of what decides how a block is answered, the first one above all */
    uint8_t clause_labels;                     /* labels of the name they hang on */
    uint8_t hit_count;                         /* entries of hits; parents first, most specific last */
    struct blockdb_hit hits[BLOCKDB_HITS_MAX]; /* the most specific BLOCKDB_HITS_MAX of them */
    uint16_t clauses[BLOCKDB_CLAUSES_MAX];
    uint8_t
        blocker_count; /* entries of blockers: ids of other clauses that block, each some category that no former does */
    uint16_t blockers[BLOCKDB_BLOCKERS_MAX];
};

/* What a clause asks for. */
struct blockdb_clause {
    enum blockdb_clause_kind kind;
    uint8_t flags; /* enum blockdb_clause_flag */
    uint16_t feed;
    uint64_t categories;
    uint16_t type; /* of the record of a BLOCKDB_CLAUSE_RECORD, with the two below */
    uint16_t rdata_len;
    uint32_t ttl_s;
    const uint8_t *rdata; /* owned by the handle */
    /* What it holds under; all zero: nothing more than the name or address it hangs on. */
    uint16_t type_count, pattern_len, names_len;
    const char *pattern; /* pattern_len bytes, owned by the handle */
};

struct blockdb_feed {
    const char *name; /* all texts: zero-terminated, owned by the handle */
    const char *licence;
    const char *source;
    uint64_t categories; /* every category this feed can give */
    uint64_t names;      /* accepted entries */
    int64_t fetched_s;   /* wall time of the copy that was used, s since 1970 */
};

/*
 * Opens a generation file (not a directory, not the `current` link's folder; a link to a file is followed).
 * ERR_NOENT, ERR_FORMAT_VERSION, ERR_DAMAGED, ERR_ACCESS, ERR_NOMEM, ERR_IO.
 * why: at least why_cap bytes, gets one sentence without a full stop on failure; may be NULL.
 */
ERR_CHECKED int blockdb_open(const char *path, struct blockdb **out, char *why, size_t why_cap);
void blockdb_close(struct blockdb *db);

uint64_t blockdb_generation(const struct blockdb *db); /* > 0 */
int64_t blockdb_built_s(const struct blockdb *db);     /* wall time of the build */
uint64_t blockdb_name_count(const struct blockdb *db); /* entries in the trie */
size_t blockdb_feed_count(const struct blockdb *db);
const struct blockdb_feed *blockdb_feed(const struct blockdb *db, size_t index); /* NULL past the end */

/*
 * Looks a name up: every listed parent and the name itself. Never fails; *out is always filled. Nothing is allocated
 * but by a pattern, while it is matched. Where the record type matters, the question is one for an address (A).
 */
void blockdb_lookup(const struct blockdb *db, const struct name_key *key, struct blockdb_match *out);
void blockdb_lookup_type(const struct blockdb *db, const struct name_key *key, uint16_t type,
                         struct blockdb_match *out);

/* What the lists say about an address (IPv4 mapped). Only categories, listed and clauses of *out are used. */
void blockdb_lookup_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16],
                            struct blockdb_match *out);
bool blockdb_lists_addresses(const struct blockdb *db, enum blockdb_address_use use);

/* ERR_NOENT for an id that does not exist. */
ERR_CHECKED int blockdb_clause(const struct blockdb *db, uint16_t id, struct blockdb_clause *out);

/*
 * The same for count names at once, faster per name than one by one since cache misses overlap.
 */
void blockdb_lookup_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                          struct blockdb_match out[]);

/*
 * A feed through which `category` reached this match, or VERDICT_NO_FEED; *out_labels: labels of the listed name. Of those
 * that may have listed it the one with the fewest categories: it has least else to say.
 */
uint16_t blockdb_match_feed(const struct blockdb *db, const struct blockdb_match *match, unsigned category,
                            uint8_t *out_labels);

/*
 * Walks all entries in key order, for the compiler's verification, exports and differences.
 * blockdb_walk_next: 1 and *out set, 0 at the end, ERR_DAMAGED. key bytes are valid until the next call.
 */
struct blockdb_entry {
    const uint8_t *key;
    size_t key_len;
    uint32_t value;
};

struct blockdb_walk;
ERR_CHECKED int blockdb_walk_begin(const struct blockdb *db, struct blockdb_walk **out);
ERR_CHECKED int blockdb_walk_next(struct blockdb_walk *walk, struct blockdb_entry *out);
void blockdb_walk_end(struct blockdb_walk *walk);

/* What a value id means. */
struct blockdb_value {
    struct blockdb_rules self;  /* for the name itself */
    struct blockdb_rules below; /* for names below it */
    const uint16_t *feeds;      /* indexes in the feed table */
    size_t feed_count;
    const uint16_t *clauses; /* ids */
    size_t clause_count;
};

/* ERR_NOENT for an id that does not exist. The pointers in *out are owned by the handle. */
ERR_CHECKED int blockdb_value(const struct blockdb *db, uint32_t id, struct blockdb_value *out);

/* The index-th listed address, in order of use, bits and address. ERR_NOENT past the end. */
struct blockdb_address {
    const uint8_t *addr; /* 16 bytes, owned by the handle */
    uint8_t bits;
    enum blockdb_address_use use;
    uint16_t clause;
};
ERR_CHECKED int blockdb_address(const struct blockdb *db, size_t index, struct blockdb_address *out);

/*
 * Part of a list as it looks where nobody asks a question, for exports: chosen categories, one feed or all. Rules that
 * hold under a condition (a pattern, a record type, names left out) are passed over: blockdb_clause() tells them.
 * A value is made by several feeds together, so with a feed its masks are those of all feeds that it names.
 */
struct blockdb_view {
    uint64_t categories;
    uint16_t feed; /* VERDICT_NO_FEED: all */
};

bool blockdb_view_has(const struct blockdb_view *view, const struct blockdb_clause *clause);

/* What a name is told whose listed parents, and itself where it is listed, are these hits. */
void blockdb_view_name(const struct blockdb *db, const struct blockdb_view *view, const struct blockdb_hit hits[],
                       size_t count, struct blockdb_match *out);

/* What an address in this prefix is told that is in no longer listed one. */
void blockdb_view_address(const struct blockdb *db, const struct blockdb_view *view,
                          const struct blockdb_address *address, struct blockdb_match *out);

#endif
