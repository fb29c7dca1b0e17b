#include "net/doh_target.h"

#include <string.h>

static const char *query_of(const char *target, size_t len, size_t *out_len)
{
    const char *mark = memchr(target, '?', len);
    *out_len = mark == NULL ? 0 : (size_t)(target + len - mark) - 1;
    return mark == NULL ? target + len : mark + 1;
}

bool doh_target_is(const char *target, size_t len, const char *path)
{
    const char *mark = memchr(target, '?', len);
    size_t path_len = mark == NULL ? len : (size_t)(mark - target);
    return strlen(path) == path_len && memcmp(target, path, path_len) == 0;
}

/* The six bits a character stands for; -1: none. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static int decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t used = 0;
    if (len == 0 || len % 4 == 1)
        return ERR_MALFORMED;
    if (len / 4 * 3 + (len % 4 * 3) / 4 > cap)
        return ERR_LIMIT;
    for (size_t i = 0; i < len; i++) {
        int bits = bits_of(text[i]);
        if (bits < 0)
            return ERR_MALFORMED;
        held = held << 6 | (uint32_t)bits;
        held_bits += 6;
        if (held_bits < 8)
            continue;
        held_bits -= 8;
        out[used++] = (uint8_t)(held >> held_bits);
    }
    return (held & ((1u << held_bits) - 1)) != 0 ? ERR_MALFORMED : (int)used; /* one text for one message */
}

int doh_target_message(const char *target, size_t len, uint8_t *out, size_t cap)
{
    size_t left;
    const char *at = query_of(target, len, &left);
    while (left > 0) {
        const char *end = memchr(at, '&', left);
        size_t part = end == NULL ? left : (size_t)(end - at);
        if (part >= 4 && memcmp(at, "dns=", 4) == 0)
            return decode(at + 4, part - 4, out, cap);
        at += part;
        left -= part;
        if (left > 0) {
            at++;
            left--;
        }
    }
    return ERR_NOENT;
}
