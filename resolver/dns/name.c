#include "dns/name.h"

#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

int name_check(const uint8_t *wire, size_t len)
{
    size_t pos = 0;
    for (;;) {
        if (pos >= NAME_MAX_LEN)
            return ERR_MALFORMED;
        if (pos >= len)
            return ERR_TRUNCATED;
        if (wire[pos] == 0)
            return (int)pos + 1;
        if (wire[pos] > NAME_LABEL_MAX)
            return ERR_MALFORMED;
        pos += wire[pos] + 1u;
    }
}

size_t name_len(const uint8_t *name)
{
    size_t pos = 0;
    while (name[pos] != 0)
        pos += name[pos] + 1u;
    return pos + 1;
}

unsigned name_label_count(const uint8_t *name)
{
    unsigned count = 0;
    for (; *name != 0; name += *name + 1)
        count++;
    return count;
}

/*
 * Eight bytes at once. In the seven low bits of each byte, the first sum carries into bit 7 from 'A' on and the second
 * from behind 'Z' on, so they differ exactly in the upper-case letters; 0x80 >> 2 is the bit that makes one lower case.
 */
static uint64_t lower_word(uint64_t word)
{
    uint64_t low_bits = word & EACH_BYTE(0x7f);
    uint64_t from_a = low_bits + EACH_BYTE(0x80 - 'A');
    uint64_t behind_z = low_bits + EACH_BYTE(0x7f - 'Z');
    return word | (((from_a ^ behind_z) & ~word & EACH_BYTE(0x80)) >> 2);
}

static uint8_t lower_byte(uint8_t byte)
{
    return (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte;
}

/* A length byte is at most 63 and 'A' is 65: the whole name can be treated alike. */
void name_lower(uint8_t *to, const uint8_t *from, size_t len)
{
    while (len >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, from, sizeof word);
        word = lower_word(word);
        memcpy(to, &word, sizeof word);
        to += sizeof word;
        from += sizeof word;
        len -= sizeof word;
    }
    while (len-- > 0)
        *to++ = lower_byte(*from++);
}

/* The first difference ends the loop, so b is never read behind its end: its closing zero differs from any label. */
bool name_equal(const uint8_t *a, const uint8_t *b)
{
    size_t len = name_len(a);
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i] && lower_byte(a[i]) != lower_byte(b[i]))
            return false;
    return true;
}

const uint8_t *name_skip_labels(const uint8_t *name, unsigned labels)
{
    while (labels-- > 0 && *name != 0)
        name += *name + 1;
    return name;
}

bool name_front_grow(const uint8_t *name, uint8_t front[NAME_MAX_LEN], size_t *len)
{
    const uint8_t *label = name + *len;
    const size_t label_len = 1u + label[0];
    if (label[0] == 0 || label[label_len] == 0)
        return false;
    memcpy(front + *len, label, label_len);
    *len += label_len;
    front[*len] = 0;
    return true;
}

bool name_is_at_or_below(const uint8_t *name, const uint8_t *parent)
{
    unsigned have = name_label_count(name);
    unsigned want = name_label_count(parent);
    return have >= want && name_equal(name_skip_labels(name, have - want), parent);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte that the escape at text stands for (text[0] is the backslash); *out_used: its characters. */
static int escape_read(const char *text, size_t len, size_t *out_used)
{
    if (len < 2)
        return ERR_MALFORMED;
    if (!is_digit(text[1])) {
        *out_used = 2;
        return (uint8_t)text[1];
    }
    if (len < 4 || !is_digit(text[2]) || !is_digit(text[3]))
        return ERR_MALFORMED;
    int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    if (value > UINT8_MAX)
        return ERR_MALFORMED;
    *out_used = 4;
    return value;
}

/* One label, up to a dot or the end, behind the length byte at wire. Returns the characters used. */
static int label_from_text(const char *text, size_t len, size_t room, uint8_t *wire)
{
    size_t pos = 0;
    size_t label_len = 0;
    while (pos < len && text[pos] != '.') {
        size_t used = 1;
        int byte = text[pos] == '\\' ? escape_read(text + pos, len - pos, &used) : (uint8_t)text[pos];
        if (byte < 0 || label_len == NAME_LABEL_MAX || label_len + 1 >= room)
            return ERR_MALFORMED;
        wire[++label_len] = (uint8_t)byte;
        pos += used;
    }
    if (label_len == 0)
        return ERR_MALFORMED;
    wire[0] = (uint8_t)label_len;
    return (int)pos;
}

int name_from_text(const char *text, size_t text_len, uint8_t out[NAME_MAX_LEN])
{
    uint8_t wire[NAME_MAX_LEN];
    size_t wire_len = 0;
    size_t pos = 0;
    if (text_len == 0)
        return ERR_MALFORMED;
    if (text_len == 1 && text[0] == '.')
        pos = 1;
    while (pos < text_len) {
        /* one byte stays free for the root */
        int used = label_from_text(text + pos, text_len - pos, NAME_MAX_LEN - 1 - wire_len, wire + wire_len);
        if (used < 0)
            return used;
        wire_len += wire[wire_len] + 1u;
        pos += (size_t)used + 1;
    }
    wire[wire_len++] = 0;
    memcpy(out, wire, wire_len);
    return (int)wire_len;
}

static char *byte_to_text(uint8_t byte, char *out)
{
    if (byte < 0x21 || byte > 0x7e) {
        *out++ = '\\';
        *out++ = (char)('0' + byte / 100);
        *out++ = (char)('0' + byte / 10 % 10);
        *out++ = (char)('0' + byte % 10);
        return out;
    }
    if (strchr(".\\\"();@$", byte) != NULL)
        *out++ = '\\';
    *out++ = (char)byte;
    return out;
}

char *name_to_text(const uint8_t *name, char out[NAME_TEXT_MAX])
{
    char *end = out;
    if (*name == 0)
        *end++ = '.';
    while (*name != 0) {
        const uint8_t *next = name + *name + 1;
        for (name++; name < next; name++)
            end = byte_to_text(*name, end);
        if (*name != 0)
            *end++ = '.';
    }
    *end = '\0';
    return out;
}
