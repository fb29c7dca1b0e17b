/*
 * The statutory list in force: hosts that no allow list, group, record or configuration can open. Names are looked up by
 * keyed hashes of their suffixes, so neither the file nor this handle can say what is on the list.
 *
 * Memory:  a handle holds all of the list itself (16 bytes a host); the file may go.
 * Errors:  negative enum err.
 * Threads: immutable once opened; any number may look up at once.
 */
#ifndef STATUTORY_STATUTORY_H
#define STATUTORY_STATUTORY_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "belisha/statutory_format.h"
#include "dns/key.h"
#include "dns/name.h"

struct statutory;

/*
 * Opens and checks the generation at path; a link is followed once. The key is the file `key` in the same folder.
 * ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_NOMEM, ERR_FORMAT_VERSION, ERR_DAMAGED (cut, changed, or of another key).
 * why: why_cap bytes, gets one sentence without a full stop on failure; may be NULL.
 */
ERR_CHECKED int statutory_open(const char *path, struct statutory **out, char *why, size_t why_cap);
void statutory_close(struct statutory *list);

uint64_t statutory_generation(const struct statutory *list); /* > 0 */
int64_t statutory_built_s(const struct statutory *list);
size_t statutory_count(const struct statutory *list);
size_t statutory_feed_count(const struct statutory *list);
const struct statutory_feed_record *statutory_feed(const struct statutory *list, size_t index); /* NULL past the end */

/* Labels of the listed name that key is, or is below; 0: it is not listed. */
unsigned statutory_find(const struct statutory *list, const struct name_key *key);

/*
 * What is written down instead of the name: "<16 hexadecimal digits>.statutory.invalid", the same for all names below one
 * listed host, in all generations made with one key. labels: of statutory_find(). Returns the length of the wire name.
 */
size_t statutory_opaque_name(const struct statutory *list, const struct name_key *key, unsigned labels,
                             uint8_t out[NAME_MAX_LEN]);

#endif
