/*
 * From a client's address to its group: the longest configured network that holds it.
 *
 * The networks cut the address space into intervals, each with one answer, so a look-up is one binary search however
 * many networks there are and however deeply they nest. IPv4 and IPv6 have a table each: ::/0 does not hold IPv4.
 *
 * Threads: immutable once made; any thread.
 */
#ifndef POLICY_CLIENT_TABLE_H
#define POLICY_CLIENT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "policy/policy.h"

struct client_table;

/* Uses groups and access of opts. ERR_NOMEM. */
ERR_CHECKED int client_table_new(const struct policy_opts *opts, struct client_table **out);
void client_table_free(struct client_table *table);

/* Index of the group, POLICY_GROUP_DEFAULT or POLICY_GROUP_DENIED. */
uint16_t client_table_find(const struct client_table *table, const struct ipaddr *client);
/* Whether all addresses of the network have the same answer. */
bool client_table_is_one(const struct client_table *table, const struct prefix *network);

#endif
