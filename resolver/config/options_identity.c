/* identity: who is behind an address. */
#include "config/options_identity.h"

#include <stddef.h>
#include <string.h>

#include "config/kinds.h"
#include "base/mac.h"

#define DEVICE(member)    .offset = offsetof(struct options_device, member)
#define FORWARDER(member) .offset = offsetof(struct options_forwarder, member)
#define IDENTITY(member)  .offset = offsetof(struct options_identity, member)

static int mac_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    return mac_from_text(text, strlen(text), out);
}

static const struct schema_type kind_mac = {.name = "MAC address",
                                            .expect = "the address of a network card such as 3c:22:fb:01:02:03",
                                            .size = MAC_LEN,
                                            .parse = mac_parse};

static const char *const ignored_or_believed[] = {"ignored", "believed", NULL};
static const char *const forwarder_words[] = {"mac", "subnet", "cpe_id", NULL}; /* enum options_forwarder_word */

static const struct schema_option device_options[] = {
    {.key = "", .type = &schema_place, DEVICE(at)},
    {.key = "mac", .type = &kind_mac, DEVICE(mac), .help = "its network card"},
    {.key = "address", .type = &kind_address, DEVICE(address), .help = "its IP address, where that never changes"},
    {.key = "cpe_id",
     .type = &schema_string,
     DEVICE(cpe_id),
     .help =
         "what a forwarder calls itself (dnsmasq's `--add-cpe-id`): all who are behind it and of whom nothing better "
         "is known"},
    {.key = "device", .type = &schema_string, DEVICE(name), .help = "the name by which the school knows it"},
    {.key = "user", .type = &schema_string, DEVICE(user), .help = "who uses it, when it is always the same person"},
    {0}};

static const struct schema_option forwarder_options[] = {
    {.key = "", .type = &schema_place, FORWARDER(at)},
    {.key = "networks",
     .type = &schema_prefix,
     .shape = SCHEMA_LIST,
     FORWARDER(networks),
     .required = true,
     .help = "its addresses"},
    {.key = "believe",
     .type = &schema_word,
     .shape = SCHEMA_LIST,
     .words = forwarder_words,
     FORWARDER(believe),
     .required = true,
     .help = "what it says: `mac` its clients' network cards, `subnet` their addresses, `cpe_id` its own name"},
    {0}};

const struct schema_option options_identity_fields[] = {
    {.key = "devices",
     .fields = device_options,
     .shape = SCHEMA_LIST,
     .item_size = sizeof(struct options_device),
     IDENTITY(devices),
     .help = "devices that the school knows, by card, address or name"},
    {.key = "host_names",
     .type = &schema_word,
     .words = ignored_or_believed,
     IDENTITY(host_names),
     .fallback = "ignored",
     .help = "whether a device is the one whose name it says, when it asks for a lease, that it has"},
    {.key = "shared_addresses",
     .type = &schema_prefix,
     .shape = SCHEMA_LIST,
     IDENTITY(shared),
     .help = "addresses that many people use at once (terminal servers, NAT): no question from there is anybody's"},
    {.key = "loans",
     .type = &schema_string,
     IDENTITY(loans),
     .help = "file with the register of devices that are lent (CSV: device, pupil, from, to)"},
    {.key = "forwarders",
     .fields = forwarder_options,
     .shape = SCHEMA_LIST,
     .item_size = sizeof(struct options_forwarder),
     IDENTITY(forwarders),
     .help = "DNS forwarders of the school that say whom they ask for"},
    {.key = "leases",
     .fields = options_lease_fields,
     .shape = SCHEMA_LIST,
     .item_size = sizeof(struct options_lease),
     IDENTITY(leases),
     .help = "where DHCP servers write which card they gave an address to"},
    {.key = "silence",
     .fields = options_silence_fields,
     IDENTITY(silence),
     .help = "devices that are there and ask nothing"},
    {.key = "radius",
     .fields = options_radius_fields,
     IDENTITY(radius),
     .help = "accounting of the school's Wi-Fi and switches (RFC 2866): who has logged on to the network"},
    {.key = "api",
     .fields = options_api_fields,
     IDENTITY(api),
     .help = "by which logon scripts and captive portals say who is where"},
    {0}};
