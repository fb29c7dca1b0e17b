/*
 * The names that the query log writes beside numbers: groups of a policy version, feeds of a generation, upstreams.
 *
 * The log's keeper turns records into segments some time after they were made, when another policy or generation may be
 * in force; so the last NAMES_SETS_MAX of each are remembered.
 *
 * Memory:  a name once given out stays valid until names_free(); equal names are kept once.
 * Threads: any; the functions fit the callbacks of struct qlog_opts with ctx = names.
 */
#ifndef CONTROL_NAMES_H
#define CONTROL_NAMES_H

#include <stdint.h>

#include "belisha/err.h"
#include "blockdb/blockdb.h"
#include "policy/policy.h"
#include "qlog/texts.h"
#include "query/query.h"

#define NAMES_SETS_MAX 16

struct names;

ERR_CHECKED int names_new(struct names **out);
void names_free(struct names *names);

/* Each copies; without memory for it the log gets numbers instead of names. */
void names_put_policy(struct names *names, const struct policy_opts *policy);
void names_put_generation(struct names *names, const struct blockdb *db);
void names_put_upstreams(struct names *names, const struct query_opts *query);

/* The numbers that have names from now on, for qlog_know(): *out has room for names_keys_max() of them. Returns how many. */
size_t names_keys_max(const struct policy_opts *policy, const struct query_opts *query, const struct blockdb *db);
size_t names_keys(const struct policy_opts *policy, const struct query_opts *query, const struct blockdb *db,
                  struct texts_key *out);

/* NULL: unknown. */
const char *names_group(void *names, uint32_t policy_version, uint16_t group);
const char *names_feed(void *names, uint64_t generation, uint16_t feed);
const char *names_upstream(void *names, uint16_t upstream);

#endif
