#include "notice/form.h"

#include <string.h>

#include "notice/utf8.h"

struct piece {
    const char *text;
    size_t len;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in to at most cap bytes at out. Returns the length. */
static int piece_decode(const struct piece *in, char *out, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < in->len; i++) {
        char c = in->text[i] == '+' ? ' ' : in->text[i];
        if (c == '%') {
            int high = i + 2 < in->len ? hex_digit(in->text[i + 1]) : -1;
            int low = i + 2 < in->len ? hex_digit(in->text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return ERR_MALFORMED;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (len == cap)
            return ERR_LIMIT;
        out[len++] = c;
    }
    return (int)len;
}

/* Splits at the first `at`; without one, all of it is before. */
static struct piece piece_split(struct piece *rest, char at)
{
    struct piece first = *rest;
    const char *end = rest->len == 0 ? NULL : memchr(rest->text, at, rest->len);
    if (end == NULL) {
        *rest = (struct piece){0};
        return first;
    }
    first.len = (size_t)(end - rest->text);
    *rest = (struct piece){end + 1, rest->len - first.len - 1};
    return first;
}

static struct form_field *field_find(struct form_field fields[], size_t count, const struct piece *name)
{
    char text[64];
    int len = piece_decode(name, text, sizeof text);
    for (size_t i = 0; i < count && len > 0; i++)
        if (strlen(fields[i].name) == (size_t)len && memcmp(fields[i].name, text, (size_t)len) == 0)
            return &fields[i];
    return NULL;
}

static int field_set(struct form_field *field, const struct piece *value)
{
    int len = piece_decode(value, field->value, field->cap - 1);
    if (len < 0)
        return len;
    if (!utf8_is_valid(field->value, (size_t)len))
        return ERR_MALFORMED;
    utf8_clean(field->value, (size_t)len, field->one_line);
    return 0;
}

int form_parse(const char *body, size_t body_len, struct form_field fields[], size_t field_count)
{
    struct piece rest = {body, body_len};
    unsigned long seen = 0;
    for (size_t i = 0; i < field_count; i++)
        fields[i].value[0] = '\0';
    for (size_t pairs = 0; rest.len > 0; pairs++) {
        if (pairs == FORM_PAIRS_MAX)
            return ERR_LIMIT;
        struct piece value = piece_split(&rest, '&');
        struct piece name = piece_split(&value, '=');
        struct form_field *field = field_find(fields, field_count, &name);
        if (field == NULL)
            continue;
        unsigned long bit = 1ul << (field - fields);
        if (seen & bit)
            return ERR_MALFORMED;
        seen |= bit;
        int err = field_set(field, &value);
        if (err < 0)
            return err;
    }
    return 0;
}
