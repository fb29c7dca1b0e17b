#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_done(struct text *text)
{
    free(text->bytes);
    *text = (struct text){.max = text->max};
}

bool text_ok(const struct text *text)
{
    return !text->failed;
}

/* Room for len more bytes and the closing zero. */
static bool reserve(struct text *text, size_t len)
{
    size_t max = text->max == 0 ? TEXT_MAX_DEFAULT : text->max;
    if (text->failed || len >= max - text->len) {
        text->failed = true;
        return false;
    }
    if (text->len + len + 1 <= text->cap)
        return true;
    size_t cap = text->cap == 0 ? 256 : text->cap * 2;
    while (cap < text->len + len + 1)
        cap *= 2;
    char *bytes = realloc(text->bytes, cap);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->cap = cap;
    return true;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
    if (!reserve(text, len))
        return;
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

/* Into the room that there is; mostly it is enough, and the text need not be made twice. */
void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    size_t room = text->failed ? 0 : text->cap - text->len;
    va_start(args, format);
    int len = vsnprintf(room == 0 ? NULL : text->bytes + text->len, room, format, args);
    va_end(args);
    if (len < 0 || !reserve(text, (size_t)len)) {
        if (room > 0)
            text->bytes[text->len] = '\0';
        text->failed = true;
        return;
    }
    if ((size_t)len >= room) {
        va_start(args, format);
        vsnprintf(text->bytes + text->len, (size_t)len + 1, format, args);
        va_end(args);
    }
    text->len += (size_t)len;
}

size_t text_utf8_len(const char *at)
{
    const unsigned char *s = (const unsigned char *)at;
    static const struct {
        unsigned char first, last, second_min, second_max;
        size_t len;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (s[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (s[1] < forms[i].second_min || s[1] > forms[i].second_max)
            return 0;
        for (size_t k = 2; k < forms[i].len; k++)
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        return forms[i].len;
    }
    return 0;
}

void text_add_json(struct text *text, const char *value)
{
    const unsigned char *s = (const unsigned char *)value;
    text_add(text, "\"", 1);
    while (*s != '\0') {
        size_t len = text_utf8_len((const char *)s);
        if (len == 0)
            text_add(text, "\\ufffd", 6);
        else if (*s < 0x20 || *s == 0x7f)
            text_printf(text, "\\u%04x", *s);
        else if (*s == '"' || *s == '\\')
            text_printf(text, "\\%c", *s);
        else
            text_add(text, (const char *)s, len);
        s += len == 0 ? 1 : len;
    }
    text_add(text, "\"", 1);
}

void text_add_json_member(struct text *text, const char *key, const char *value)
{
    text_printf(text, ",\"%s\":", key);
    text_add_json(text, value);
}
