/*
 * A map from domain names to numbers that finds a name and all its listed parents in one walk over its labels.
 *
 * A hash table holds every name and, as signposts, all parents of them. The walk goes from the right, one probe per
 * label, and ends at the first label that leads nowhere: for most names after two probes, however many are listed.
 *
 * Threads: immutable once filled; any thread.
 */
#ifndef DNS_NAME_MAP_H
#define DNS_NAME_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/name.h"

struct name_map;

/* For these names (wire, lower case, not the root), which must outlive the map; the i-th gets number i, of equal ones
 * the first. ERR_NOMEM, ERR_MALFORMED. */
ERR_CHECKED int name_map_new(const uint8_t *const names[], size_t count, struct name_map **out);
void name_map_free(struct name_map *map);

struct name_map_hit {
    uint32_t number;
    uint8_t labels; /* of the listed name */
    bool whole;     /* it is the name itself */
};

/* What is listed of a name (wire, lower case) and its parents, parents first. Returns how many; steps: probes, or NULL. */
size_t name_map_find(const struct name_map *map, const uint8_t *name, struct name_map_hit out[NAME_MAX_LABELS],
                     unsigned *steps);

#endif
