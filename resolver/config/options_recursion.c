/* The options of our own recursion, `recursion` in belisha.yaml. */
#include <stddef.h>

#include "config/kinds.h"
#include "config/options.h"

#define MIB (INT64_C(1) << 20)
#define GIB (1024 * MIB)

#define RECURSION(member)                                                                                              \
    .offset = offsetof(struct options_recursion, member),                                                              \
    .place_offset = offsetof(struct options_recursion, member##_at)

const struct schema_option options_recursion_fields[] = {
    {.key = "program",
     .type = &schema_string,
     RECURSION(program),
     .fallback = "/usr/sbin/unbound",
     .help = "path of unbound, with unbound-checkconf beside it"},
    {.key = "validate",
     .type = &schema_bool,
     .offset = offsetof(struct options_recursion, validate),
     .fallback = "true",
     .help = "check signatures (DNSSEC): what is forged gets SERVFAIL"},
    {.key = "trust_anchor",
     .type = &schema_string,
     RECURSION(trust_anchor),
     .fallback = "/usr/share/dns/root.key",
     .help = "file of the root's keys to begin with; from there they are followed (RFC 5011)"},
    {.key = "insecure",
     .type = &schema_name,
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct options_recursion, insecure),
     .help = "zones whose signatures are not checked, with all names below them (RFC 7646)"},
    {.key = "root_hints",
     .type = &schema_string,
     RECURSION(root_hints),
     .help = "file of the root servers' addresses; without one, those built into unbound"},
    {.key = "ipv4",
     .type = &schema_bool,
     .offset = offsetof(struct options_recursion, ipv4),
     .fallback = "true",
     .help = "ask name servers over IPv4"},
    {.key = "ipv6", .type = &schema_bool, RECURSION(ipv6), .fallback = "true", .help = "ask name servers over IPv6"},
    {.key = "outgoing",
     .type = &kind_address,
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct options_recursion, outgoing),
     .help = "addresses of this machine to ask from; without one, the system's choice"},
    {.key = "memory",
     .type = &schema_bytes,
     .min = 4 * MIB,
     .max = 16 * GIB,
     .offset = offsetof(struct options_recursion, memory_bytes),
     .fallback = "64MiB",
     .help = "memory for what it learns of names, servers and keys; the process needs up to twice as much"},
    {.key = "threads",
     .type = &schema_int,
     .min = 1,
     .max = 64,
     .offset = offsetof(struct options_recursion, threads),
     .fallback = "1",
     .help = "threads that look for answers"},
    {0}};
