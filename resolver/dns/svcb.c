#include "dns/svcb.h"

#include <string.h>

#include "dns/msg.h"

#define PARAM_HEAD_LEN 4 /* key and length */
#define ECH_LIST_MIN   6 /* its own length, and one ECHConfig without contents */

static bool keys_increase(const uint8_t *keys, size_t len)
{
    if (len == 0 || len % 2 != 0 || msg_u16(keys) == SVCB_MANDATORY) /* it must not name itself (RFC 9460, 8) */
        return false;
    for (size_t i = 2; i < len; i += 2)
        if (msg_u16(keys + i - 2) >= msg_u16(keys + i))
            return false;
    return true;
}

/* Protocol ids, each with its length (7.1.1). */
static bool ids_fill(const uint8_t *ids, size_t len)
{
    size_t at = 0;
    while (at < len && ids[at] != 0)
        at += 1 + (size_t)ids[at];
    return len > 0 && at == len;
}

static bool value_is_allowed(unsigned key, const uint8_t *value, size_t len)
{
    switch (key) {
    case SVCB_MANDATORY:
        return keys_increase(value, len);
    case SVCB_ALPN:
        return ids_fill(value, len);
    case SVCB_NO_DEFAULT_ALPN:
        return len == 0;
    case SVCB_PORT:
        return len == 2;
    case SVCB_IPV4HINT:
        return len > 0 && len % 4 == 0;
    case SVCB_IPV6HINT:
        return len > 0 && len % 16 == 0;
    case SVCB_ECH:
        return len >= ECH_LIST_MIN && msg_u16(value) == len - 2;
    default:
        return true;
    }
}

static void note(struct svcb *s, unsigned key, const uint8_t *value, size_t len)
{
    const struct svcb_value noted = {value, len};
    if (key == SVCB_MANDATORY)
        s->mandatory = noted;
    else if (key == SVCB_IPV4HINT)
        s->ipv4hint = noted;
    else if (key == SVCB_IPV6HINT)
        s->ipv6hint = noted;
    else if (key == SVCB_ECH)
        s->ech = noted;
}

static int read_params(struct svcb *s, const uint8_t *params, size_t len)
{
    int last = -1;
    for (size_t at = 0; at < len;) {
        if (len - at < PARAM_HEAD_LEN)
            return ERR_TRUNCATED;
        unsigned key = msg_u16(params + at);
        size_t value_len = msg_u16(params + at + 2);
        const uint8_t *value = params + at + PARAM_HEAD_LEN;
        if (len - at - PARAM_HEAD_LEN < value_len)
            return ERR_TRUNCATED;
        if ((int)key <= last || !value_is_allowed(key, value, value_len))
            return ERR_MALFORMED;
        note(s, key, value, value_len);
        last = (int)key;
        at += PARAM_HEAD_LEN + value_len;
    }
    return 0;
}

/* Both lists increase. */
static bool mandatory_are_there(const struct svcb *s, const uint8_t *params, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < s->mandatory.len; i += 2) {
        unsigned key = msg_u16(s->mandatory.bytes + i);
        while (at < len && msg_u16(params + at) < key)
            at += PARAM_HEAD_LEN + (size_t)msg_u16(params + at + 2);
        if (at == len || msg_u16(params + at) != key)
            return false;
    }
    return true;
}

int svcb_parse(const uint8_t *rdata, size_t len, struct svcb *out)
{
    struct svcb s = {.priority = 0};
    if (len < 2)
        return ERR_TRUNCATED;
    s.priority = msg_u16(rdata);
    s.target = rdata + 2;
    int code = name_check(s.target, len - 2);
    if (code < 0)
        return code;
    s.target_len = (size_t)code;
    const uint8_t *params = s.target + s.target_len;
    size_t params_len = len - 2 - s.target_len;
    if ((code = read_params(&s, params, params_len)) < 0)
        return code;
    if (!mandatory_are_there(&s, params, params_len))
        return ERR_MALFORMED;
    *out = s;
    return 0;
}

static bool demands_ech(const struct svcb *s)
{
    for (size_t i = 0; i < s->mandatory.len; i += 2)
        if (msg_u16(s->mandatory.bytes + i) == SVCB_ECH)
            return true;
    return false;
}

size_t svcb_strip_ech(uint8_t *rdata, size_t len)
{
    struct svcb s;
    if (svcb_parse(rdata, len, &s) < 0)
        return 0;
    if (s.ech.bytes == NULL)
        return len;
    if (s.priority == 0) /* nobody may heed its parameters */
        return 2 + s.target_len;
    if (demands_ech(&s))
        return 0;
    size_t begin = (size_t)(s.ech.bytes - rdata) - PARAM_HEAD_LEN;
    size_t end = (size_t)(s.ech.bytes - rdata) + s.ech.len;
    memmove(rdata + begin, rdata + end, len - end);
    return len - (end - begin);
}
