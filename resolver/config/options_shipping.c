/* shipping: where rows of the query log are sent to. */
#include "config/options_shipping.h"

#include <stddef.h>

#include "config/shipping.h"

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

#define AT(member)    .offset = offsetof(struct options_destination, member)
#define LIST_OF(kind) .type = &(kind), .shape = SCHEMA_LIST
#define PAIRS_OF(k)   .type = &(k), .shape = SCHEMA_PAIRS

static const char *const kinds[] = {"clickhouse", "kafka", "syslog", NULL};  /* enum destination_kind */
static const char *const identities[] = {"none", "pseudonym", "full", NULL}; /* enum destination_identities */
static const char *const all_or_blocked[] = {"all", "blocked", NULL};

static const struct schema_option destination_options[] = {
    {.key = "", .type = &schema_place, AT(at)},
    {.key = "name",
     .type = &schema_string,
     AT(name),
     .required = true,
     .help = "what it is called here: small letters, digits and hyphens"},
    {.key = "kind",
     .type = &schema_word,
     .words = kinds,
     AT(kind),
     .required = true,
     .help = "what is there: clickhouse, kafka or syslog"},
    {.key = "address",
     LIST_OF(schema_string),
     AT(addresses),
     .required = true,
     .help = "where: https://HOST:PORT of ClickHouse servers, HOST:PORT of Kafka brokers, tls://HOST:PORT or "
             "tcp://HOST:PORT of a syslog receiver; several are tried in turn"},
    {.key = "table",
     .type = &schema_string,
     AT(table),
     .fallback = "belisha.rows",
     .help = "ClickHouse: the table (docs/shipping.md)"},
    {.key = "topic", .type = &schema_string, AT(topic), .fallback = "belisha", .help = "Kafka: the topic"},
    {.key = "user", .type = &schema_string, AT(user), .help = "ClickHouse: the user"},
    {.key = "password", .type = &schema_string, AT(password), .help = "ClickHouse: the file with the user's password"},
    {.key = "ca",
     .type = &schema_string,
     AT(ca),
     .help = "a file with the roots that its certificate must lead to; without one, the system's"},
    {.key = "identities",
     .type = &schema_word,
     .words = identities,
     AT(identities),
     .fallback = "pseudonym",
     .help = "what of who asked leaves the school: none, pseudonym (one person is one number, without a name) or full"},
    {.key = "pseudonym_key",
     .type = &schema_string,
     AT(pseudonym_key),
     .help =
         "the file with the key of pseudonyms, the same in all schools of a trust (belisha log ship --make-key FILE)"},
    {.key = "reason",
     .type = &schema_string,
     AT(reason),
     .help = "why names leave the school: needed for `identities: full`, and kept in the ledger"},
    {.key = "rows",
     .type = &schema_word,
     .words = all_or_blocked,
     AT(rows),
     .fallback = "all",
     .help = "which rows are sent: all, or blocked ones only"},
    {.key = "timeout",
     .type = &schema_duration,
     .min = SECOND,
     .max = HOUR,
     AT(timeout_ms),
     .fallback = "60s",
     .help = "how long one batch may take before it is tried again"},
    {.key = "alarm_after",
     .type = &schema_duration,
     .min = 60 * SECOND,
     .max = 366 * DAY,
     AT(alarm_after_ms),
     .fallback = "6h",
     .help = "the oldest row that has not arrived may be so old before it is an alarm"},
    {.key = "keep_until_shipped",
     .type = &schema_duration,
     .min = 0,
     .max = 366 * DAY,
     AT(keep_ms),
     .fallback = "0",
     .help = "segments that have not arrived are left by retention until their newest row is so old; 0: it does not wait"},
    {.key = "settings",
     PAIRS_OF(schema_string),
     AT(settings),
     .help = "Kafka: further properties of librdkafka, such as security.protocol"},
    {.key = "secrets",
     PAIRS_OF(schema_string),
     AT(secrets),
     .help = "Kafka: properties whose values are in files, such as sasl.password"},
    {0}};

const struct schema_option options_shipping_fields[] = {
    {.key = "site",
     .type = &schema_string,
     .offset = offsetof(struct options_shipping, site),
     .place_offset = offsetof(struct options_shipping, site_at),
     .help = "this school's name in the region's tables; without one, `log.node`"},
    {.key = "destinations",
     .shape = SCHEMA_LIST,
     .fields = destination_options,
     .item_size = sizeof(struct options_destination),
     .offset = offsetof(struct options_shipping, destinations),
     .help = "where rows are sent to, each by a `belisha log ship` of its own"},
    {0}};
