#include "base/plain.h"

#include <stdbool.h>

#include "base/text.h"

static bool is_control(const char *text, size_t len)
{
    unsigned char first = (unsigned char)text[0];
    return first < 0x20 || first == 0x7f || (len == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

void plain_print(const char *text, FILE *to)
{
    for (size_t len; text != NULL && *text != '\0'; text += len) {
        len = text_utf8_len(text);
        if (len == 0)
            putc('?', to);
        else if (is_control(text, len))
            putc(' ', to);
        else
            fwrite(text, 1, len, to);
        len = len == 0 ? 1 : len;
    }
}
