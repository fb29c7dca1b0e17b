/*
 * Writes a statutory list (belisha/statutory_format.h) and reads it back through the resolver's own reader.
 *
 * Memory: owned by the struct. Threads: one at a time.
 */
#ifndef PUBLISH_STATUTORY_FILE_H
#define PUBLISH_STATUTORY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "belisha/statutory_format.h"
#include "dns/key.h"
#include "publish/bytes.h"
#include "statutory/hash.h"

#define STATUTORY_FILE_MODE 0640 /* the group: who may look names up */

struct statutory_file {
    struct hash_keys keys;
    struct bytes entries; /* struct statutory_entry, not sorted yet */
    struct bytes feeds;   /* struct statutory_feed_record */
    struct bytes samples; /* struct name_key: the entries' own, for the check */
    struct statutory_meta meta;
};

void statutory_file_init(struct statutory_file *file, const uint8_t key[STATUTORY_KEY_LEN]);
void statutory_file_done(struct statutory_file *file);

/* scope: enum statutory_scope. Memory that is missing shows in statutory_file_write(). */
void statutory_file_add(struct statutory_file *file, const struct name_key *host, unsigned scope);
void statutory_file_add_feed(struct statutory_file *file, const struct statutory_feed_record *feed);

/*
 * Writes the file at path, which must not exist, beside the key file, and checks it: every host must be found.
 * ERR_DAMAGED: it was not as it must be; ERR_LIMIT, ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM.
 * why: why_cap bytes, a sentence on failure.
 */
ERR_CHECKED int statutory_file_write(struct statutory_file *file, const char *path, uint64_t generation,
                                     int64_t built_s, char *why, size_t why_cap);

#endif
