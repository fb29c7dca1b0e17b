/*
 * Policy: may this client ask this name now?
 *
 * Decided in two steps, so that what depends only on the name can be kept with a cached answer:
 *
 *     policy_facts(name)                      what is true of the name whoever asks: categories, special duties
 *     policy_decide(moment, profile, facts)   the verdict for one profile: a few mask operations, no look-up
 *
 * A profile stands for all clients that the same rules apply to, whatever the time: a level, the schedules that concern its
 * group, and a person's own rules. A moment (moment.h) is what the schedules make of all levels at one time. Who has which
 * profile says policy_standing(): by the client's address, and by the user where one is known.
 *
 * Precedence, first that applies: protected help, the statutory list and illegal content, network duties and local
 * records, local block, local allow, the level over the category mask, the level's default. What somebody decided for the
 * time being (decision/) is laid over that by policy_overrule(): a recorded block counts as a local one, a recorded allow
 * too. What is open after all that, and a host of a search engine, is led to where the engine keeps adult results out, as
 * far as the level asks for it.
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
#include "policy/opts.h"

struct policy;

/* Copies all it keeps. ERR_NOMEM, ERR_INVAL (index out of range, the same user twice), ERR_LIMIT (over 65,534 groups,
 * 65,535 different sets of people's own rules, POLICY_LEVELS_MAX, POLICY_SCHEDULES_MAX), ERR_MALFORMED (a name). */
ERR_CHECKED int policy_new(const struct policy_opts *opts, struct policy **out);
void policy_free(struct policy *policy);

/* ---- questions ---- */

/* The group of a client address: index in groups, or one of the two above. */
uint16_t policy_group_of(const struct policy *policy, const struct ipaddr *client);
/* Whether that is the group of all addresses of the network. */
bool policy_group_is_one(const struct policy *policy, const struct prefix *network);
size_t policy_group_count(const struct policy *policy);
/* "-" for POLICY_GROUP_DENIED, "default" for POLICY_GROUP_DEFAULT. Never NULL. */
const char *policy_group_name(const struct policy *policy, uint16_t group);
/* The group of that name, POLICY_GROUP_DEFAULT for "default"; negative: there is none. */
int policy_group_find(const struct policy *policy, const char *name);
uint32_t policy_version(const struct policy *policy);
/* Facts of one policy are facts of another exactly when their fingerprints are equal. */
uint64_t policy_fingerprint(const struct policy *policy);

#define POLICY_NOBODY UINT32_MAX /* no user is known, or one that has no entry */

/* Index in people of the user's entry, or POLICY_NOBODY. */
uint32_t policy_person_find(const struct policy *policy, const char *user);

#define POLICY_PROFILE_DENIED UINT32_MAX

/* Under which rules a client stands. */
struct policy_standing {
    uint32_t profile; /* for policy_decide(); POLICY_PROFILE_DENIED */
    uint16_t group;   /* the person's, else that of the longest network that has the address */
    int64_t until_s;  /* it holds no longer; INT64_MAX: as long as the policy */
};

/* person: POLICY_NOBODY, or an index in people. Nobody is let in from outside the configured networks. */
void policy_standing(const struct policy *policy, const struct ipaddr *client, uint32_t person, int64_t now_s,
                     struct policy_standing *out);
/* That of clients of a group (or one of the two that are none) of whom nothing else is known. */
uint32_t policy_group_profile(const struct policy *policy, uint16_t group);

struct policy_moment;

/* The level that is in force for the profile. A moment of NULL: the strictest there can be. Never NULL. */
const struct policy_level *policy_level_at(const struct policy_moment *moment, uint32_t profile);

/* What is true of a name whoever asks. 32 bytes, kept in cache entries. */
struct policy_facts {
    uint64_t categories;    /* blockdb_match.categories */
    uint64_t listed;        /* blockdb_match.listed */
    uint16_t special_index; /* of the special name; the search engine where `safe` is set */
    uint16_t zone;          /* the conditional zone it is in, whatever `special` says; 0: none, the root */
    uint8_t special;        /* enum policy_special */
    uint8_t special_labels; /* labels of the special name that matched */
    uint8_t ready;          /* 0: there was no generation to ask */
    uint8_t clause : 1;     /* a clause of the list may say how a block is answered: policy_refine() */
    uint8_t decided : 1;    /* somebody decided about the name: policy_overrule(). Set by the caller, who knows */
    uint8_t statutory : 1;  /* a host of the statutory list, or below one */
    uint8_t typed : 1;      /* the list may say something else of another record type */
    uint8_t callers : 1;    /* whatever the caller notes beside them; policy leaves it alone */
    uint8_t safe : 1;       /* a host of a search engine, asked for what leads there */
    uint8_t closed : 1;     /* there must be a statutory list, and there is none to ask */
    uint64_t generation;    /* that was asked; the caller's to widen where it asks more lists than one */
};

static_assert(sizeof(struct policy_facts) == 32, "fits the mark of a cache entry");

/* db may be NULL: no generation has ever been loaded. key is of `name`, type that of the question. */
void policy_facts(const struct policy *policy, const struct blockdb *db, const uint8_t *name,
                  const struct name_key *key, uint16_t type, struct policy_facts *out);

/* The same when the blocklist look-up was already done (in a batch). match NULL: no generation. */
void policy_facts_from_match(const struct policy *policy, const uint8_t *name, const struct blockdb_match *match,
                             uint16_t type, uint64_t generation, struct policy_facts *out);

/* Whether it is a name of protected help; wire, lower case. What else is true of it changes nothing about that. */
bool policy_is_help(const struct policy *policy, const uint8_t *name);
/* Whether it is such a name with something behind it, as devices ask that have a search suffix (RFC 1535):
 * childline.org.uk.school.example. Says nothing about what the name may have for an answer. Only the first
 * POLICY_SUFFIXED_MAX labels are looked at: somebody may ask for names of 127 labels all day. */
#define POLICY_SUFFIXED_MAX 8
bool policy_is_help_with_suffix(const struct policy *policy, const uint8_t *name);

/* Whether it is a name that no exception, record, zone or level can open. */
bool policy_is_illegal(const struct policy_facts *facts);

/*
 * The verdict for a profile. moment NULL: nobody knows what applies now, so nothing is open that a level would decide
 * about. feed and match_labels of the result are not set for category blocks: policy_explain() adds them, only when they
 * are needed.
 */
struct verdict policy_decide(const struct policy *policy, const struct policy_moment *moment, uint32_t profile,
                             const struct policy_facts *facts);

/* verdict.rule of SafeSearch says which engine, and how: from 1, as all rules. */
static inline uint32_t policy_safe_rule(uint16_t engine, enum policy_safe_mode mode)
{
    return engine * 2u + (mode == POLICY_SAFE_STRICT ? 2u : 1u);
}
static inline uint16_t policy_safe_engine(uint32_t rule)
{
    return (uint16_t)((rule - 1) / 2);
}
static inline enum policy_safe_mode policy_safe_mode(uint32_t rule)
{
    return rule % 2 == 0 ? POLICY_SAFE_STRICT : POLICY_SAFE_MODERATE;
}

/*
 * Whether answers of this type can lead a browser to a host, or may in a way that we do not know. The others say
 * something of the name as a zone or for mail, and stay as they are under SafeSearch: duckduckgo.com gets mail.
 */
bool policy_type_leads(uint16_t type);

/* What the lists say about an address in an answer, or of a client. */
void policy_facts_of_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16],
                             struct policy_facts *out, struct blockdb_match *out_match);

/*
 * Changes how a category block is answered, when the clause that decided the match asks for it: action, rule and
 * feed.
 */
void policy_refine(const struct policy *policy, const struct blockdb *db, const struct blockdb_match *match,
                   struct verdict *verdict);

/* Whether no decision of the day goes before this verdict. */
bool policy_is_above_decisions(const struct verdict *v);

/* What was decided about a name for the time being, as far as it holds for the group now. Ids; 0: nothing. */
struct policy_decided {
    uint32_t pause, block, allow;
    uint8_t pause_labels, block_labels, allow_labels; /* of the name that was decided about; 0: a pause of everything */
    bool allow_lifts_safe_search;
};

/*
 * Lays it over a verdict that is otherwise final, as the precedence says: nothing reaches protected help, network duties
 * and illegal content; a pause goes before a block, and a block before an allow. The id becomes verdict.rule. An allow opens
 * the name, and leaves SafeSearch on: then the verdict is that of the engine.
 */
void policy_overrule(const struct policy *policy, const struct policy_moment *moment, uint32_t profile,
                     const struct policy_facts *facts, const struct policy_decided *decided, struct verdict *verdict);

/* Adds feed and match_labels to a verdict that a category decided. */
void policy_explain_match(const struct blockdb *db, const struct blockdb_match *match, struct verdict *verdict);
/* The same by a look-up of its own. db may be NULL. */
void policy_explain(const struct blockdb *db, const struct name_key *key, uint16_t type, struct verdict *verdict);

#endif
