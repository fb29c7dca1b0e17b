/*
 * From options to the modules' opts: one step per kind of thing.
 *
 * Every step reports what is wrong to errors and goes on; it returns only ERR_NOMEM. The order is that of the
 * declarations: policy names refer to records and zones by index.
 *
 * Threads: one.
 */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/config.h"
#include "config/options.h"

#define DOH_PATH_MAX 200 /* bytes of tls.doh_path */

struct build {
    struct arena *arena;
    struct config_errors *errors;
    const struct options *options;
    const char *resolv_conf;                /* path */
    struct config *config;                  /* what is being filled */
    const struct policy_name *search_hosts; /* hosts that SafeSearch knows, for build_names() */
    size_t search_host_count;
    const uint8_t *localhost; /* the built-in record that covers what is below it; NULL: none */
};

/* A path of the configuration: below the state folder, unless it begins with a slash. NULL: there is none, or no memory. */
const char *build_path(struct build *b, const char *path);

/* Upstream servers and zones: query.servers, query.zones. */
ERR_CHECKED int build_servers(struct build *b);

/* Our own recursion, where a list of upstream servers names it: recursion. After build_servers(). */
ERR_CHECKED int build_recursion(struct build *b);

/* Local records: query.records, sorted by name. */
ERR_CHECKED int build_records(struct build *b);

/*
 * How devices find our encrypted ways (RFC 9462, 4): the SVCB records of _dns.resolver.arpa. At most
 * BUILD_DISCOVERY_MAX go to out; *out_count is 0 when there is no encrypted way or no tls.name.
 */
#define BUILD_DISCOVERY_MAX 2
ERR_CHECKED int build_discovery(struct build *b, struct query_record out[BUILD_DISCOVERY_MAX], size_t *out_count);

/* What clients are told of a block who read structured errors: query.structured. Its text has a bound. */
#define STRUCTURED_TEXT_MAX 512
ERR_CHECKED int build_structured(struct build *b);

/* Search engines: query.searches. A part of build_policy(). */
ERR_CHECKED int build_searches(struct build *b);
/* A level's modes. After build_searches(). */
void build_level_searches(struct build *b, const struct options_level *from, struct policy_level *to);

/* Levels, groups, access: policy.levels, policy.groups, policy.access, policy.nxdomain; and the next three. */
ERR_CHECKED int build_policy(struct build *b);

/* What may be decided on the spot: decide, learning_platform. After build_policy() and build_change(). */
ERR_CHECKED int build_decisions(struct build *b);

/* Who may change what, and how it is written down: roles, change, ledger. */
ERR_CHECKED int build_change(struct build *b);

/* Time zone, terms, lessons: policy.calendar. */
ERR_CHECKED int build_calendar(struct build *b);

/* policy.schedules. */
ERR_CHECKED int build_schedules(struct build *b);

struct people_row;

/* What the people file may do at most: policy.people.may_open and may_use. */
void build_people_limits(struct build *b);
/* Takes from a person what the file may not give, and notes it (struct people_report). ERR_NOMEM. */
ERR_CHECKED int build_people_limit(struct build *b, const struct people_row *row, struct policy_person *person);

/* The people file: policy.people. */
ERR_CHECKED int build_people(struct build *b);

/* The index of a level by its name, or negative; likewise of a group. */
int build_level_find(const struct build *b, const char *name);
int build_group_find(const struct build *b, const char *name);

/* Who says who is where: radius, api, sessions_path. */
ERR_CHECKED int build_sessions(struct build *b);

/* Who is behind an address: identity, query.forwarders. */
ERR_CHECKED int build_identity(struct build *b);

/* DHCP leases, and what is made of them: leases. */
ERR_CHECKED int build_leases(struct build *b);

/* Who is told what, and by which way: delivery, alerts. After build_calendar(). */
ERR_CHECKED int build_alerts(struct build *b);
/* Which sheets are made when, and for whom. After build_alerts(). */
ERR_CHECKED int build_reports(struct build *b);

/* Where rows of the query log are sent to: shipping. */
ERR_CHECKED int build_shipping(struct build *b);

/* Protected help and all specially treated names: protected_help, policy.names. */
ERR_CHECKED int build_names(struct build *b);

/* Text of a wire name, in the arena. NULL: no memory. */
char *build_name_text(struct build *b, const uint8_t *name);

/* A name written in our own tables: wire, lower case, in the arena. NULL: no memory. */
const uint8_t *build_name(struct build *b, const char *text);

#endif
