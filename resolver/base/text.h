/*
 * Text built piece by piece: growing, bounded, with a sticky error.
 *
 * Memory:  heap, owned by the struct; text_done() gives it back. Begins as {.max = ...}; max 0 means TEXT_MAX_DEFAULT.
 * Errors:  when memory or max is reached nothing more is added and text_ok() says false; the rest stays valid.
 * Threads: one.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_MAX_DEFAULT ((size_t)16 << 20) /* bytes */

struct text {
    char *bytes; /* zero-terminated once something was added; NULL before */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

void text_done(struct text *text);
bool text_ok(const struct text *text);

void text_add(struct text *text, const char *bytes, size_t len);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes of the UTF-8 character at the beginning of s (RFC 3629), or 0 when it is none. */
size_t text_utf8_len(const char *s);

/* A JSON string with its quotes (RFC 8259, 7). Bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *text, const char *value);

/* One more member of a JSON object, not its first: ,"key":"value". key stands as it is. */
void text_add_json_member(struct text *text, const char *key, const char *value);

#endif
