#include "config/kinds.h"

#include <string.h>

#include "base/category.h"
#include "config/options.h"
#include "policy/calendar.h"
#include "tls/trust.h"

#define LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define URI_BYTES    LETTERS "0123456789-._~:/?#[]@!$&'()*+,;=%" /* RFC 3986, 2 */
#define LANGUAGE_MAX 35                                          /* RFC 5646, 4.4.1 */

static int server_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    struct options_server_address *address = out;
    (void)arena;
    if (strcmp(text, "system") == 0) {
        address->system = true;
        return 0;
    }
    if (strcmp(text, "recursive") == 0) {
        address->recursive = true;
        return 0;
    }
    return endpoint_from_text(text, option->port, &address->at);
}

const struct schema_type kind_server_address = {
    .name = "address:port",
    .expect = "an address such as 10.0.0.53 or [fd00::53]:5353, or system, or recursive",
    .size = sizeof(struct options_server_address),
    .parse = server_parse};

static int address_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    return ipaddr_from_text(text, out);
}

const struct schema_type kind_address = {.name = "address",
                                         .expect = "an address such as 192.0.2.1 or 2001:db8::1, without a port",
                                         .size = sizeof(struct ipaddr),
                                         .parse = address_parse};

static int pin_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    (void)option;
    (void)arena;
    return tls_pin_parse(text, out);
}

const struct schema_type kind_pin = {.name = "pin",
                                     .expect = "44 characters of base64, the SHA-256 of the server's public key",
                                     .size = TLS_PIN_LEN,
                                     .parse = pin_parse};

static int categories_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    if (strcmp(text, "all") != 0)
        return schema_category.parse(text, option, arena, out);
    *(int *)out = OPTIONS_CATEGORY_ALL;
    return 0;
}

static const char *categories_word(const struct schema_option *option, size_t i)
{
    return i == 0 ? "all" : schema_category.word(option, i - 1);
}

const struct schema_type kind_category_or_all = {.name = "category",
                                                 .expect = "a category or all",
                                                 .size = sizeof(int),
                                                 .parse = categories_parse,
                                                 .word = categories_word};

static int date_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    struct options_date date = {.given = true};
    (void)option;
    (void)arena;
    int rc = calendar_day_from_text(text, &date.day);
    if (rc == 0)
        memcpy(out, &date, sizeof date);
    return rc;
}

const struct schema_type kind_date = {
    .name = "date", .expect = "a date such as 2026-09-03", .size = sizeof(struct options_date), .parse = date_parse};

/* A URI that a browser may offer to its user: none that opens a connection by itself. */
static int contact_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    static const char *const schemes[] = {"mailto:", "tel:", "sips:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(text, schemes[i], len) == 0 && text[len] != '\0' && strspn(text, URI_BYTES) == strlen(text))
            return schema_string.parse(text, option, arena, out);
    }
    return ERR_MALFORMED;
}

const struct schema_type kind_contact = {.name = "contact",
                                         .expect = "a contact such as mailto:it@school.example or tel:+44-1632-960000",
                                         .size = sizeof(const char *),
                                         .parse = contact_parse};

/* Subtags of letters and digits (RFC 5646, 2.1), the first one of letters. */
static int language_parse(const char *text, const struct schema_option *option, struct arena *arena, void *out)
{
    const char *at = text + strspn(text, LETTERS);
    size_t len = (size_t)(at - text);
    while (len >= 1 && len <= 8 && *at == '-') {
        len = strspn(at + 1, LETTERS "0123456789");
        at += 1 + len;
    }
    if (len < 1 || len > 8 || *at != '\0' || strlen(text) > LANGUAGE_MAX)
        return ERR_MALFORMED;
    return schema_string.parse(text, option, arena, out);
}

const struct schema_type kind_language = {.name = "language",
                                          .expect = "a language tag such as en, en-GB or cy",
                                          .size = sizeof(const char *),
                                          .parse = language_parse};
