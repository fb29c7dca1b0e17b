/*
 * A zone as the set of its records, each a line (record_text.h); the SOA stands apart. It is kept as a master file: the
 * SOA first, then the others in order of their bytes, so that the same zone is always the same file.
 *
 * Memory:  grows with the zone, bounded by bytes_max. Threads: one.
 */
#ifndef XFR_ZONECOPY_H
#define XFR_ZONECOPY_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

struct zonecopy;

/* ERR_NOMEM. */
ERR_CHECKED int zonecopy_new(uint64_t bytes_max, uint64_t records_max, struct zonecopy **out);
void zonecopy_free(struct zonecopy *copy);

/* Takes all records out, and gives their memory back. */
void zonecopy_clear(struct zonecopy *copy);
uint64_t zonecopy_count(const struct zonecopy *copy);

/* 1: added; 0: it is there already. ERR_LIMIT (bytes_max, records_max), ERR_NOMEM. */
ERR_CHECKED int zonecopy_add(struct zonecopy *copy, const char *line, size_t len);
/* 1: taken out; 0: it is not there. */
int zonecopy_del(struct zonecopy *copy, const char *line, size_t len);

/*
 * Reads what zonecopy_write() wrote of this zone (wire name, lower case) into an empty copy, and its serial.
 * ERR_MALFORMED: something else. ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_LIMIT, ERR_NOMEM. The copy is empty after an error.
 */
ERR_CHECKED int zonecopy_load(struct zonecopy *copy, const char *path, const uint8_t *zone, uint32_t *out_serial);

/* Replaces the file at path; *out_bytes: its size. ERR_ACCESS, ERR_IO, ERR_NOSPACE, ERR_NOMEM: there is no file then. */
ERR_CHECKED int zonecopy_write(const struct zonecopy *copy, const char *soa, size_t soa_len, const char *path,
                               uint64_t *out_bytes);

#endif
