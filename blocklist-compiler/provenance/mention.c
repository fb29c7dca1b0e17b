#include "provenance/mention.h"

#include <strings.h>

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c >= 0x80;
}

/* Cuts the next run of bytes that names have off *rest. */
static struct span next_word(struct span *rest)
{
    struct span s = *rest;
    size_t len = 0;
    while (s.len > 0 && !is_name_byte(s.at[0]))
        s = span_skip(s, 1);
    while (len < s.len && is_name_byte(s.at[len]))
        len++;
    *rest = span_skip(s, len);
    return (struct span){s.at, len};
}

static struct span without_dots(struct span word)
{
    while (word.len > 0 && word.at[0] == '.')
        word = span_skip(word, 1);
    while (word.len > 0 && word.at[word.len - 1] == '.')
        word.len--;
    return word;
}

/* The part before modifiers and before the element that a cosmetic rule hides. */
static struct span about_names(struct span text)
{
    size_t hash = text.len > 0 && text.at[0] != '#' ? span_find(text, '#') : text.len;
    size_t dollar = span_find(text, '$');
    return (struct span){text.at, hash < dollar ? hash : dollar};
}

static bool is_name_or_parent(struct span word, const struct listed_name *name)
{
    if (word.len == 0 || word.len > name->text_len)
        return false;
    const char *tail = name->text + name->text_len - word.len;
    return strncasecmp((const char *)word.at, tail, word.len) == 0 && (tail == name->text || tail[-1] == '.');
}

static bool is_ascii(struct span word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.at[i] >= 0x80)
            return false;
    return true;
}

/* International names are compared in the form that lists get; they are rare. */
static bool matches(struct span word, const struct listed_name *name)
{
    struct listed_name normal;
    if (is_ascii(word))
        return is_name_or_parent(word, name);
    if (normalise_name(word, &normal) != REFUSED_NONE)
        return false;
    return is_name_or_parent(span_of(normal.text), name);
}

bool mention_of(struct span text, const struct listed_name *name)
{
    struct span rest = about_names(text);
    bool alone = true;
    for (struct span word = next_word(&rest); word.len > 0; word = next_word(&rest), alone = false) {
        struct span bare = without_dots(word);
        bool parent_is_top = span_find(bare, '.') == bare.len && bare.len < name->text_len;
        struct span behind = rest;
        if (parent_is_top && (!alone || next_word(&behind).len > 0))
            continue;
        if (matches(bare, name))
            return true;
    }
    return false;
}
