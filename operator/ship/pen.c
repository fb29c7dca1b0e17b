#include "ship/pen.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ipaddr.h"

static void binary_number(struct text *out, uint64_t value, unsigned width)
{
    char bytes[8];
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (char)(value >> 8 * i);
    text_add(out, bytes, width);
}

static void binary_length(struct text *out, size_t len)
{
    char bytes[10];
    unsigned count = 0;
    for (; len >= 0x80; len >>= 7)
        bytes[count++] = (char)(len | 0x80);
    bytes[count++] = (char)len;
    text_add(out, bytes, count);
}

static void binary_text(struct text *out, const char *value)
{
    size_t len = strlen(value);
    binary_length(out, len);
    text_add(out, value, len);
}

/* The text forms of a value that is text. */
static void put(const struct pen *pen, const char *column, const char *value)
{
    if (pen->form == PEN_JSON) {
        text_printf(pen->out, ",\"%s\":", column);
        text_add_json(pen->out, value);
    } else if (pen->form == PEN_FIELDS) {
        text_add(pen->out, column, strlen(column) + 1);
        text_add(pen->out, value, strlen(value) + 1);
    }
}

static void put_digits(const struct pen *pen, const char *column, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    put(pen, column, digits);
}

static bool names(const struct pen *pen, const char *column)
{
    if (pen->form == PEN_NAMES)
        text_printf(pen->out, ",%s", column);
    return pen->form == PEN_NAMES;
}

void pen_number(const struct pen *pen, const char *column, uint64_t value, unsigned width)
{
    if (names(pen, column))
        return;
    if (pen->form == PEN_BINARY)
        binary_number(pen->out, value, width);
    else if (value != 0 && pen->form == PEN_JSON)
        text_printf(pen->out, ",\"%s\":%" PRIu64, column, value);
    else if (value != 0)
        put_digits(pen, column, value);
}

void pen_word(const struct pen *pen, const char *column, unsigned value, const char *const words[])
{
    if (names(pen, column))
        return;
    if (pen->form == PEN_BINARY)
        binary_number(pen->out, value, 1);
    else if (value != 0)
        put(pen, column, words[value]);
}

void pen_text(const struct pen *pen, const char *column, const char *value)
{
    if (names(pen, column))
        return;
    if (pen->form == PEN_BINARY)
        binary_text(pen->out, value);
    else if (value[0] != '\0')
        put(pen, column, value);
}

void pen_address(const struct pen *pen, const char *column, const uint8_t bytes[16])
{
    static const uint8_t none[16];
    char text[IPADDR_TEXT_MAX];
    struct ipaddr address;
    if (names(pen, column))
        return;
    memcpy(address.bytes, bytes, sizeof address.bytes);
    if (pen->form == PEN_BINARY)
        text_add(pen->out, (const char *)bytes, 16);
    else if (memcmp(bytes, none, sizeof none) != 0)
        put(pen, column, ipaddr_to_text(&address, text));
}

static void json_texts(struct text *out, const char *column, const char *const values[], size_t count)
{
    text_printf(out, ",\"%s\":[", column);
    for (size_t i = 0; i < count; i++) {
        text_add(out, ",", i > 0);
        text_add_json(out, values[i]);
    }
    text_add(out, "]", 1);
}

void pen_texts(const struct pen *pen, const char *column, const char *const values[], size_t count)
{
    if (names(pen, column))
        return;
    if (pen->form == PEN_JSON && count > 0)
        json_texts(pen->out, column, values, count);
    if (pen->form == PEN_BINARY)
        binary_length(pen->out, count);
    for (size_t i = 0; i < count && pen->form == PEN_BINARY; i++)
        binary_text(pen->out, values[i]);
    for (size_t i = 0; i < count && pen->form == PEN_FIELDS; i++) /* a name may stand more than once */
        put(pen, column, values[i]);
}

void pen_pseudonym(const struct pen *pen, const char *column, uint64_t value)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, value);
    if (names(pen, column))
        return;
    if (pen->form == PEN_BINARY)
        binary_number(pen->out, value, 8);
    else if (value != 0)
        put(pen, column, digits);
}
