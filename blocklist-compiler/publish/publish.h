/*
 * Publishes a list: writes a new generation file, reads it back through the resolver's own reader, and only then makes
 * it the current one.
 *
 *     publish_begin → publish_put_feeds → publish_put_trie → publish_commit
 *                                                         ↘ publish_abort
 *
 * In the folder: generation-<n>.mdb (never changed after its rename), current → generation-<n>.mdb, `lock` (held from
 * begin to the end), generation-<n>.mdb.tmp while one is written. Whenever the process is killed, `current` names a
 * whole generation; what it left behind is removed by the next run. The last `keep` generations stay.
 *
 * Errors: negative enum err. Threads: one at a time.
 */
#ifndef PUBLISH_PUBLISH_H
#define PUBLISH_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/blockdb_format.h"
#include "belisha/err.h"
#include "publish/clauses.h"
#include "trie/trie.h"

#define PUBLISH_PATH_MAX 4096
#define PUBLISH_WHY_MAX  512

struct publish;

struct publish_opts {
    const char *folder; /* must exist */
    unsigned keep;      /* generations that stay, the new one counted; at least 1 */
    int64_t built_s;    /* wall time, goes into the file */
};

/* One row of the feed table; the row's index is what trie_item.feed means. */
struct publish_feed {
    const char *name, *licence, *source;
    uint64_t categories; /* every category this feed can give */
    uint64_t names;      /* accepted entries */
    int64_t fetched_s;
};

/* A name that must be listed, or must not be blocked, in the finished file. */
struct publish_sample {
    const uint8_t *name; /* wire form */
    uint64_t categories; /* all of these must be among those listed for it */
};

struct publish_checks {
    const struct publish_sample *samples;
    size_t sample_count;
    const uint8_t *const *protected_names; /* wire form; nothing may block them */
    size_t protected_count;
};

struct publish_result {
    uint64_t generation;
    char path[PUBLISH_PATH_MAX];
    uint64_t file_bytes;
    uint64_t name_count;
    uint64_t region_bytes[BLOCKDB_REGION_COUNT];
    unsigned removed; /* old generations that went */
};

/*
 * Locks the folder and removes what a killed run left.
 * ERR_BUSY: another run has the lock. ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOMEM, ERR_INVAL.
 * why: PUBLISH_WHY_MAX bytes, gets one sentence on failure; may be NULL.
 */
ERR_CHECKED int publish_begin(const struct publish_opts *opts, struct publish **out, char *why);

/* Once. Texts are copied. ERR_NOMEM, ERR_LIMIT. */
ERR_CHECKED int publish_put_feeds(struct publish *p, const struct publish_feed *feeds, size_t count);

/* Once, after trie_build(). Nothing of the trie is needed afterwards: free it before publish_commit() to save memory. */
ERR_CHECKED int publish_put_trie(struct publish *p, const struct trie *trie);

/* Once, or not at all when there are none. The ids are those of the trie's items. Takes what it needs out of clauses. */
ERR_CHECKED int publish_put_clauses(struct publish *p, struct clauses *clauses);

/*
 * Writes, verifies, renames, removes old generations. Ends the publish, whatever it returns: p is gone.
 * ERR_DAMAGED: the file was not as it must be, or a check failed. ERR_NOSPACE, ERR_IO, ERR_NOMEM.
 * why: as for publish_begin.
 */
ERR_CHECKED int publish_commit(struct publish *p, const struct publish_checks *checks, struct publish_result *out,
                               char *why);

/* Forgets everything and unlocks the folder. */
void publish_abort(struct publish *p);

#endif
