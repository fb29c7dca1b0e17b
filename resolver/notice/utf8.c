#include "notice/utf8.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the character that begins with `first`; 0: none begins so. */
static size_t utf8_width(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

static uint32_t utf8_code(const uint8_t *at, size_t width)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = at[0] & first_bits[width];
    for (size_t i = 1; i < width; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

bool utf8_is_valid(const char *text, size_t len)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + len;
    while (at < end) {
        size_t width = utf8_width(*at);
        if (width == 0 || width > (size_t)(end - at))
            return false;
        for (size_t i = 1; i < width; i++)
            if ((at[i] & 0xc0) != 0x80)
                return false;
        uint32_t code = utf8_code(at, width);
        if (code < smallest[width] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
        at += width;
    }
    return true;
}

/* Characters that would be unseen, or would turn the text around them: an operator reads these texts in a terminal. */
static bool code_is_unwanted(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static bool byte_is_space(char c)
{
    return c == ' ' || c == '\n';
}

void utf8_clean(char *text, size_t len, bool one_line)
{
    size_t out = 0;
    for (size_t i = 0, width; i < len; i += width) {
        width = utf8_width((uint8_t)text[i]);
        uint32_t code = utf8_code((const uint8_t *)text + i, width);
        bool breaks = code == '\n' || (code == '\r' && !(i + 1 < len && text[i + 1] == '\n'));
        if (code == '\r' && !breaks)
            continue;
        if (code_is_unwanted(code)) {
            text[out++] = breaks && !one_line ? '\n' : ' ';
            continue;
        }
        memmove(text + out, text + i, width);
        out += width;
    }
    size_t start = 0;
    while (out > 0 && byte_is_space(text[out - 1]))
        out--;
    while (start < out && byte_is_space(text[start]))
        start++;
    memmove(text, text + start, out - start);
    text[out - start] = '\0';
}
