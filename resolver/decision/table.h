/*
 * The decisions as the query path asks for them: what holds for this name, this client, this second?
 *
 * Made anew whenever something was decided; when a decision begins or ends nothing has to happen, since every question
 * brings its time. A name that no decision concerns costs two probes, however many decisions there are; who is paused costs
 * nothing as long as nobody is.
 *
 * Threads: immutable once made; any thread.
 */
#ifndef DECISION_TABLE_H
#define DECISION_TABLE_H

#include "decision/decision.h"

struct table;

/*
 * The number of a group, user or device by its name, 0 to UINT32_MAX; negative: there is none, and its decisions hold for
 * nobody. Users and devices are numbered from 1.
 */
typedef int64_t (*table_number)(void *ctx, enum decision_scope scope, const char *name);

struct table_opts {
    const struct decision *const *decisions;
    size_t count;
    const uint8_t *const *spared; /* what a pause of everything leaves open, with all below: wire, lower case */
    size_t spared_count;
    uint64_t grant_never; /* categories that no grant opens */
    int64_t now_s;        /* those that are over are left out, those that begin later are not */
    uint32_t version; /* another one for every table, so that what was kept with a cached answer is known to be older */
    table_number number;
    void *ctx; /* of number */
};

/* Copies. ERR_NOMEM. */
ERR_CHECKED int table_new(const struct table_opts *opts, struct table **out);
void table_free(struct table *table);

uint32_t table_version(const struct table *table);
/* Names with a decision: a name twice, where it is about two. */
size_t table_count(const struct table *table);

/* Whether any decision, of whomever and whatever time, concerns the name (wire, lower case). */
bool table_concerns(const struct table *table, const uint8_t *name);

/* Who asks. */
struct table_who {
    uint32_t group; /* POLICY_GROUP_DENIED, which gets no verdict by name, is none */
    uint32_t user;  /* 0: nobody knows, as of the next */
    uint32_t device;
};

struct table_decision {
    uint32_t id;    /* 0: none */
    uint8_t labels; /* of the name that was decided about */
    bool lifts_safe_search;
};

/*
 * What holds now. pause: of everything (labels 0), the one that lasts longest, else the most specific one of a service;
 * the most specific block, allow and grant; of equal ones the newest.
 */
struct table_found {
    struct table_decision pause, block, allow, grant;
    uint64_t grant_never; /* categories that the grant does not open */
    int64_t change_s;     /* when this changes by itself; INT64_MAX: never */
};

/* What opens a name of these categories: the allow, or a grant that is more specific and reaches them. id 0: nothing. */
static inline struct table_decision table_opening(const struct table_found *found, uint64_t categories)
{
    bool granted = found->grant.id != 0 && (categories & found->grant_never) == 0;
    return granted && found->grant.labels > found->allow.labels ? found->grant : found->allow;
}

/* For the name (wire, lower case) as somebody asks it. A pause of everything costs a probe for each kind of scope. */
void table_find(const struct table *table, const uint8_t *name, const struct table_who *who, int64_t now_s,
                struct table_found *out);
/* For a name that an answer leads to: without pauses of everything, which are about what is asked. */
void table_find_target(const struct table *table, const uint8_t *name, const struct table_who *who, int64_t now_s,
                       struct table_found *out);

/* Whether everything is paused for anybody, now or later: only then table_find() finds something about any name. */
bool table_pauses(const struct table *table);

#endif
