#include "feed/zone_record.h"

#include <strings.h>

#include "base/ipaddr.h"
#include "dns/name.h"
#include "dns/rr.h"

#define NUMBERS_MAX 3
#define DATA_MAX    1024

static bool set_address(struct span text, uint16_t type, uint32_t ttl_s, struct feed_clause *out)
{
    char copy[IPADDR_TEXT_MAX];
    struct ipaddr addr;
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (ipaddr_from_text(copy, &addr) < 0 || ipaddr_is_v4(&addr) != (type == DNS_TYPE_A))
        return false;
    return type == DNS_TYPE_A ? clause_set_data(out, type, ttl_s, ipaddr_v4(&addr), 4)
                              : clause_set_data(out, type, ttl_s, addr.bytes, 16);
}

static bool read_number(struct span word, uint8_t out[2])
{
    unsigned value = 0;
    if (word.len == 0 || word.len > 5)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        value = value * 10 + (word.at[i] - '0');
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return value <= 0xffff;
}

/* As many numbers of two bytes, then a name: CNAME and PTR have none, MX one, SRV three. */
static bool set_name(struct span rdata, size_t numbers, const struct zone_origin *origin, uint16_t type, uint32_t ttl_s,
                     struct feed_clause *out)
{
    uint8_t bytes[2 * NUMBERS_MAX + NAME_MAX_LEN];
    struct zone_origin made;
    for (size_t i = 0; i < numbers; i++)
        if (!read_number(span_word(&rdata), bytes + 2 * i))
            return false;
    struct span target = span_word(&rdata);
    if (target.len == 0 || span_trim(rdata).len > 0 || !zone_origin_set(&made, target, origin))
        return false;
    bool root = made.len == 0;
    int len = name_from_text(root ? "." : made.text, root ? 1 : made.len, bytes + 2 * numbers);
    return len > 0 && clause_set_data(out, type, ttl_s, bytes, 2 * numbers + (size_t)len);
}

/* ---- TXT ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* One byte, or its escape: "\DDD", or a backslash before what it stands for (RFC 1035, 5.1). */
static bool next_byte(struct span *rest, uint8_t *out)
{
    struct span s = *rest;
    *rest = span_skip(s, 1);
    *out = s.at[0];
    if (s.at[0] != '\\')
        return true;
    if (s.len >= 4 && is_digit(s.at[1]) && is_digit(s.at[2]) && is_digit(s.at[3])) {
        unsigned value = (s.at[1] - '0') * 100u + (s.at[2] - '0') * 10u + (s.at[3] - '0');
        *rest = span_skip(s, 4);
        *out = (uint8_t)value;
        return value <= 255;
    }
    if (s.len < 2)
        return false;
    *rest = span_skip(s, 2);
    *out = s.at[1];
    return true;
}

/* Up to the closing quote, or the next blank. The string's bytes go to out, their number to *out_len. */
static bool next_string(struct span *rest, uint8_t out[255], size_t *out_len)
{
    bool quoted = rest->at[0] == '"';
    *rest = span_skip(*rest, quoted);
    for (*out_len = 0; rest->len > 0; (*out_len)++) {
        if (quoted ? rest->at[0] == '"' : span_is_blank(rest->at[0])) {
            *rest = span_skip(*rest, 1);
            return true;
        }
        if (*out_len == 255 || !next_byte(rest, &out[*out_len]))
            return false;
    }
    return !quoted;
}

static bool set_text(struct span rdata, uint32_t ttl_s, struct feed_clause *out)
{
    uint8_t bytes[DATA_MAX];
    size_t len = 0, one;
    for (rdata = span_trim(rdata); rdata.len > 0; rdata = span_trim(rdata)) {
        if (len + 256 > sizeof bytes || !next_string(&rdata, bytes + len + 1, &one))
            return false;
        bytes[len] = (uint8_t)one;
        len += one + 1;
    }
    return len > 0 && clause_set_data(out, DNS_TYPE_TXT, ttl_s, bytes, len);
}

bool zone_record_parse(struct span type, struct span rdata, const struct zone_origin *origin, uint32_t ttl_s,
                       struct feed_clause *out)
{
    char text[DNS_TYPE_TEXT_MAX];
    if (type.len >= sizeof text)
        return false;
    memcpy(text, type.at, type.len);
    text[type.len] = '\0';
    int number = dns_type_from_text(text);
    switch (number) {
    case DNS_TYPE_A:
    case DNS_TYPE_AAAA:
        return set_address(span_word(&rdata), (uint16_t)number, ttl_s, out);
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        return set_name(rdata, 0, origin, (uint16_t)number, ttl_s, out);
    case DNS_TYPE_MX:
        return set_name(rdata, 1, origin, (uint16_t)number, ttl_s, out);
    case DNS_TYPE_SRV:
        return set_name(rdata, 3, origin, (uint16_t)number, ttl_s, out);
    case DNS_TYPE_TXT:
        return set_text(rdata, ttl_s, out);
    default:
        return false;
    }
}
