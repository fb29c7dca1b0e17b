#include "dns/key.h"

#include <string.h>

#include "dns/name.h"

/* Every label and every separator takes in the key what label and length byte take in the name, but for the ends. */
#define ENDS_LEN 2

/* Copies a label of len bytes in lower case; whether none of them is zero. */
static bool label_lower(uint8_t *to, const uint8_t *from, size_t len)
{
    bool plain = true;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = from[i];
        plain &= byte != 0;
        to[i] = (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte;
    }
    return plain;
}

/* The labels come in from the left and fill the key from its end. */
void name_key_make(const uint8_t *name, struct name_key *out)
{
    out->len = 0;
    out->labels = 0;
    out->whole = true;
    if (*name == 0)
        return;

    size_t end = name_len(name) - ENDS_LEN;
    out->len = (uint16_t)end;
    for (;;) {
        size_t label_len = *name;
        size_t start = end - label_len;
        out->labels++;
        if (!label_lower(out->bytes + start, name + 1, label_len)) {
            out->whole = false;
            out->labels = 0;
            out->len = (uint16_t)(start > 0 ? start - 1 : 0);
        }
        if (start == 0)
            return;
        end = start - 1;
        out->bytes[end] = 0;
        name += label_len + 1;
    }
}

int name_key_to_name(const uint8_t *key, size_t len, uint8_t *out_name)
{
    uint8_t name[NAME_MAX_LEN];
    if (len > NAME_MAX_LEN - ENDS_LEN)
        return ERR_MALFORMED;
    size_t name_bytes = len == 0 ? 1 : len + ENDS_LEN;
    size_t at = name_bytes - 1;
    name[at] = 0;
    for (size_t pos = 0; at > 0;) {
        size_t label_len = strnlen((const char *)key + pos, len - pos);
        if (label_len == 0 || label_len > NAME_LABEL_MAX)
            return ERR_MALFORMED;
        at -= label_len + 1;
        name[at] = (uint8_t)label_len;
        memcpy(name + at + 1, key + pos, label_len);
        pos += label_len + 1;
    }
    memcpy(out_name, name, name_bytes);
    return (int)name_bytes;
}
