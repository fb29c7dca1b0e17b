/* The kinds of single values that every table may use. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/category.h"
#include "base/ipaddr.h"
#include "config/schema.h"
#include "dns/name.h"

static int check_range(const struct schema_option *option, int64_t value)
{
    if (option->min == 0 && option->max == 0)
        return 0;
    return value < option->min || value > option->max ? ERR_LIMIT : 0;
}

/* ---- bool ---- */

static int bool_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    static const char *const on[] = {"true", "yes", "on"};
    static const char *const off[] = {"false", "no", "off"};
    (void)option;
    (void)arena;
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        if (strcasecmp(text, on[i]) == 0 || strcasecmp(text, off[i]) == 0) {
            *(bool *)out = strcasecmp(text, on[i]) == 0;
            return 0;
        }
    }
    return ERR_MALFORMED;
}

const struct schema_type schema_bool = {
    .name = "bool", .expect = "true or false", .size = sizeof(bool), .parse = bool_parse};

/* ---- numbers with and without unit ---- */

struct unit {
    const char *name;
    int64_t factor;
};

/* text: digits and one of the units. ERR_LIMIT when it does not fit. */
static int number_parse(const char *text, const struct unit units[], int64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return ERR_MALFORMED;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    for (size_t i = 0; units[i].name != NULL; i++) {
        if (strcasecmp(end, units[i].name) != 0)
            continue;
        int64_t value;
        if (errno == ERANGE || __builtin_mul_overflow(number, units[i].factor, &value))
            return ERR_LIMIT;
        *out = value;
        return 0;
    }
    return ERR_MALFORMED;
}

static int ranged_parse(const char *text, const struct unit units[], const struct schema_option *option, void *out)
{
    int64_t value;
    int rc = number_parse(text, units, &value);
    if (rc == 0)
        rc = check_range(option, value);
    if (rc == 0)
        *(int64_t *)out = value;
    return rc;
}

static int int_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    static const struct unit units[] = {{"", 1}, {NULL, 0}};
    (void)arena;
    return ranged_parse(text, units, option, out);
}

static int duration_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    static const struct unit units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},     {"min", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {"w", 604800000}, {NULL, 0}};
    static const struct unit bare_zero[] = {{"", 1}, {NULL, 0}};
    (void)arena;
    return ranged_parse(text, strcmp(text, "0") == 0 ? bare_zero : units, option, out);
}

static int bytes_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    static const struct unit units[] = {{"", 1},           {"B", 1},           {"K", 1 << 10},   {"KB", 1 << 10},
                                        {"KiB", 1 << 10},  {"M", 1 << 20},     {"MB", 1 << 20},  {"MiB", 1 << 20},
                                        {"G", 1 << 30},    {"GB", 1 << 30},    {"GiB", 1 << 30}, {"T", 1LL << 40},
                                        {"TB", 1LL << 40}, {"TiB", 1LL << 40}, {NULL, 0}};
    (void)arena;
    return ranged_parse(text, units, option, out);
}

const struct schema_type schema_int = {
    .name = "number", .expect = "a whole number", .size = sizeof(int64_t), .parse = int_parse};
const struct schema_type schema_duration = {.name = "duration",
                                            .expect = "a duration such as 500ms, 10s, 2h or 14d",
                                            .size = sizeof(int64_t),
                                            .parse = duration_parse};
const struct schema_type schema_bytes = {
    .name = "size", .expect = "a size such as 4096, 64MiB or 2GiB", .size = sizeof(int64_t), .parse = bytes_parse};

/* ---- texts and words ---- */

static int string_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    if (*text == '\0')
        return ERR_MALFORMED;
    char *copy = arena_text(arena, text, strlen(text));
    if (copy == NULL)
        return ERR_NOMEM;
    *(const char **)out = copy;
    return 0;
}

static const char *option_word(const struct schema_option *option, size_t i)
{
    return option->words[i];
}

static int word_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)arena;
    for (int i = 0; option->words[i] != NULL; i++) {
        if (strcmp(text, option->words[i]) == 0) {
            *(int *)out = i;
            return 0;
        }
    }
    return ERR_MALFORMED;
}

static const char *category_word(const struct schema_option *option, size_t i)
{
    (void)option;
    return i < CATEGORY_MAX ? category_name((unsigned)i) : NULL;
}

static int category_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    int id = category_from_name(text, strlen(text));
    if (id < 0)
        return ERR_MALFORMED;
    *(int *)out = id;
    return 0;
}

const struct schema_type schema_string = {
    .name = "text", .expect = "a text that is not empty", .size = sizeof(const char *), .parse = string_parse};
const struct schema_type schema_word = {
    .name = "word", .expect = NULL, .size = sizeof(int), .parse = word_parse, .word = option_word};
const struct schema_type schema_category = {
    .name = "category", .expect = "a category", .size = sizeof(int), .parse = category_parse, .word = category_word};

/* ---- addresses and names ---- */

static int family_parse(const char *text, bool v4, void *out)
{
    struct ipaddr address;
    int rc = ipaddr_from_text(text, &address);
    if (rc < 0)
        return rc;
    if (ipaddr_is_v4(&address) != v4)
        return ERR_MALFORMED;
    memcpy(out, &address, sizeof address);
    return 0;
}

static int ipv4_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    return family_parse(text, true, out);
}

static int ipv6_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    return family_parse(text, false, out);
}

static int endpoint_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)arena;
    return endpoint_from_text(text, option->port, out);
}

static int prefix_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    return prefix_from_text(text, out);
}

static int name_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    uint8_t wire[NAME_MAX_LEN];
    (void)option;
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at == '/' || *at == '*' || (unsigned char)*at >= 0x7f)
            return ERR_MALFORMED; /* '*' would be a label of that name, and cover nothing that was meant */
    int len = name_from_text(text, strlen(text), wire);
    if (len < 0)
        return ERR_MALFORMED;
    name_lower(wire, wire, (size_t)len);
    uint8_t *copy = arena_copy(arena, wire, (size_t)len);
    if (copy == NULL)
        return ERR_NOMEM;
    *(const uint8_t **)out = copy;
    return 0;
}

const struct schema_type schema_ipv4 = {.name = "IPv4 address",
                                        .expect = "an IPv4 address such as 10.0.0.53",
                                        .size = sizeof(struct ipaddr),
                                        .parse = ipv4_parse};
const struct schema_type schema_ipv6 = {.name = "IPv6 address",
                                        .expect = "an IPv6 address such as fd00::53",
                                        .size = sizeof(struct ipaddr),
                                        .parse = ipv6_parse};
const struct schema_type schema_endpoint = {
    .name = "address:port",
    .expect = "an address such as 10.0.0.53, 127.0.0.1:5353, [::1]:53 or, with an interface that is there, "
              "[fe80::1%eth0]:53",
    .size = sizeof(struct endpoint),
    .parse = endpoint_parse};
const struct schema_type schema_prefix = {.name = "network",
                                          .expect =
                                              "a network such as 10.20.0.0/16 or fd00::/8 (no bits set behind it)",
                                          .size = sizeof(struct prefix),
                                          .parse = prefix_parse};
const struct schema_type schema_name = {
    .name = "domain",
    .expect = "a domain name such as www.school.example (no wildcard, international ones as xn--)",
    .size = sizeof(const uint8_t *),
    .parse = name_parse};

const struct schema_type schema_place = {
    .name = "place", .expect = "", .size = sizeof(struct config_place), .parse = NULL};
