/*
 * dhcpd.leases of ISC DHCP: statements, of which the last one about an address is what holds (dhcpd.leases(5)).
 *
 *     lease 10.20.0.10 {
 *       starts 0 2026/11/29 01:04:18;
 *       ends 0 2026/11/29 01:06:18;
 *       cltt 0 2026/11/29 01:04:18;
 *       binding state active;
 *       hardware ethernet 06:d8:d4:3a:6b:fa;
 *       client-hostname "laptop-7";
 *     }
 *     ia-na "\221\001\000\000\000\003\000\001\006\330\3248k\372" {
 *       cltt 0 2026/11/29 01:04:18;
 *       iaaddr fd00:20::10 { binding state active; preferred-life 375; max-life 600; ends 0 2026/11/29 01:06:18; }
 *     }
 *
 * Times are UTC: the day of the week, date and time; or "epoch" and seconds; or "never". The name of an ia-na is the identity
 * association's number, four bytes, and the device's DUID. ia-ta is the same; ia-pd is a prefix for a router.
 */
#include <string.h>
#include <time.h>

#include "identity/clean.h"
#include "lease/format.h"

#define WORDS_MAX 5 /* of an inner statement that are looked at */

/* ---- tokens: a word, a string with its quotes, or one of { } ; ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_mark(char c)
{
    return c == '{' || c == '}' || c == ';';
}

static bool ends_word(char c)
{
    return c <= ';' && c >= '\0' ? is_blank(c) || c == ';' || c == '"' || c == '#' : c == '{' || c == '}';
}

static size_t skip_blank(struct field text, size_t at)
{
    while (at < text.len) {
        if (text.bytes[at] == '#')
            while (at < text.len && text.bytes[at] != '\n')
                at++;
        else if (is_blank(text.bytes[at]))
            at++;
        else
            break;
    }
    return at;
}

/* The byte behind the token that begins at `at`, which is no blank; text.len + 1: the token is not all there. */
static size_t token_end(struct field text, size_t at)
{
    if (is_mark(text.bytes[at]))
        return at + 1;
    if (text.bytes[at] == '"') {
        for (at++; at < text.len && text.bytes[at] != '"'; at++)
            at += text.bytes[at] == '\\';
        return at < text.len ? at + 1 : text.len + 1;
    }
    while (at < text.len && !ends_word(text.bytes[at]))
        at++;
    return at;
}

/* The next token of *rest, which goes behind it; an empty one at the end. */
static struct field token_next(struct field *rest)
{
    size_t at = skip_blank(*rest, 0);
    if (at >= rest->len) {
        *rest = (struct field){rest->bytes + rest->len, 0};
        return *rest;
    }
    size_t end = token_end(*rest, at);
    if (end > rest->len)
        end = rest->len;
    struct field token = {rest->bytes + at, end - at};
    *rest = (struct field){rest->bytes + end, rest->len - end};
    return token;
}

size_t isc_statement(struct field text)
{
    unsigned depth = 0;
    for (size_t at = skip_blank(text, 0); at < text.len; at = skip_blank(text, at)) {
        char first = text.bytes[at];
        at = token_end(text, at);
        if (at > text.len)
            return 0;
        depth += first == '{';
        if (first == '}' && depth > 0)
            depth--;
        if (depth == 0 && (first == '}' || first == ';'))
            return at;
    }
    return 0;
}

/* ---- values ---- */

static bool is_octal(struct field rest)
{
    return rest.len > 0 && rest.bytes[0] >= '0' && rest.bytes[0] <= '7';
}

static char string_byte(struct field *rest)
{
    unsigned value = 0;
    if (rest->bytes[0] == '\\' && rest->len > 1)
        *rest = (struct field){rest->bytes + 1, rest->len - 1};
    else
        return field_take(rest);
    if (!is_octal(*rest))
        return field_take(rest);
    for (size_t digits = 0; digits < 3 && is_octal(*rest); digits++)
        value = value * 8 + (unsigned)(field_take(rest) - '0');
    return (char)value;
}

/* The bytes that a string stands for: \ooo is one by its octal value, any other \c is c. Returns how many, at most cap. */
static size_t string_bytes(struct field string, char *out, size_t cap)
{
    size_t len = 0;
    if (string.len < 2 || string.bytes[0] != '"' || string.bytes[string.len - 1] != '"')
        return 0;
    struct field rest = {string.bytes + 1, string.len - 2};
    while (rest.len > 0 && len < cap)
        out[len++] = string_byte(&rest);
    return len;
}

static bool read_parts(struct field f, char end, int64_t parts[3])
{
    for (size_t i = 0; i < 3; i++)
        if (field_number(field_cut(&f, i < 2 ? end : '\0'), &parts[i]) < 0)
            return false;
    return f.len == 0;
}

/* words: a verb and its time. until "never": 0. */
static bool read_time(const struct field words[WORDS_MAX], int64_t *out)
{
    int64_t date[3], clock[3];
    if (field_is(words[1], "never")) {
        *out = 0;
        return true;
    }
    if (field_is(words[1], "epoch"))
        return field_number(words[2], out) == 0 && *out > 0;
    if (!read_parts(words[2], '/', date) || !read_parts(words[3], ':', clock) || date[0] < 1970 || date[0] > 9999 ||
        date[1] < 1 || date[1] > 12 || date[2] < 1 || date[2] > 31 || clock[0] > 23 || clock[1] > 59 || clock[2] > 60)
        return false;
    struct tm tm = {.tm_year = (int)date[0] - 1900,
                    .tm_mon = (int)date[1] - 1,
                    .tm_mday = (int)date[2],
                    .tm_hour = (int)clock[0],
                    .tm_min = (int)clock[1],
                    .tm_sec = (int)clock[2]};
    *out = timegm(&tm);
    if (*out == 0)
        *out = 1; /* 0 is for never */
    return true;
}

/* ---- statements ---- */

struct inner {
    struct lease lease;
    bool has_state, has_end;
    const char *why;
};

/* The words of the next inner statement; false at the end. A block in it is passed over, its words are none of it. */
static bool words_next(struct field *rest, struct field words[WORDS_MAX])
{
    size_t count = 0;
    unsigned depth = 0;
    for (size_t i = 0; i < WORDS_MAX; i++)
        words[i] = (struct field){"", 0};
    for (;;) {
        struct field token = token_next(rest);
        if (token.len == 0)
            return count > 0;
        if (field_is(token, "}") && depth == 0)
            return count > 0;
        if (field_is(token, "}") && --depth == 0)
            return true;
        if (field_is(token, ";") && depth == 0)
            return true;
        depth += field_is(token, "{");
        if (depth == 0 && count < WORDS_MAX)
            words[count++] = token;
    }
}

static void read_inner(const struct field words[WORDS_MAX], struct inner *in)
{
    int64_t time_s;
    char host[256];
    if (field_is(words[0], "binding") && field_is(words[1], "state")) {
        in->has_state = true;
        in->lease.active = field_is(words[2], "active");
    } else if (field_is(words[0], "abandoned")) {
        in->has_state = true;
        in->lease.active = false;
    } else if (field_is(words[0], "ends")) {
        in->has_end = read_time(words, &in->lease.until_s);
        if (!in->has_end)
            in->why = "ends must be a day of the week, a date and a time, or never";
    } else if (field_is(words[0], "cltt") || (field_is(words[0], "starts") && in->lease.renewed_s == 0)) {
        if (read_time(words, &time_s))
            in->lease.renewed_s = time_s;
    } else if (field_is(words[0], "hardware")) {
        in->lease.has_mac = field_is(words[1], "ethernet") && field_mac(words[2], in->lease.mac);
    } else if (field_is(words[0], "client-hostname") && words[1].len > 2) {
        clean_name(host, string_bytes(words[1], host, sizeof host), in->lease.host, sizeof in->lease.host);
    }
}

/* An address and the block behind it, whose '{' is the next token of *rest. */
static const char *read_block(struct field address, struct field *rest, struct inner *in)
{
    struct field words[WORDS_MAX];
    if (field_address(address, &in->lease.address) < 0)
        return "the word behind lease or iaaddr must be an address";
    if (!field_is(token_next(rest), "{"))
        return "an address must be followed by {";
    while (words_next(rest, words))
        read_inner(words, in);
    if (in->why != NULL)
        return in->why;
    if (!in->has_end && (!in->has_state || in->lease.active))
        return "it says nothing of its end";
    return NULL;
}

static const char *read_lease(struct field rest, lease_sink sink, void *ctx, size_t *out_count)
{
    struct inner in = {.lease.active = true};
    const char *why = read_block(token_next(&rest), &rest, &in);
    if (why != NULL)
        return why;
    sink(ctx, &in.lease);
    *out_count = 1;
    return NULL;
}

static const char *read_ia(struct field rest, lease_sink sink, void *ctx, size_t *out_count)
{
    uint8_t name[256];
    struct inner outer = {0};
    size_t len = string_bytes(token_next(&rest), (char *)name, sizeof name);
    bool has_mac = len > 4 && duid_mac(name + 4, len - 4, outer.lease.mac);
    if (!field_is(token_next(&rest), "{"))
        return "the name of an ia must be followed by {";
    for (;;) {
        struct field behind = rest;
        if (field_is(token_next(&behind), "iaaddr")) {
            struct inner in = {.lease = outer.lease};
            in.lease.active = true;
            in.lease.has_mac = has_mac;
            const char *why = read_block(token_next(&behind), &behind, &in);
            if (why != NULL)
                return why;
            sink(ctx, &in.lease);
            ++*out_count;
            rest = behind;
            continue;
        }
        struct field words[WORDS_MAX];
        if (!words_next(&rest, words))
            return NULL;
        read_inner(words, &outer);
    }
}

const char *isc_read(struct field record, lease_sink sink, void *ctx, size_t *out_count)
{
    struct field word = token_next(&record);
    *out_count = 0;
    if (field_is(word, "lease"))
        return read_lease(record, sink, ctx, out_count);
    if (field_is(word, "ia-na") || field_is(word, "ia-ta"))
        return read_ia(record, sink, ctx, out_count);
    return NULL;
}
