#include "config/options_sessions.h"

#include <stddef.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define NAS(member)    .offset = offsetof(struct options_nas, member)
#define RADIUS(member) .offset = offsetof(struct options_radius, member)
#define TOKEN(member)  .offset = offsetof(struct options_token, member)
#define API(member)    .offset = offsetof(struct options_api, member)
#define LIST_OF(kind)  .type = &(kind), .shape = SCHEMA_LIST

static const char *const if_present_or_required[] = {"if-present", "required", NULL};
const char *const options_socket_modes[] = {"0600", "0660", "0666", NULL};

static const struct schema_option nas_options[] = {
    {.key = "", .type = &schema_place, NAS(at)},
    {.key = "name", .type = &schema_string, NAS(name), .required = true, .help = "its name in status and log"},
    {.key = "address",
     LIST_OF(schema_prefix),
     NAS(networks),
     .required = true,
     .help = "where it sends from: addresses or networks; the longest network of all entries decides"},
    {.key = "secret",
     .type = &schema_string,
     NAS(secret),
     .required = true,
     .help = "file of the secret that it shares with us; one that everybody may read is refused"},
    {.key = "message_authenticator",
     .type = &schema_word,
     .words = if_present_or_required,
     NAS(message_authenticator),
     .fallback = "if-present",
     .help = "whether a request must have a Message-Authenticator; one that is there must be right"},
    {.key = "lifetime",
     .type = &schema_duration,
     .min = MINUTE,
     .max = 31 * DAY,
     NAS(lifetime_ms),
     .help = "a session of which nothing is heard for so long is over; without one, radius.lifetime"},
    {0}};

const struct schema_option options_radius_fields[] = {
    {.key = "listen",
     LIST_OF(schema_endpoint),
     .port = 1813,
     RADIUS(listen),
     .help = "where accounting is taken; without an address, nowhere"},
    {.key = "lifetime",
     .type = &schema_duration,
     .min = MINUTE,
     .max = 31 * DAY,
     RADIUS(lifetime_ms),
     .fallback = "12h",
     .help = "a session of which nothing is heard for so long is over: three times the interval of Interim-Updates"},
    {.key = "nas",
     .shape = SCHEMA_LIST,
     .fields = nas_options,
     .item_size = sizeof(struct options_nas),
     RADIUS(nas),
     .help = "who may send it: access points, switches, controllers, RADIUS proxies"},
    {0}};

static const struct schema_option token_options[] = {
    {.key = "", .type = &schema_place, TOKEN(at)},
    {.key = "name", .type = &schema_string, TOKEN(name), .required = true, .help = "whose token it is, in status"},
    {.key = "file",
     .type = &schema_string,
     TOKEN(file),
     .required = true,
     .help = "file of the token, or of `sha256:` and its digest; one that everybody may read is refused"},
    {.key = "networks",
     LIST_OF(schema_prefix),
     TOKEN(networks),
     .help = "the addresses that it may speak for; without one, all"},
    {.key = "own_address",
     .type = &schema_bool,
     TOKEN(own_address),
     .fallback = "false",
     .help = "it may speak for the address only from which it calls: for scripts on the devices themselves"},
    {0}};

const struct schema_option options_api_fields[] = {
    {.key = "listen",
     LIST_OF(schema_endpoint),
     .port = 8443,
     API(listen),
     .help = "where it is served over HTTPS, with the certificate of tls.certificate; without an address, nowhere"},
    {.key = "socket",
     .type = &schema_string,
     API(socket),
     .help = "its Unix socket, for programs of this machine; without one, none"},
    {.key = "socket_mode",
     .type = &schema_word,
     .words = options_socket_modes,
     API(socket_mode),
     .fallback = "0660",
     .help = "the rights of its file: who may connect; 0600, 0660 or 0666"},
    {.key = "users",
     LIST_OF(schema_string),
     API(users),
     .fallback = "[root]",
     .help = "users of this machine who may use the socket, by name or number"},
    {.key = "ttl",
     .type = &schema_duration,
     .min = MINUTE,
     .max = 31 * DAY,
     API(ttl_ms),
     .place_offset = offsetof(struct options_api, ttl_at),
     .fallback = "10h",
     .help = "how long a logon holds when nobody says so"},
    {.key = "ttl_max",
     .type = &schema_duration,
     .min = MINUTE,
     .max = 31 * DAY,
     API(ttl_max_ms),
     .fallback = "24h",
     .help = "how long it holds at most"},
    {.key = "tokens",
     .shape = SCHEMA_LIST,
     .fields = token_options,
     .item_size = sizeof(struct options_token),
     API(tokens),
     .help = "who may use it over HTTPS"},
    {0}};
