/*
 * Policy: may this client ask this name now?
 *
 * Decided in two steps, so that what depends only on the name can be kept with a cached answer:
 *
 *     policy_facts(name)                  what is true of the name whoever asks: categories, special duties
 *     policy_decide(group, facts)         the verdict for one group: a few mask operations, no look-up
 *
 * Precedence, first that applies: protected help, the statutory list and illegal content, network duties and local
 * records, local block, local allow, the level over the category mask, the level's default. What somebody decided for the
 * time being (decision/) is laid over that by policy_overrule(): a recorded block counts as a local one, a recorded allow
 * too.
 *
 * A policy is immutable once made; a changed configuration makes a new one. Threads: any number may use it at once.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "belisha/verdict.h"
#include "blockdb/blockdb.h"

/* ---- what the configuration gives ---- */

enum policy_block_answer { POLICY_ANSWER_NOTICE, POLICY_ANSWER_NXDOMAIN };
enum policy_wording { POLICY_WORDING_PRIMARY, POLICY_WORDING_SECONDARY, POLICY_WORDING_STAFF };

struct policy_level {
    const char *name;
    uint64_t block; /* categories; a category is in at most one of the three masks */
    uint64_t allow;
    uint64_t log_only;
    bool default_block;          /* a walled garden: what nothing allows is blocked */
    bool keep_ech;               /* answers keep what Encrypted ClientHello needs (RFC 9848) */
    enum policy_wording wording; /* of the notice page */
};

struct policy_group {
    const char *name;
    uint16_t level;                /* index in levels */
    const struct prefix *networks; /* the longest match over all groups decides */
    size_t network_count;
};

/* A name treated specially for everyone; exact or with everything below it. */
enum policy_special {
    POLICY_SPECIAL_NONE,
    POLICY_SPECIAL_HELP,     /* protected help: always answered, never attributed */
    POLICY_SPECIAL_NXDOMAIN, /* canaries and special-use names answered with NXDOMAIN */
    POLICY_SPECIAL_NODATA,   /* resolver.arpa (RFC 9462, 4) */
    POLICY_SPECIAL_RECORD,   /* local record: `index` says which (records of the configuration) */
    POLICY_SPECIAL_ZONE,     /* conditional zone without filter: `index` says which; see policy_facts.zone */
    POLICY_SPECIAL_BLOCK,    /* names blocked by the configuration: category local */
    POLICY_SPECIAL_ALLOW,    /* names allowed by the configuration whatever their category */
};

struct policy_name {
    const uint8_t *name; /* wire, lower case; not the root */
    bool below;          /* also names below it */
    enum policy_special special;
    uint16_t index;
    bool filtered; /* POLICY_SPECIAL_ZONE: the policy applies to names in it */
};

struct policy_opts {
    const struct policy_level *levels;
    size_t level_count; /* at least 1 */
    const struct policy_group *groups;
    size_t group_count;
    uint16_t default_level;      /* for allowed clients in no group's networks */
    const struct prefix *access; /* who may ask at all; others are REFUSED */
    size_t access_count;
    const struct policy_name *names;
    size_t name_count;
    uint64_t nxdomain;         /* categories blocked with NXDOMAIN instead of the notice page */
    bool zones_lead_to_notice; /* response policy zones: the notice page also where they ask for NXDOMAIN or NODATA */
    uint32_t version;          /* stored in log rows */
};

struct policy;

/* Copies all it keeps. ERR_NOMEM, ERR_INVAL (index out of range), ERR_LIMIT (over 65,534 groups),
 * ERR_MALFORMED (a name). */
ERR_CHECKED int policy_new(const struct policy_opts *opts, struct policy **out);
void policy_free(struct policy *policy);

/* ---- questions ---- */

#define POLICY_GROUP_DENIED  UINT16_MAX       /* outside the configured networks */
#define POLICY_GROUP_DEFAULT (UINT16_MAX - 1) /* allowed, but in no group */

/* The group of a client address: index in groups, or one of the two above. */
uint16_t policy_group_of(const struct policy *policy, const struct ipaddr *client);
/* "-" for POLICY_GROUP_DENIED, "default" for POLICY_GROUP_DEFAULT. Never NULL. */
const char *policy_group_name(const struct policy *policy, uint16_t group);
/* The group of that name, POLICY_GROUP_DEFAULT for "default"; negative: there is none. */
int policy_group_find(const struct policy *policy, const char *name);
const struct policy_level *policy_level_of(const struct policy *policy, uint16_t group);
uint32_t policy_version(const struct policy *policy);

/* What is true of a name whoever asks. 32 bytes, kept in cache entries. */
struct policy_facts {
    uint64_t categories; /* blockdb_match.categories */
    uint64_t listed;     /* blockdb_match.listed */
    uint16_t special_index;
    uint16_t zone;          /* the conditional zone it is in, whatever `special` says; 0: none, the root */
    uint8_t special;        /* enum policy_special */
    uint8_t special_labels; /* labels of the special name that matched */
    uint8_t ready;          /* 0: there was no generation to ask */
    uint8_t clause : 1;     /* a clause of the list may say how a block is answered: policy_refine() */
    uint8_t decided : 1;    /* somebody decided about the name: policy_overrule(). Set by the caller, who knows */
    uint8_t statutory : 1;  /* a host of the statutory list, or below one */
    uint8_t typed : 1;      /* the list may say something else of another record type */
    uint8_t callers : 1;    /* whatever the caller notes beside them; policy leaves it alone */
    uint8_t closed : 1;     /* there must be a statutory list, and there is none to ask */
    uint64_t generation;    /* that was asked; the caller's to widen where it asks more lists than one */
};

static_assert(sizeof(struct policy_facts) == 32, "fits the mark of a cache entry");

/* db may be NULL: no generation has ever been loaded. key is of `name`, type that of the question. */
void policy_facts(const struct policy *policy, const struct blockdb *db, const uint8_t *name,
                  const struct name_key *key, uint16_t type, struct policy_facts *out);

/* The same when the blocklist look-up was already done (in a batch). match NULL: no generation. */
void policy_facts_from_match(const struct policy *policy, const uint8_t *name, const struct blockdb_match *match,
                             uint64_t generation, struct policy_facts *out);

/* Whether it is a name of protected help; wire, lower case. What else is true of it changes nothing about that. */
bool policy_is_help(const struct policy *policy, const uint8_t *name);

/* Whether it is a name that no exception, record, zone or level can open. */
bool policy_is_illegal(const struct policy_facts *facts);

/*
 * The verdict for a group.  feed and match_labels of the result are not set
 * for category blocks: policy_explain() adds them, only when they are needed.
 */
struct verdict policy_decide(const struct policy *policy, uint16_t group, const struct policy_facts *facts);

/* What the lists say about an address in an answer, or of a client. */
void policy_facts_of_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16],
                             struct policy_facts *out, struct blockdb_match *out_match);

/*
 * Changes how a category block is answered, when the clause that decided the match asks for it: action, rule and
 * feed.
 */
void policy_refine(const struct policy *policy, const struct blockdb *db, const struct blockdb_match *match,
                   struct verdict *verdict);

/* What was decided about a name for the time being, as far as it holds for the group now. Ids; 0: nothing. */
struct policy_decided {
    uint32_t block, allow;
    uint8_t block_labels, allow_labels; /* of the name that was decided about */
};

/*
 * Lays it over a verdict that is otherwise final, as the precedence says: nothing reaches protected help, network duties
 * and illegal content, and a block goes before an allow. The id becomes verdict.rule.
 */
void policy_overrule(const struct policy *policy, const struct policy_facts *facts,
                     const struct policy_decided *decided, struct verdict *verdict);

/* Adds feed and match_labels to a verdict that a category decided. */
void policy_explain_match(const struct blockdb *db, const struct blockdb_match *match, struct verdict *verdict);
/* The same by a look-up of its own. db may be NULL. */
void policy_explain(const struct blockdb *db, const struct name_key *key, uint16_t type, struct verdict *verdict);

#endif
