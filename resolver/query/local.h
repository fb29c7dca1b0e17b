/*
 * Local records: what the configuration says about a name. Internal to query/.
 *
 * `first` is the index in opts.records of a name's first record; those of one name stand together.
 *
 * Threads: pure; any thread.
 */
#ifndef QUERY_LOCAL_H
#define QUERY_LOCAL_H

#include "dns/answer.h"
#include "query/query.h"

/* Adds the records asked for; along CNAMEs as far as local records go. Returns how many. */
unsigned local_add(struct answer *a, const struct query_opts *opts, size_t first, uint16_t type);

/* The same of the name that another alias leads to; 0 when it has no local records. */
unsigned local_add_below(struct answer *a, const struct query_opts *opts, const uint8_t *name, uint16_t type);

/* Where those CNAMEs leave the local records before the type is found; NULL: they don't. */
const uint8_t *local_leads_outside(const struct query_opts *opts, size_t first, uint16_t type);

#endif
