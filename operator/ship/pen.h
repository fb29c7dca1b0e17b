/*
 * Writes the columns of a row that leaves, in the form that its receiver reads.
 *
 *     PEN_BINARY   ClickHouse's RowBinary: every column, in order, little endian; a text is its length (LEB128) and bytes
 *     PEN_JSON     members of a JSON object, each with a comma before it; what is zero or empty is left out
 *     PEN_FIELDS   names and values as text, each with a zero byte behind it; left out as in JSON
 *     PEN_NAMES    the names of the columns, each with a comma before it
 *
 * Memory: adds to a struct text, whose sticky error tells. Threads: one.
 */
#ifndef SHIP_PEN_H
#define SHIP_PEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum pen_form { PEN_BINARY, PEN_JSON, PEN_FIELDS, PEN_NAMES };

struct pen {
    enum pen_form form;
    struct text *out;
};

/* width: bytes of the column, 1 to 8. */
void pen_number(const struct pen *pen, const char *column, uint64_t value, unsigned width);
/* A number that stands for one of words (Enum8): the word, where the form is text. */
void pen_word(const struct pen *pen, const char *column, unsigned value, const char *const words[]);
void pen_text(const struct pen *pen, const char *column, const char *value);
/* 16 bytes; all zero: none. */
void pen_address(const struct pen *pen, const char *column, const uint8_t bytes[16]);
void pen_texts(const struct pen *pen, const char *column, const char *const values[], size_t count);
/* A pseudonym: 64 bits, as hexadecimal digits where the form is text, since JSON's numbers are not that long. */
void pen_pseudonym(const struct pen *pen, const char *column, uint64_t value);

#endif
