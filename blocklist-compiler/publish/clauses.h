/*
 * Clauses and listed addresses of a generation, each different clause kept once under an id.
 * Threads: one at a time.
 */
#ifndef PUBLISH_CLAUSES_H
#define PUBLISH_CLAUSES_H

#include "base/ipaddr.h"
#include "belisha/blockdb_format.h"
#include "belisha/err.h"
#include "publish/bytes.h"

struct clauses {
    struct bytes records;   /* struct blockdb_clause_record by id */
    struct bytes parts;     /* of all of them */
    struct bytes addresses; /* struct blockdb_address_record */
    uint32_t count;
    uint32_t *slots; /* id + 1 by hash, 0: free */
    uint32_t slot_count;
};

void clauses_init(struct clauses *clauses);
void clauses_done(struct clauses *clauses);

/* Bytes of the parts of a clause. */
size_t clauses_parts_len(const struct blockdb_clause_record *head);

/* The id of a clause; head->parts is of no matter. ERR_NOMEM, ERR_LIMIT (BLOCKDB_CLAUSE_MAX). */
ERR_CHECKED int clauses_intern(struct clauses *clauses, const struct blockdb_clause_record *head, const uint8_t *parts,
                               uint16_t *out_id);
/* id < count. *out_parts is good until the next clauses_intern(). */
void clauses_get(const struct clauses *clauses, uint16_t id, struct blockdb_clause_record *out,
                 const uint8_t **out_parts);

/* ERR_NOMEM. */
ERR_CHECKED int clauses_add_address(struct clauses *clauses, const struct prefix *prefix, enum blockdb_address_use use,
                                    uint16_t clause);
/* Puts the addresses in the order of the region, each one with its clauses once. */
void clauses_sort_addresses(struct clauses *clauses);

#endif
