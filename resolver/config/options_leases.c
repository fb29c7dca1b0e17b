/* identity.leases, identity.silence: what DHCP servers know of devices. */
#include "config/options_leases.h"

#include <assert.h>
#include <stddef.h>

#include "identity/hearing.h"
#include "lease/source.h"

#define MINUTE INT64_C(60000)

#define LEASE(kind)     .offset = offsetof(struct options_lease, paths) + (kind) * sizeof(const char *)
#define SILENCE(member) .offset = offsetof(struct options_silence, member)

static_assert(sizeof(((struct options_lease *)0)->paths) == LEASE_KINDS * sizeof(const char *), "a path for each kind");

static const char *const always_or_lessons[] = {"always", "lessons", NULL};

const struct schema_option options_lease_fields[] = {
    {.key = "", .type = &schema_place, .offset = offsetof(struct options_lease, at)},
    {.key = "kea",
     .type = &schema_string,
     LEASE(LEASE_KEA),
     .help = "a lease file of Kea's memfile, such as /var/lib/kea/kea-leases4.csv"},
    {.key = "isc",
     .type = &schema_string,
     LEASE(LEASE_ISC),
     .help = "a lease file of ISC DHCP, such as /var/lib/dhcp/dhcpd.leases"},
    {.key = "dnsmasq",
     .type = &schema_string,
     LEASE(LEASE_DNSMASQ),
     .help = "the lease file of dnsmasq, such as /var/lib/misc/dnsmasq.leases"},
    {.key = "kea_socket",
     .type = &schema_string,
     LEASE(LEASE_KEA_SOCKET),
     .help = "a control socket of Kea with its hook lease_cmds: for leases that are in a database"},
    {0}};

const struct schema_option options_silence_fields[] = {
    {.key = "report",
     .type = &schema_bool,
     SILENCE(report),
     .fallback = "false",
     .help = "report devices that renew their leases and ask nothing: perhaps they ask somebody else"},
    {.key = "after",
     .type = &schema_duration,
     .min = 10 * MINUTE,
     .max = (HEARING_STEPS - 2) * HEARING_STEP_MIN * MINUTE,
     SILENCE(after_ms),
     .fallback = "45m",
     .help = "how long one has asked nothing when it renews its lease"},
    {.key = "few",
     .type = &schema_int,
     .min = 0,
     .max = 6,
     SILENCE(few),
     .fallback = "0",
     .help = "in how many steps of five minutes it may have asked all the same"},
    {.key = "during",
     .type = &schema_word,
     .words = always_or_lessons,
     SILENCE(during),
     .place_offset = offsetof(struct options_silence, during_at),
     .fallback = "always",
     .help = "when silence counts: `always`, or in `lessons` of the policy's calendar"},
    {.key = "networks",
     .type = &schema_prefix,
     .shape = SCHEMA_LIST,
     SILENCE(networks),
     .help = "whose devices are reported; without any, all with a lease"},
    {.key = "except",
     .type = &schema_prefix,
     .shape = SCHEMA_LIST,
     SILENCE(except),
     .help = "... but for these: printers, door locks, screens"},
    {0}};
