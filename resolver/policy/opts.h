/*
 * What the configuration gives a policy: levels, groups, people, names.
 *
 * Memory: all of it is the caller's; policy_new() copies what it keeps.
 */
#ifndef POLICY_OPTS_H
#define POLICY_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/category.h"
#include "policy/schedule.h"

enum policy_block_answer { POLICY_ANSWER_NOTICE, POLICY_ANSWER_NXDOMAIN };
/* Numbered as the words of the configuration are. */
enum policy_safe_mode { POLICY_SAFE_OFF, POLICY_SAFE_MODERATE, POLICY_SAFE_STRICT };
enum policy_wording { POLICY_WORDING_PRIMARY, POLICY_WORDING_SECONDARY, POLICY_WORDING_STAFF };

struct policy_level {
    const char *name;
    uint64_t block; /* categories; a category is in at most one of the five masks */
    uint64_t hold;  /* blocked until somebody has assessed what they are about */
    uint64_t
        unless_approved; /* blocked but for the sites that were approved: an exception, the configuration's allow */
    uint64_t log_only;
    uint64_t allow;
    bool default_block;   /* a walled garden: what nothing allows is blocked */
    uint64_t safe_strict; /* SafeSearch by engine, a bit for each; an engine in neither mask is left alone */
    uint64_t safe_moderate;
    bool keep_ech;               /* answers keep what Encrypted ClientHello needs (RFC 9848) */
    enum policy_wording wording; /* of the notice page */
};

struct policy_group {
    const char *name;
    uint16_t level;                /* index in levels */
    const struct prefix *networks; /* the longest match over all groups decides */
    size_t network_count;
    bool acceptance; /* who has not accepted the school's rules has policy_opts.restricted_level */
};

#define POLICY_GROUP_DENIED  UINT16_MAX       /* outside the configured networks */
#define POLICY_GROUP_DEFAULT (UINT16_MAX - 1) /* allowed, but in no group */
#define POLICY_NO_LEVEL      UINT16_MAX       /* the level is that of the group */

/* Somebody with a name, wherever he is. */
struct policy_person {
    const char *user; /* as policy_opts.users says; compared without case (ASCII) */
    uint16_t group;   /* index in groups; POLICY_GROUP_DEFAULT: that of the network */
    uint16_t level;   /* index in levels; POLICY_NO_LEVEL */
    uint64_t block;   /* categories that are blocked whatever the level says */
    uint64_t allow;   /* ... that are open although the level blocks them; not those of POLICY_NEVER_OPENED */
    int64_t until_s;  /* from then on he has policy_opts.restricted_level; 0: no end */
    bool accepted;    /* the school's rules, see policy_group.acceptance */
};

/* What neither a person's own rules nor a schedule can open: see docs/decisions/0018. */
#define POLICY_NEVER_OPENED                                                                                            \
    (CATEGORY_BIT(CATEGORY_LOCAL) | CATEGORY_BIT(CATEGORY_ILLEGAL) | CATEGORY_BIT(CATEGORY_PORNOGRAPHY) |              \
     CATEGORY_BIT(CATEGORY_EXTREMISM) | CATEGORY_BIT(CATEGORY_MALWARE) | CATEGORY_BIT(CATEGORY_PHISHING) |             \
     CATEGORY_BIT(CATEGORY_CRYPTO_MINING) | CATEGORY_BIT(CATEGORY_CIRCUMVENTION) |                                     \
     CATEGORY_BIT(CATEGORY_UNSAFE_SEARCH))

/* What changes at certain times, for those whom it concerns. */
struct policy_schedule {
    const char *name;
    struct schedule times;
    const uint16_t *groups; /* indexes, POLICY_GROUP_DEFAULT for clients in none; count 0: all of them */
    size_t group_count;
    uint64_t levels; /* the levels that it concerns, by bits of their indexes; 0: all of them */
    uint16_t level;  /* takes the place of any other while it lasts; POLICY_NO_LEVEL */
    uint64_t allow;  /* categories; not those of POLICY_NEVER_OPENED */
    uint64_t block;
};

#define POLICY_SCHEDULES_MAX 256
#define POLICY_LEVELS_MAX    64

/* How user names are compared. */
enum policy_users {
    POLICY_USERS_BARE,  /* DOMAIN\user and user@realm are user */
    POLICY_USERS_WHOLE, /* as they are */
};

/* A name treated specially for everyone; exact or with everything below it. */
enum policy_special {
    POLICY_SPECIAL_NONE,
    POLICY_SPECIAL_HELP,        /* protected help: always answered, never attributed */
    POLICY_SPECIAL_NXDOMAIN,    /* canaries and special-use names answered with NXDOMAIN */
    POLICY_SPECIAL_NODATA,      /* resolver.arpa (RFC 9462, 4) */
    POLICY_SPECIAL_RECORD,      /* local record: `index` says which (records of the configuration) */
    POLICY_SPECIAL_ZONE,        /* conditional zone without filter: `index` says which; see policy_facts.zone */
    POLICY_SPECIAL_BLOCK,       /* names blocked by the configuration: category local */
    POLICY_SPECIAL_ALLOW,       /* names allowed by the configuration whatever their category */
    POLICY_SPECIAL_SAFE_SEARCH, /* host of the search engine `index`, exact only. Of a name, never policy_facts.special */
};

#define POLICY_ENGINES_MAX 64

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
    const struct policy_person *people;
    size_t person_count;
    enum policy_users users;
    bool people_limited;       /* the next two hold for what the people file says (docs/decisions/0035) */
    uint64_t people_open;      /* categories that a person's own rules may open */
    uint64_t people_levels;    /* levels that the file may give by `level` or `group`, by bits of their indexes */
    uint16_t restricted_level; /* for people whose time is over, or who have not accepted what they must */
    const struct policy_schedule *schedules; /* in order of rank: of two levels, the first's holds */
    size_t schedule_count;
    const struct calendar *calendar; /* may be NULL without schedules */
    uint16_t default_level;          /* for allowed clients in no group's networks */
    const struct prefix *access;     /* who may ask at all; others are REFUSED */
    size_t access_count;
    const struct policy_name *names;
    size_t name_count;
    uint64_t nxdomain;         /* categories blocked with NXDOMAIN instead of the notice page */
    bool zones_lead_to_notice; /* response policy zones: the notice page also where they ask for NXDOMAIN or NODATA */
    uint32_t version;          /* stored in log rows */
    uint32_t fingerprint;      /* of everything that facts depend on: others, other facts */
};

#endif
