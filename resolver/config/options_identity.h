/*
 * The options of `identity` in belisha.yaml as they are written.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_OPTIONS_IDENTITY_H
#define CONFIG_OPTIONS_IDENTITY_H

#include "base/ipaddr.h"
#include "config/options_leases.h"
#include "config/options_sessions.h"
#include "config/schema.h"

/* A device that the school knows. */
struct options_device {
    struct config_place at;
    uint8_t mac[6];        /* all zero: not given */
    struct ipaddr address; /* the same */
    const char *cpe_id;
    const char *name;
    const char *user;
};

/* A forwarder that speaks for its clients. */
struct options_forwarder {
    struct config_place at;
    struct schema_list networks; /* struct prefix */
    struct schema_list believe;  /* int: index in options_forwarder_words */
};

struct options_identity {
    struct schema_list devices; /* struct options_device */
    int host_names;             /* 0: ignored, 1: believed */
    struct schema_list shared;  /* struct prefix */
    const char *loans;
    struct schema_list forwarders; /* struct options_forwarder */
    struct schema_list leases;     /* struct options_lease */
    struct options_silence silence;
    struct options_radius radius;
    struct options_api api;
};

enum options_forwarder_word { OPTIONS_BELIEVE_MAC, OPTIONS_BELIEVE_SUBNET, OPTIONS_BELIEVE_CPE_ID };

/* A part of the table of belisha.yaml, of struct options_identity. */
extern const struct schema_option options_identity_fields[];

#endif
