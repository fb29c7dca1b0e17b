/*
 * A run of bytes inside somebody else's buffer, and the few cuts that feed parsers make. No allocation, no zero byte
 * at the end. Threads: pure; any thread.
 */
#ifndef FEED_SPAN_H
#define FEED_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *at;
    size_t len;
};

static inline struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static inline bool span_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static inline struct span span_skip(struct span s, size_t count)
{
    return (struct span){s.at + count, s.len - count};
}

static inline struct span span_trim(struct span s)
{
    while (s.len > 0 && span_is_blank(s.at[0]))
        s = span_skip(s, 1);
    while (s.len > 0 && span_is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

static inline bool span_starts(struct span s, const char *with)
{
    size_t len = strlen(with);
    return s.len >= len && memcmp(s.at, with, len) == 0;
}

static inline bool span_equals(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Without the byte order mark of UTF-8. */
static inline struct span span_without_mark(struct span s)
{
    return s.len > 0 && s.at[0] == 0xef && span_starts(s, "\xef\xbb\xbf") ? span_skip(s, 3) : s;
}

/* The index of the first byte c, or s.len. */
static inline size_t span_find(struct span s, uint8_t c)
{
    const uint8_t *found = s.len == 0 ? NULL : memchr(s.at, c, s.len);
    return found == NULL ? s.len : (size_t)(found - s.at);
}

static inline bool span_has(struct span s, const char *text)
{
    return memmem(s.at, s.len, text, strlen(text)) != NULL;
}

/* Cuts the next blank-separated word off *rest; an empty word means there is none left. */
static inline struct span span_word(struct span *rest)
{
    struct span s = *rest;
    size_t len = 0;
    while (s.len > 0 && span_is_blank(s.at[0]))
        s = span_skip(s, 1);
    while (len < s.len && !span_is_blank(s.at[len]))
        len++;
    *rest = span_skip(s, len);
    return (struct span){s.at, len};
}

/* Cuts the part before the next byte c (or all) off *rest. */
static inline struct span span_cut(struct span *rest, uint8_t c)
{
    struct span s = *rest;
    size_t at = span_find(s, c);
    *rest = at == s.len ? span_skip(s, s.len) : span_skip(s, at + 1);
    return (struct span){s.at, at};
}

/*
 * Feeds are hostile: what they say reaches terminals and reports only as printable ASCII, other bytes as \xHH. What does
 * not fit into cap bytes with a closing zero is cut off; cap is at least 6.
 */
void span_printable(struct span text, char *to, size_t cap);

#endif
