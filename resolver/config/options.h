/*
 * The options of belisha.yaml and policy.yaml as they are written, before they become the modules' opts.
 *
 * Texts point into the arena of the reading. Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "config/options_alerts.h"
#include "config/options_change.h"
#include "config/options_delivery.h"
#include "config/options_identity.h"
#include "config/options_shipping.h"
#include "config/options_reports.h"
#include "config/schema.h"
#include "config/search_table.h"

/* An upstream server: an address, or a word: "system" (those of /etc/resolv.conf), "recursive" (our own recursion). */
struct options_server {
    struct config_place at;
    struct options_server_address {
        bool system, recursive;
        struct endpoint at;
    } address;
    const char *name;
    bool tcp;
    const char *tls;         /* name in its certificate; NULL: none given */
    struct schema_list pins; /* uint8_t[TLS_PIN_LEN] */
    bool case_randomization;
};

struct options_recursion {
    const char *program;
    struct config_place program_at;
    bool validate;
    const char *trust_anchor;
    struct config_place trust_anchor_at;
    struct schema_list insecure; /* const uint8_t * */
    const char *root_hints;      /* NULL: built in */
    struct config_place root_hints_at;
    bool ipv4, ipv6;
    struct config_place ipv6_at;
    struct schema_list outgoing; /* struct ipaddr */
    int64_t memory_bytes;
    int64_t threads;
};

struct options_zone {
    struct config_place at;
    const uint8_t *name;
    struct schema_list upstreams; /* struct options_server */
    bool filter;
    bool rebinding_check;
};

struct options_record {
    struct config_place at;
    const uint8_t *name;
    int type;                 /* index in options_record_types */
    struct schema_list value; /* const char * */
    struct schema_list values;
    int64_t ttl_ms;
};

extern const char *const options_record_types[];

#define OPTIONS_CATEGORY_ALL (-1) /* the word "all" where categories are listed */

struct options_level {
    struct config_place at;
    const char *name;
    struct schema_list block; /* int: enum category or OPTIONS_CATEGORY_ALL */
    struct schema_list allow;
    struct schema_list log_only;
    struct schema_list hold;
    struct schema_list unless_approved;
    struct schema_list years;       /* const char * */
    int fallback;                   /* 0 allow, 1 block */
    struct schema_list safe_search; /* int: enum policy_safe_mode, by engine or "others" */
    int youtube;                    /* the same */
    int ech;                        /* 0 strip, 1 keep */
    int wording;                    /* enum policy_wording */
};

struct options_group {
    struct config_place at;
    const char *name;
    struct schema_list networks; /* struct prefix */
    const char *level;
    struct config_place level_at;
    bool must_accept;
};

/* A day, as policy/civil.h numbers them. */
struct options_date {
    int32_t day;
    bool given;
};

/* A term or holiday. */
struct options_span {
    struct config_place at;
    const char *name;
    struct options_date from, to; /* to: without one, from */
};

struct options_lesson {
    struct config_place at;
    const char *name;
    struct schema_list when; /* const char * */
};

struct options_calendar {
    const char *time_zone;
    struct config_place time_zone_at;
    struct schema_list terms;    /* struct options_span */
    struct schema_list holidays; /* the same */
    struct schema_list lessons;  /* struct options_lesson */
};

struct options_schedule {
    struct config_place at;
    const char *name;
    struct schema_list when; /* const char * */
    int in;                  /* enum schedule_season */
    struct config_place in_at;
    struct options_date from, to;
    struct schema_list groups; /* const char * */
    struct schema_list levels; /* the same */
    const char *level;
    struct config_place level_at;
    struct schema_list allow; /* int, as in levels */
    struct schema_list block;
};

struct options_people {
    const char *file; /* path, absolute once read */
    struct config_place file_at;
    struct schema_list may_open; /* int: enum category */
    struct schema_list may_use;  /* const char *: names of levels */
};

struct options_policy {
    struct config_place at;
    struct schema_list levels; /* struct options_level */
    struct schema_list groups; /* struct options_group */
    const char *default_level;
    struct config_place default_level_at;
    struct schema_list nxdomain; /* int, as in levels */
    int zone_answers;            /* 0 as listed, 1 the notice page */
    const char *restricted_level;
    struct config_place restricted_level_at;
    struct options_calendar calendar;
    struct schema_list schedules; /* struct options_schedule */
    struct options_people people;
    const char *reasons; /* as people.file */
    int user_names;      /* enum policy_users */
    struct schema_list protected_help;
};

struct options_dnstap {
    const char *socket; /* NULL: nothing is told */
    const char *identity;
    const char *version;
    struct schema_list messages; /* int: index in options_dnstap_messages */
};

extern const char *const options_dnstap_messages[];

struct options_safe_search {
    bool shipped;
    struct schema_list engines; /* struct options_search */
};

extern const char *const options_safe_modes[]; /* enum policy_safe_mode */

struct options_decision_right {
    struct config_place at;
    const char *role;
    struct schema_list may;        /* int: index in options_decisions_may */
    int64_t longest_ms;            /* 0: as long as anybody may */
    struct schema_list groups;     /* const char * */
    struct schema_list categories; /* int */
    bool approval;
};

struct options_decisions {
    int64_t allow_for_ms, allow_max_ms, grant_max_ms, suspend_max_ms, review_after_ms;
    struct schema_list grant_never; /* int: enum category */
    struct schema_list rights;      /* struct options_decision_right */
};

extern const char *const options_decisions_may[];

struct options {
    const char *state_dir;
    struct schema_list listen; /* struct endpoint */
    struct config_place listen_at;
    int64_t workers;
    struct schema_list access; /* struct prefix */
    struct config_place access_at;
    struct schema_list upstreams; /* struct options_server */
    const char *upstream_ca;
    struct options_recursion recursion;
    struct schema_list zones;   /* struct options_zone */
    struct schema_list records; /* struct options_record */
    struct schema_list block;   /* const uint8_t *, as in the next two */
    struct schema_list allow;
    struct schema_list protected_help;
    struct schema_list learning_platform;
    bool special_use;
    bool rebinding_check;
    struct {
        bool firefox;
        bool private_relay;
    } canaries;
    struct options_safe_search safe_search;
    struct options_policy policy;
    struct {
        struct ipaddr ipv4, ipv6; /* all zero: none */
        int64_t ttl_ms;
        struct schema_list listen; /* struct endpoint */
        const char *school;
        const char *contact;
        struct schema_list hosts; /* const uint8_t * */
        const char *templates;
        const char *help_file;
        const char *inbox;
        int64_t inbox_bytes;
    } notice;
    struct {
        struct config_place at;
        int64_t option_code; /* 0: none */
        bool empty_ede;
        bool encrypted_only;
        struct schema_list contact; /* const char *: URIs */
        const char *justification;
        const char *organisation; /* NULL: notice.school */
        const char *language;
    } structured_errors;
    struct {
        int64_t bytes;
        int64_t min_ttl_ms, max_ttl_ms, negative_ttl_ms, failure_ttl_ms, failure_ttl_max_ms;
        bool nxdomain_cut;
        bool serve_stale;
        int64_t stale_max_ms, stale_after_ms;
    } cache;
    struct {
        int64_t client_timeout_ms, upstream_timeout_ms;
        int64_t pending, pending_per_client;
        int64_t client_rate, client_burst;
        struct schema_list unlimited; /* struct prefix */
        int64_t tcp_clients, tcp_per_client, tcp_idle_ms;
    } limits;
    struct {
        bool enabled;
        const char *dir;
        const char *node;
        int64_t journal_bytes, segment_bytes, segment_age_ms;
        int64_t retention_ms, retention_bytes, retention_free;
        bool compact;
        int64_t fsync_ms, backlog_bytes;
        const char *memory; /* "auto", "off" or a path */
        const char *key;
        bool seal;
        const char *day_keys;
        int64_t identity_ms;
        bool pack_approval;
    } log;
    struct options_shipping shipping;
    struct options_dnstap dnstap;
    struct options_identity identity;
    struct {
        const char *certificate;
        const char *key;
        struct schema_list dot; /* struct endpoint, as in the next */
        struct schema_list doh;
        struct config_place doh_path_at;
        const char *doh_path;
        const uint8_t *name; /* wire; NULL: none */
    } tls;
    struct {
        const char *socket;
    } control;
    struct {
        struct schema_list listen; /* struct endpoint */
        struct schema_list access; /* struct prefix */
    } metrics;
    struct {
        const char *dir;
    } blocklist;
    struct options_decisions decisions;
    struct schema_list operators; /* struct options_operator */
    struct schema_list rights;    /* struct options_right */
    struct options_change change_control;
    struct options_ledger ledger;
    struct options_mail mail;
    struct schema_list webhooks;   /* struct options_webhook */
    struct schema_list syslog;     /* struct options_syslog */
    struct schema_list recipients; /* struct options_recipient */
    struct options_alerts alerts;
    struct options_reports reports;
};

/* The table of struct options. */
extern const struct schema_option options_table[];
/* ... and that of struct options_recursion, a part of it. */
extern const struct schema_option options_recursion_fields[];

/* A part of it, of struct options_policy (options_policy.c). */
extern const struct schema_option options_policy_fields[];

/* A part of it, of struct options_decisions (options_decisions.c). */
extern const struct schema_option options_decisions_fields[];

/* A part of it, of struct options_dnstap (options_dnstap.c). */
extern const struct schema_option options_dnstap_fields[];
/* ... and of struct options_safe_search. */
extern const struct schema_option options_safe_search_fields[];

#endif
