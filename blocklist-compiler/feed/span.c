#include "feed/span.h"

void span_printable(struct span text, char *to, size_t cap)
{
    static const char hex[] = "0123456789abcdef";
    size_t len = 0;
    for (size_t i = 0; i < text.len && len + 5 < cap; i++) {
        uint8_t c = text.at[i];
        if (c >= 0x20 && c < 0x7f) {
            to[len++] = (char)c;
            continue;
        }
        to[len++] = '\\';
        to[len++] = 'x';
        to[len++] = hex[c >> 4];
        to[len++] = hex[c & 15];
    }
    to[len] = '\0';
}
