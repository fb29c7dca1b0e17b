#include "qlog/code.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dns/name.h"

#define PART_MASK      0xfffffu /* 20 bits */
#define WINDOW_MINUTES 15u

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static uint32_t code_hash(const struct ipaddr *client, const uint8_t *name)
{
    uint8_t bytes[16 + NAME_MAX_LEN];
    size_t len = name_len(name);
    memcpy(bytes, client->bytes, 16);
    memcpy(bytes + 16, name, len);
    return (uint32_t)XXH3_64bits(bytes, 16 + len) & PART_MASK;
}

static uint32_t code_minute(int64_t time_s)
{
    int64_t minute = time_s >= 0 ? time_s / 60 : (time_s - 59) / 60;
    return (uint32_t)minute & PART_MASK;
}

char *qlog_code_make(const struct ipaddr *client, const uint8_t *name, int64_t time_s, char out[QLOG_CODE_TEXT_MAX])
{
    uint32_t minute = code_minute(time_s);
    uint32_t hash = code_hash(client, name);
    for (unsigned i = 0; i < 4; i++) {
        out[i] = digits[minute >> (15 - 5 * i) & 31];
        out[5 + i] = digits[hash >> (15 - 5 * i) & 31];
    }
    out[4] = '-';
    out[9] = '\0';
    return out;
}

static int digit_value(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        return 0;
    if (c == 'I' || c == 'L')
        return 1;
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

int qlog_code_parse(const char *text, struct qlog_code *out)
{
    uint64_t value = 0;
    unsigned count = 0;
    for (; *text != '\0'; text++) {
        if (*text == '-' && count == 4 && text[1] != '-')
            continue;
        int digit = digit_value(*text);
        if (digit < 0 || count == 8)
            return ERR_MALFORMED;
        value = value << 5 | (unsigned)digit;
        count++;
    }
    if (count != 8)
        return ERR_MALFORMED;
    out->minute = (uint32_t)(value >> 20);
    out->hash = (uint32_t)value & PART_MASK;
    return 0;
}

bool qlog_code_matches(const struct qlog_code *code, const struct ipaddr *client, const uint8_t *name, int64_t time_s)
{
    uint32_t before = (code->minute - code_minute(time_s)) & PART_MASK;
    return before <= WINDOW_MINUTES && code_hash(client, name) == code->hash;
}
