#include "identity/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT     "\xef\xbf\xbd"
#define REPLACEMENT_LEN 3

/* Bytes of the character at `at` and its code; 0: it is none (RFC 3629). */
static size_t decode(const uint8_t *at, size_t left, uint32_t *out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t width = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (width == 0 || width > left)
        return 0;
    uint32_t code = at[0] & first_bits[width];
    for (size_t i = 1; i < width; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    if (code < smallest[width] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *out = code;
    return width;
}

static bool is_space(uint32_t code)
{
    return code == ' ' || (code >= 0x09 && code <= 0x0d) || code == 0xa0 || code == 0x2028 || code == 0x2029 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x3000;
}

/* Unseen, or turning the text around them; the tags of U+E0000 can hide whole sentences. */
static bool is_unwanted(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xad || code == 0x61c || code == 0x180e ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe0fff) || (code & 0xfffe) == 0xfffe;
}

size_t clean_name(const char *text, size_t len, char *out, size_t cap)
{
    size_t kept = 0;
    bool space = false;
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        size_t width = decode((const uint8_t *)text + at, len - at, &code);
        const char *from = width == 0 ? REPLACEMENT : text + at;
        size_t from_len = width == 0 ? REPLACEMENT_LEN : width;
        at += width == 0 ? 1 : width;
        if (width > 0 && is_space(code)) {
            space = kept > 0;
            continue;
        }
        if (width > 0 && is_unwanted(code))
            continue;
        if (kept + space + from_len >= cap)
            break;
        if (space)
            out[kept++] = ' ';
        space = false;
        memmove(out + kept, from, from_len);
        kept += from_len;
    }
    out[kept] = '\0';
    return kept;
}
