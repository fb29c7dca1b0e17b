/*
 * The configuration of a Belisha: files in, the filled opts structs of the modules out.
 *
 * Several files are laid over each other: later ones override single values, replace lists and merge mappings. No file
 * at all is valid: every option has a default. docs/reference/config.md describes the options, options.c defines them.
 *
 * Paths in the files are relative to state_dir, but `policy: FILE` is relative to the file that names it.
 *
 * Memory: everything a struct config points to belongs to it. Threads: immutable once loaded; any thread may read.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "cache/cache.h"
#include "change/rules.h"
#include "config/alerting.h"
#include "config/errors.h"
#include "config/shipping.h"
#include "config/reporting.h"
#include "control/people_report.h"
#include "control/rights.h"
#include "dnstap/tap.h"
#include "identity/claim.h"
#include "lease/silence.h"
#include "lease/source.h"
#include "ledger/ledger.h"
#include "policy/policy.h"
#include "qlog/writer.h"
#include "query/query.h"
#include "radius/nas.h"
#include "recursion/recursion.h"
#include "session/logon.h"
#include "session/token.h"
#include "roles/roles.h"

struct arena;
struct yaml_node;

struct config_limits {
    size_t tcp_clients;    /* TCP connections at once, over all workers */
    size_t tcp_per_client; /* ... of one client address */
    int64_t tcp_idle_ms;   /* a connection without a question is closed */
};

/* Encrypted DNS for clients. */
struct config_tls {
    const char *certificate; /* NULL when nothing listens */
    const char *key;
    const struct endpoint *dot; /* DNS over TLS */
    size_t dot_count;
    const struct endpoint *doh; /* DNS over HTTPS */
    size_t doh_count;
    const char *doh_path;
};

/* Where programs that watch may read figures and health. */
struct config_metrics {
    const struct endpoint *listen;
    size_t listen_count;
    const struct prefix *access;
    size_t access_count;
};

/* policy.version is a fingerprint, of a policy that has not been in force. */
#define CONFIG_NO_VERSION (UINT32_C(1) << 31)

#define CONFIG_METRICS_LISTEN_MAX 16

/* The page that a blocked name leads to (belisha-notice). */
struct config_notice {
    const struct endpoint *listen;
    size_t listen_count;
    const char *school;       /* its name on the page; NULL: not said */
    const char *contact;      /* whom to tell, e.g. "Mrs Okafor, room 12"; NULL: "a member of staff" */
    const char *const *hosts; /* the page's own host names, lower-case text without closing dot */
    size_t host_count;
    const char *template_dir; /* NULL: the shipped ones */
    const char *help_file;    /* help services; NULL: the shipped ones */
    const char *inbox_dir;    /* the only thing belisha-notice writes */
    uint64_t inbox_bytes;     /* the inbox never grows beyond */
};

/* What the people file says of a person beside the rules (policy.people has those), in the same order. */
struct config_person {
    const char *year; /* each NULL: not said */
    const char *notes;
    const char *sponsor;
    const char *purpose;
    unsigned line; /* of the file */
};

/* Who is behind an address (identity/). */
struct config_identity {
    const struct claim *devices; /* that the school knows: CLAIM_STATIC */
    size_t device_count;
    bool believe_host_names;
    const struct prefix *shared;
    size_t shared_count;
    const char *loans;           /* the register of devices that are lent; NULL: there is none */
    const char *roster;          /* <state_dir>/state/roster */
    const char *presence_public; /* <state_dir>/state/presence.public */
};

/* What DHCP servers tell of devices (lease/). */
struct config_leases {
    const struct lease_source *sources;
    size_t source_count;
    struct silence_opts silence;
    bool silence_in_lessons; /* it counts in lessons of policy.calendar only */
};

/* Who may say by RADIUS who is where. */
struct config_radius {
    const struct endpoint *listen; /* none: nobody */
    size_t listen_count;
    const struct radius_nas_opts *nas;
    size_t nas_count;
};

/* ... and by the local API. */
struct config_api {
    const struct endpoint *listen; /* HTTPS */
    size_t listen_count;
    const char *socket; /* NULL: none */
    unsigned socket_mode;
    const uint32_t *uids; /* who may use the socket */
    size_t uid_count;
    const struct token_opts *tokens;
    size_t token_count;
    struct logon_limits limits;
};

#define CONFIG_RADIUS_LISTEN_MAX 16
#define CONFIG_API_LISTEN_MAX    16

struct config {
    const char *state_dir;
    const char *blocklist_dir;   /* `current` in it leads to the generation in force */
    const char *generation_path; /* <blocklist_dir>/current */
    const char *statutory_path;  /* <blocklist_dir>/statutory/current: no option can lead away from it */
    const char *control_socket;
    const char *decisions_dir;               /* <state_dir>/state */
    const char *decisions_path;              /* the docket in it (decision/docket.h) */
    const char *decisions_public;            /* what of it is for everyone */
    struct decide_opts decide;               /* who may decide what, for how long */
    const uint8_t *const *learning_platform; /* stays open to who is paused, with all below; wire, lower case */
    size_t learning_platform_count;
    struct ledger ledger;
    struct roles roles;
    struct rules change;
    const char *policy_dir;  /* <state_dir>/state/policy: texts and history of the policy */
    const char *policy_text; /* of the policy that is loaded */
    size_t policy_text_len;

    const struct endpoint *listen; /* UDP and TCP each */
    size_t listen_count;
    unsigned workers; /* at least 1 */

    struct query_opts query; /* cookie_secret is left zero: main draws it */
    struct policy_opts policy;
    struct calendar calendar; /* policy.calendar */
    const char *time_zone;    /* its name; NULL: this machine's own */
    const char *people_path;  /* NULL: there is no people file */
    const char *reasons_path; /* NULL: nor one of reasons; no daemon reads it */
    const struct config_person *people;
    struct people_report people_report;
    struct cache_opts cache; /* secret is left zero: main draws it */
    bool log_enabled;
    bool log_pack_approval; /* `belisha log pack` needs a second person */
    struct qlog_opts log;   /* writer_count = workers; the name callbacks are left NULL: main knows them */
    const char *tap_socket; /* NULL: nothing is told by dnstap */
    struct tap_opts tap;
    struct config_limits limits;
    struct config_metrics metrics;
    struct config_notice notice;
    struct config_tls tls;
    struct recursion_opts recursion;
    struct config_identity identity;
    struct config_leases leases;
    struct config_radius radius;
    struct config_api api;
    struct config_delivery delivery;
    struct config_alerts alerts;
    struct config_shipping shipping;
    struct config_reports reports;
    const char *sessions_path; /* <state_dir>/state/sessions (session/session_journal.h) */
    bool needs_trust;          /* an upstream server is asked over TLS */
    const char *upstream_ca;   /* file of the roots it must lead to; NULL: the system's */

    const uint8_t *const *protected_help; /* shipped and added names, wire, lower case: they cover what is below them */
    size_t protected_help_count;

    struct query_server *servers; /* query.servers, for config_keep_meters() */

    struct arena *arena;          /* owns all of the above */
    const struct yaml_node *tree; /* the merged text, for config_write() */
};

/* Which policy is loaded. */
enum config_policy_kind {
    CONFIG_POLICY_IN_FORCE, /* that of the files, or, with change control, the version in force */
    CONFIG_POLICY_FILES,    /* that of the files, whatever is in force */
    CONFIG_POLICY_TEXT,     /* this text: a policy, or a version's text */
};

struct config_policy {
    enum config_policy_kind kind;
    const char *name; /* TEXT: stands in messages; paths in the text are relative to it */
    const char *text;
    size_t text_len;
};

/* As config_load(), with this policy. */
ERR_CHECKED int config_load_policy(const char *const files[], size_t count, const struct config_policy *policy,
                                   struct config **out, struct config_errors *errors);

/* Writes the text of its policy, by which it is a version of it. */
void config_write_policy(const struct config *config, FILE *to);
/* Writes who may change what, for the ledger. */
void config_write_rights(const struct config *config, FILE *to);

/*
 * Loads count files (0: defaults only). ERR_CONFIG: errors says why; ERR_NOMEM. errors must be valid and is only added
 * to. Reads /etc/resolv.conf where no upstreams are configured.
 */
ERR_CHECKED int config_load(const char *const files[], size_t count, struct config **out, struct config_errors *errors);
void config_free(struct config *config);

/* Times are told to people, and read from them, by the school's clocks from now on, wherever the machine thinks it is.
 * Sets TZ, so: before there is any other thread. */
void config_use_time_zone(const struct config *config);

/*
 * Opens what config->tls and upstream_ca name, as belishad does when it starts. why: TLS_WHY_MAX bytes, gets a sentence.
 * ERR_CONFIG, ERR_NOENT, ERR_NOMEM; ERR_ACCESS: this user may not read a file, which says nothing about belishad's.
 */
ERR_CHECKED int config_check_certificates(const struct config *config, char *why);

/*
 * Reads the secrets and tokens that config->radius and api name. why: SECRET_WHY_MAX bytes, gets a sentence. Errors of
 * secret_read(), ERR_NOMEM.
 */
ERR_CHECKED int config_load_secrets(const struct config *config, struct radius_nas_table **out_nas,
                                    struct token_table **out_tokens, char *why);
/* The same for who only wants to know whether they are good. */
ERR_CHECKED int config_check_secrets(const struct config *config, char *why);

/*
 * Gives each server the meter (query_server.meter) that it had in `before`, and a new one the number of none that was in use
 * there. Call it before anything uses config.
 */
void config_keep_meters(struct config *config, const struct config *before);

/* Writes the effective values as YAML. */
void config_write(const struct config *config, FILE *to);

#endif
