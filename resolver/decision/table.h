/*
 * The decisions as the query path asks for them: what holds for this name, this group, this second?
 *
 * Made anew whenever something was decided; when a decision ends nothing has to happen, since every question brings its
 * time. A name that no decision concerns costs two probes, however many decisions there are.
 *
 * Threads: immutable once made; any thread.
 */
#ifndef DECISION_TABLE_H
#define DECISION_TABLE_H

#include "decision/decision.h"

#define TABLE_EVERYONE UINT16_MAX /* in place of a group; as POLICY_GROUP_DENIED, which gets no verdict by name */

struct table;

/* The number of a group by its name; negative: there is none, and its decisions hold for nobody. */
typedef int (*table_group)(void *ctx, const char *name);

/*
 * Of those in force at now_s. version: another one for every table, so that what was kept with a cached answer is known
 * to be older. Copies. ERR_NOMEM.
 */
ERR_CHECKED int table_new(const struct decision *const decisions[], size_t count, int64_t now_s, table_group group,
                          void *ctx, uint32_t version, struct table **out);
void table_free(struct table *table);

uint32_t table_version(const struct table *table);
/* Decisions in it. */
size_t table_count(const struct table *table);

/* Whether any decision, of whatever group and time, concerns the name (wire, lower case). */
bool table_concerns(const struct table *table, const uint8_t *name);

struct table_decision {
    uint32_t id;     /* 0: none */
    uint8_t labels;  /* of the name that was decided about */
    int64_t until_s; /* 0: for good */
};

/* The most specific block and the most specific allow that hold now; of equal ones the newest. */
struct table_found {
    struct table_decision block, allow;
};

void table_find(const struct table *table, const uint8_t *name, uint16_t group, int64_t now_s, struct table_found *out);

#endif
