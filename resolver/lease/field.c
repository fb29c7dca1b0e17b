#include "lease/field.h"

#include <string.h>

#define DUID_LLT       1 /* type, hardware type, time, address */
#define DUID_LL        3 /* type, hardware type, address */
#define HARDWARE_ETHER 1

bool field_is(struct field f, const char *word)
{
    return strlen(word) == f.len && memcmp(f.bytes, word, f.len) == 0;
}

struct field field_cut(struct field *rest, char end)
{
    struct field cut = *rest;
    const char *at = rest->len == 0 ? NULL : memchr(rest->bytes, end, rest->len);
    if (at == NULL) {
        rest->bytes += rest->len;
        rest->len = 0;
        return cut;
    }
    cut.len = (size_t)(at - rest->bytes);
    rest->bytes = at + 1;
    rest->len -= cut.len + 1;
    return cut;
}

int field_number(struct field f, int64_t *out)
{
    int64_t value = 0;
    if (f.len == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < f.len; i++) {
        if (f.bytes[i] < '0' || f.bytes[i] > '9')
            return ERR_MALFORMED;
        value = 10 * value + (f.bytes[i] - '0');
        if (value > FIELD_NUMBER_MAX)
            return ERR_MALFORMED;
    }
    *out = value;
    return 0;
}

int field_address(struct field f, struct ipaddr *out)
{
    char text[IPADDR_TEXT_MAX];
    if (f.len >= sizeof text || memchr(f.bytes, '\0', f.len) != NULL)
        return ERR_MALFORMED;
    memcpy(text, f.bytes, f.len);
    text[f.len] = '\0';
    return ipaddr_from_text(text, out);
}

int field_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int field_hex(struct field f, uint8_t *out, size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < f.len; count++) {
        unsigned value = 0;
        size_t digits = 0;
        for (; i < f.len && digits < 2 && field_hex_digit(f.bytes[i]) >= 0; i++, digits++)
            value = value << 4 | (unsigned)field_hex_digit(f.bytes[i]);
        if (digits == 0 || count == cap || (i < f.len && f.bytes[i] != ':'))
            return ERR_MALFORMED;
        out[count] = (uint8_t)value;
        if (i < f.len && ++i == f.len)
            return ERR_MALFORMED;
    }
    return (int)count;
}

bool field_mac(struct field f, uint8_t out[6])
{
    static const uint8_t none[6];
    uint8_t bytes[6];
    if (field_hex(f, bytes, sizeof bytes) != 6 || memcmp(bytes, none, 6) == 0)
        return false;
    memcpy(out, bytes, 6);
    return true;
}

bool duid_mac(const uint8_t *duid, size_t len, uint8_t out[6])
{
    if (len < 4 || duid[0] != 0 || duid[2] != 0 || duid[3] != HARDWARE_ETHER)
        return false;
    size_t head = duid[1] == DUID_LLT ? 8 : duid[1] == DUID_LL ? 4 : len;
    if (len != head + 6)
        return false;
    memcpy(out, duid + head, 6);
    return true;
}
