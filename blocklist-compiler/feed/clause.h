/*
 * A rule that needs more than a name and its extent: a clause of the generation (belisha/blockdb_format.h) in the
 * making.
 * Parts are added in the order in which they are laid out: types, pattern, names, data. false: it got too long.
 * Memory: none. Threads: pure.
 */
#ifndef FEED_CLAUSE_H
#define FEED_CLAUSE_H

#include <stdbool.h>

#include "belisha/blockdb_format.h"
#include "dns/key.h"
#include "feed/span.h"

#define CLAUSE_PARTS_MAX 8192

struct feed_clause {
    struct blockdb_clause_record head;
    size_t len;
    uint8_t parts[CLAUSE_PARTS_MAX];
};

void clause_init(struct feed_clause *clause, enum blockdb_clause_kind kind);
bool clause_add_type(struct feed_clause *clause, uint16_t type);
bool clause_set_pattern(struct feed_clause *clause, struct span expression, struct span literal);
bool clause_add_name(struct feed_clause *clause, const struct name_key *name);
bool clause_set_data(struct feed_clause *clause, uint16_t type, uint32_t ttl_s, const uint8_t *rdata, size_t len);

#endif
