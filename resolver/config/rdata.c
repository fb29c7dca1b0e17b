#include "config/rdata.h"

#include <stdlib.h>
#include <string.h>

#include "base/ipaddr.h"
#include "dns/name.h"
#include "dns/rr.h"

static int a_parse(const char *text, uint8_t *out)
{
    struct ipaddr addr;
    if (ipaddr_from_text(text, &addr) < 0 || !ipaddr_is_v4(&addr))
        return ERR_MALFORMED;
    memcpy(out, ipaddr_v4(&addr), 4);
    return 4;
}

static int aaaa_parse(const char *text, uint8_t *out)
{
    struct ipaddr addr;
    if (ipaddr_from_text(text, &addr) < 0 || ipaddr_is_v4(&addr))
        return ERR_MALFORMED;
    memcpy(out, addr.bytes, 16);
    return 16;
}

static int target_parse(const char *text, uint8_t *out)
{
    uint8_t name[NAME_MAX_LEN];
    if (*text == '\0' || strpbrk(text, " \t\n") != NULL)
        return ERR_MALFORMED;
    int len = name_from_text(text, strlen(text), name);
    if (len > 0)
        memcpy(out, name, (size_t)len);
    return len;
}

/* One 16-bit number and the blanks behind it; *text moves on. */
static int number_parse(const char **text, uint8_t *out)
{
    char *end;
    if (**text < '0' || **text > '9')
        return ERR_MALFORMED;
    unsigned long value = strtoul(*text, &end, 10);
    if (value > UINT16_MAX || (*end != ' ' && *end != '\t'))
        return ERR_MALFORMED;
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    *text = end + strspn(end, " \t");
    return 2;
}

/* count numbers, then a name: MX (RFC 1035, 3.3.9) and SRV (RFC 2782). */
static int numbers_and_target_parse(const char *text, unsigned count, uint8_t *out)
{
    int used = 0;
    for (unsigned i = 0; i < count; i++) {
        if (number_parse(&text, out + used) < 0)
            return ERR_MALFORMED;
        used += 2;
    }
    int len = target_parse(text, out + used);
    return len < 0 ? len : used + len;
}

static int mx_parse(const char *text, uint8_t *out)
{
    return numbers_and_target_parse(text, 1, out);
}

static int srv_parse(const char *text, uint8_t *out)
{
    return numbers_and_target_parse(text, 3, out);
}

/* The whole text is one value, cut into character-strings of at most 255 bytes. */
static int txt_parse(const char *text, uint8_t *out)
{
    size_t left = strlen(text);
    size_t used = 0;
    do {
        size_t part = left < 255 ? left : 255;
        if (used + 1 + part > RDATA_MAX)
            return ERR_LIMIT;
        out[used] = (uint8_t)part;
        memcpy(out + used + 1, text, part);
        used += 1 + part;
        text += part;
        left -= part;
    } while (left > 0);
    return (int)used;
}

static const struct {
    uint16_t type;
    int (*parse)(const char *text, uint8_t *out);
    const char *expect;
} types[] = {
    {DNS_TYPE_A, a_parse, "an IPv4 address such as 10.0.0.7"},
    {DNS_TYPE_AAAA, aaaa_parse, "an IPv6 address such as fd00::7"},
    {DNS_TYPE_CNAME, target_parse, "a domain name"},
    {DNS_TYPE_PTR, target_parse, "a domain name"},
    {DNS_TYPE_TXT, txt_parse, "a text of at most 4,000 bytes"},
    {DNS_TYPE_MX, mx_parse, "a preference and a name such as `10 mail.school.example`"},
    {DNS_TYPE_SRV, srv_parse, "priority, weight, port and name such as `0 5 389 dc1.school.example`"},
};

int rdata_from_text(uint16_t type, const char *text, uint8_t out[RDATA_MAX], const char **out_expect)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type != type)
            continue;
        int len = types[i].parse(text, out);
        if (len < 0)
            *out_expect = types[i].expect;
        return len;
    }
    *out_expect = "of a type that can be written here";
    return ERR_MALFORMED;
}
