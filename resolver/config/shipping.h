/*
 * Where rows of the query log are sent to (`belisha log ship`), as `shipping` in belisha.yaml says it.
 *
 * Memory: in the configuration's arena. Threads: pure data.
 */
#ifndef CONFIG_SHIPPING_H
#define CONFIG_SHIPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_DESTINATIONS_MAX 16
#define DESTINATION_NAME_MAX    32 /* bytes; it names a file and a systemd unit */

enum destination_kind { DESTINATION_CLICKHOUSE, DESTINATION_KAFKA, DESTINATION_SYSLOG };

/* What of who asked leaves the school. */
enum destination_identities { IDENTITIES_NONE, IDENTITIES_PSEUDONYM, IDENTITIES_FULL };

struct destination_setting {
    const char *key;
    const char *value; /* of a secret: the path of its file */
};

struct destination {
    const char *name;
    enum destination_kind kind;
    const char *const *addresses; /* at least one */
    size_t address_count;
    const char *table; /* ClickHouse */
    const char *topic; /* Kafka */
    const char *user;  /* NULL: none */
    const char *password_file;
    const char *ca_file; /* NULL: the system's */
    enum destination_identities identities;
    const char *pseudonym_file; /* the key that pseudonyms are made with */
    const char *reason;         /* why names leave; NULL: none is given */
    bool blocked_only;
    int64_t timeout_ms;
    int64_t alarm_after_s;                      /* so old may the oldest row be that has not arrived */
    int64_t keep_until_shipped_s;               /* so long does retention wait for it; 0: it does not */
    const struct destination_setting *settings; /* of librdkafka */
    size_t setting_count;
    const struct destination_setting *secrets; /* the same, values in files */
    size_t secret_count;
};

struct config_shipping {
    const char *site; /* the school's name in a region's tables; NULL: none is given */
    const struct destination *destinations;
    size_t count;
};

#endif
