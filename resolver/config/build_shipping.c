/* Where rows of the query log are sent to. */
#include <string.h>

#include "base/endpoint.h"
#include "config/build.h"
#include "config/shipping.h"

#define SITE_MAX 64 /* bytes */

/* Of a site: what a token is made of must not stand in it. */
static bool is_word(const char *text, size_t max)
{
    size_t len = strlen(text);
    return len <= max && strcspn(text, "/: \t\"\\") == len;
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= DESTINATION_NAME_MAX && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* A path below the state folder. NULL stays NULL. */
static int path_in(struct build *b, const char *path, const char **out)
{
    *out = build_path(b, path);
    return path != NULL && *out == NULL ? ERR_NOMEM : 0;
}

/* ---- what is wrong ---- */

static void check_names(struct build *b, const struct options_destination *all, size_t i)
{
    if (!is_name(all[i].name))
        config_errors_add(b->errors, &all[i].at,
                          "the name of a destination has small letters, digits and hyphens, at most %d of them: '%s'",
                          DESTINATION_NAME_MAX, all[i].name);
    for (size_t k = 0; k < i; k++)
        if (strcmp(all[k].name, all[i].name) == 0)
            config_errors_add(b->errors, &all[i].at, "destination '%s' is given twice, first in line %u", all[i].name,
                              all[k].at.line);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool address_is_good(int kind, const char *text)
{
    if (kind == DESTINATION_CLICKHOUSE) /* what is asked comes behind it */
        return (begins(text, "https://") || begins(text, "http://")) && strpbrk(text, "@?# ") == NULL;
    if (kind == DESTINATION_SYSLOG)
        return begins(text, "tls://") || begins(text, "tcp://");
    return strchr(text, ':') != NULL && strstr(text, "://") == NULL;
}

static void check_addresses(struct build *b, const struct options_destination *o)
{
    static const char *const expected[] = {"https://HOST:PORT", "HOST:PORT", "tls://HOST:PORT or tcp://HOST:PORT"};
    const char *const *items = o->addresses.items;
    if (o->addresses.count == 0)
        config_errors_add(b->errors, &o->at, "destination '%s' has no address", o->name);
    for (size_t i = 0; i < o->addresses.count; i++)
        if (!address_is_good(o->kind, items[i]))
            config_errors_add(b->errors, &o->addresses.places[i], "'%s' must be %s", items[i], expected[o->kind]);
}

/* "rows", "belisha.rows": it becomes a part of a statement. */
static void check_table(struct build *b, const struct options_destination *o)
{
    static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    if (strspn(o->table, bytes) != strlen(o->table))
        config_errors_add(b->errors, &o->at, "table '%s' must be letters, digits and _, such as belisha.rows",
                          o->table);
}

static bool kafka_is_encrypted(const struct options_destination *o)
{
    const char *const *values = o->settings.items;
    for (size_t i = 0; i < o->settings.count; i++)
        if (strcmp(o->settings.keys[i], "security.protocol") == 0)
            return strcasecmp(values[i], "ssl") == 0 || strcasecmp(values[i], "sasl_ssl") == 0;
    return false;
}

static bool is_encrypted(const struct options_destination *o)
{
    const char *const *items = o->addresses.items;
    if (o->kind == DESTINATION_KAFKA)
        return kafka_is_encrypted(o);
    for (size_t i = 0; i < o->addresses.count; i++)
        if (!begins(items[i], o->kind == DESTINATION_SYSLOG ? "tls://" : "https://"))
            return false;
    return true;
}

/* http://127.0.0.1:8123: what is said there stays on this machine. */
static bool is_here(const struct options_destination *o)
{
    const char *const *items = o->addresses.items;
    for (size_t i = 0; i < o->addresses.count; i++)
        if (!begins(items[i], "https://") && !endpoint_is_url(items[i]))
            return false;
    return true;
}

static void check_password(struct build *b, const struct options_destination *o)
{
    if (o->kind == DESTINATION_CLICKHOUSE && o->password != NULL && !is_here(o))
        config_errors_add(b->errors, &o->at, "destination '%s' would say its password in clear: https://... is needed",
                          o->name);
}

static void check_identities(struct build *b, const struct options_destination *o)
{
    if (o->identities == IDENTITIES_PSEUDONYM && o->pseudonym_key == NULL)
        config_errors_add(b->errors, &o->at,
                          "destination '%s' needs a pseudonym_key (belisha log ship --make-key FILE), or "
                          "`identities: none`",
                          o->name);
    if (o->identities != IDENTITIES_FULL)
        return;
    if (o->reason == NULL)
        config_errors_add(b->errors, &o->at, "destination '%s' sends names: `reason` must say why", o->name);
    if (!is_encrypted(o))
        config_errors_add(b->errors, &o->at, "destination '%s' sends names: it must be reached by TLS (%s)", o->name,
                          o->kind == DESTINATION_KAFKA    ? "settings: { security.protocol: SSL }"
                          : o->kind == DESTINATION_SYSLOG ? "tls://..."
                                                          : "https://...");
}

/* ---- what is taken over ---- */

static int fill_settings(struct build *b, const struct schema_list *list, bool paths,
                         const struct destination_setting **out)
{
    const char *const *values = list->items;
    struct destination_setting *settings = arena_alloc(b->arena, (list->count + 1) * sizeof *settings);
    if (settings == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        settings[i] = (struct destination_setting){.key = list->keys[i], .value = values[i]};
        if (paths && path_in(b, values[i], &settings[i].value) < 0)
            return ERR_NOMEM;
    }
    *out = settings;
    return 0;
}

static int fill_files(struct build *b, const struct options_destination *o, struct destination *out)
{
    if (path_in(b, o->password, &out->password_file) < 0 || path_in(b, o->ca, &out->ca_file) < 0 ||
        path_in(b, o->pseudonym_key, &out->pseudonym_file) < 0 ||
        fill_settings(b, &o->settings, false, &out->settings) < 0 ||
        fill_settings(b, &o->secrets, true, &out->secrets) < 0)
        return ERR_NOMEM;
    out->setting_count = o->settings.count;
    out->secret_count = o->secrets.count;
    return 0;
}

static int fill_destination(struct build *b, const struct options_destination *o, struct destination *out)
{
    check_addresses(b, o);
    check_table(b, o);
    check_password(b, o);
    check_identities(b, o);
    *out = (struct destination){.name = o->name,
                                .kind = (enum destination_kind)o->kind,
                                .addresses = o->addresses.items,
                                .address_count = o->addresses.count,
                                .table = o->table,
                                .topic = o->topic,
                                .user = o->user,
                                .identities = (enum destination_identities)o->identities,
                                .reason = o->reason,
                                .blocked_only = o->rows == 1,
                                .timeout_ms = o->timeout_ms,
                                .alarm_after_s = o->alarm_after_ms / 1000,
                                .keep_until_shipped_s = o->keep_ms / 1000};
    return fill_files(b, o, out);
}

int build_shipping(struct build *b)
{
    const struct options_shipping *o = &b->options->shipping;
    const struct options_destination *items = o->destinations.items;
    struct destination *made = arena_alloc(b->arena, (o->destinations.count + 1) * sizeof *made);
    if (made == NULL)
        return ERR_NOMEM;
    if (o->site != NULL && !is_word(o->site, SITE_MAX))
        config_errors_add(b->errors, &o->site_at, "site is at most %d bytes without blanks, slashes and colons: '%s'",
                          SITE_MAX, o->site);
    if (o->destinations.count > CONFIG_DESTINATIONS_MAX)
        config_errors_add(b->errors, &items[CONFIG_DESTINATIONS_MAX].at, "more than %d destinations",
                          CONFIG_DESTINATIONS_MAX);
    for (size_t i = 0; i < o->destinations.count; i++) {
        check_names(b, items, i);
        if (fill_destination(b, &items[i], &made[i]) < 0)
            return ERR_NOMEM;
    }
    b->config->shipping =
        (struct config_shipping){.site = o->site, .destinations = made, .count = o->destinations.count};
    return 0;
}
