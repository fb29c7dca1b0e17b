/*
 * The specially treated names of a policy, found by one walk over a name's labels (dns/name_map.h).
 *
 * Threads: immutable once made; any thread.
 */
#ifndef POLICY_NAME_TABLE_H
#define POLICY_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "policy/policy.h"

struct name_table;

/* Copies the names. ERR_NOMEM, ERR_MALFORMED (no well-formed wire name, or the root). */
ERR_CHECKED int name_table_new(const struct policy_name names[], size_t count, struct name_table **out);
void name_table_free(struct name_table *table);

/* All that is said about a name. labels: of the special name that matched; 0 where nothing did. */
struct name_found {
    uint8_t help_labels;
    uint8_t block_labels;
    uint8_t allow_labels;
    uint8_t duty_labels; /* the longest of NXDOMAIN, NODATA, RECORD and ZONE */
    uint8_t duty;        /* enum policy_special; of equal length: exact first, then RECORD, ZONE, NODATA, NXDOMAIN */
    bool duty_filtered;  /* a ZONE whose names the policy applies to */
    uint16_t duty_index;
    uint16_t engine; /* the name is a host of that search engine, from 1; 0: of none */
    uint16_t zone;   /* index of the longest zone; 0: none */
};

/* name: wire, lower case. */
void name_table_find(const struct name_table *table, const uint8_t *name, struct name_found *out);

#endif
