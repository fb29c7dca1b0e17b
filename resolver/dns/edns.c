#include "dns/edns.h"

#include <string.h>

#include "dns/msg.h"

#define OPT_FIXED_LEN     11 /* root owner, type, class, ttl, rdlength */
#define OPTION_HEADER_LEN 4
#define EDE_CODE_LEN      2
#define EDE_BARE_LEN      (OPTION_HEADER_LEN + EDE_CODE_LEN)

/* RFC 7873, 5.2.2: a client part alone, or with a server part of 8 to 32 bytes. */
static bool cookie_len_is_good(size_t len)
{
    return len == EDNS_COOKIE_CLIENT_LEN || (len >= 2 * EDNS_COOKIE_CLIENT_LEN && len <= EDNS_COOKIE_MAX);
}

struct options {
    const uint8_t *cookie; /* NULL: none */
    size_t cookie_len;
    bool keepalive;
    bool keepalive_timed;
    bool padding;
};

int edns_option_next(const uint8_t *rdata, size_t rdata_len, size_t *pos, struct edns_option *out)
{
    size_t left = rdata_len - *pos;
    if (left == 0)
        return 0;
    if (left < OPTION_HEADER_LEN || msg_u16(rdata + *pos + 2) > left - OPTION_HEADER_LEN)
        return ERR_MALFORMED;
    out->code = msg_u16(rdata + *pos);
    out->len = msg_u16(rdata + *pos + 2);
    out->data = rdata + *pos + OPTION_HEADER_LEN;
    *pos += OPTION_HEADER_LEN + (size_t)out->len;
    return 1;
}

/* Of several cookies only the first counts (RFC 7873, 5.2). */
static int options_read(const uint8_t *rdata, size_t rdata_len, struct options *out)
{
    unsigned option_count = 0;
    struct edns_option option;
    size_t pos = 0;
    int more;
    while ((more = edns_option_next(rdata, rdata_len, &pos, &option)) > 0) {
        if (++option_count > EDNS_OPTIONS_MAX)
            return ERR_MALFORMED;
        if (option.code == EDNS_OPTION_KEEPALIVE)
            *(option.len == 0 ? &out->keepalive : &out->keepalive_timed) = true;
        if (option.code == EDNS_OPTION_PADDING)
            out->padding = true;
        if (option.code == EDNS_OPTION_COOKIE && out->cookie == NULL) {
            if (!cookie_len_is_good(option.len))
                return ERR_MALFORMED;
            out->cookie = option.data;
            out->cookie_len = option.len;
        }
    }
    return more;
}

static bool ede_says_nothing(const struct edns_option *option)
{
    return option->len == 0 || (option->len == EDE_CODE_LEN && msg_u16(option->data) == EDE_OTHER);
}

bool edns_asks_structured(const uint8_t *rdata, size_t rdata_len, uint16_t option_code, bool by_ede)
{
    struct edns_option option;
    size_t pos = 0;
    while (edns_option_next(rdata, rdata_len, &pos, &option) > 0) {
        if (option_code != 0 && option.code == option_code)
            return true;
        if (by_ede && option.code == EDNS_OPTION_EDE && ede_says_nothing(&option))
            return true;
    }
    return false;
}

int edns_parse(const uint8_t type_class_ttl[8], const uint8_t *rdata, size_t rdata_len, struct edns *out)
{
    uint8_t version = type_class_ttl[5];
    struct options options = {.cookie = NULL};
    if (version == 0) {
        int err = options_read(rdata, rdata_len, &options);
        if (err < 0)
            return err;
    }
    out->present = true;
    out->dnssec_ok = (msg_u16(type_class_ttl + 6) & EDNS_DO) != 0;
    out->version = version;
    out->keepalive = options.keepalive;
    out->keepalive_timed = options.keepalive_timed;
    out->padding = options.padding;
    out->cookie_len = (uint8_t)options.cookie_len;
    out->udp_size = msg_u16(type_class_ttl + 2);
    if (options.cookie_len > 0)
        memcpy(out->cookie, options.cookie, options.cookie_len);
    return 0;
}

static uint8_t *option_begin(uint8_t *at, enum edns_option_code code, size_t len)
{
    msg_put_u16(at, code);
    msg_put_u16(at + 2, (unsigned)len);
    return at + OPTION_HEADER_LEN;
}

static size_t write_keepalive(const struct edns_reply *reply, uint8_t *out, size_t room)
{
    if (!reply->keepalive || room < OPTION_HEADER_LEN + 2)
        return 0;
    msg_put_u16(option_begin(out, EDNS_OPTION_KEEPALIVE, 2), reply->keepalive_100ms);
    return OPTION_HEADER_LEN + 2;
}

static size_t text_len_of(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

/* Returns what was written: nothing, the code alone, or code and text, as room allows. */
static size_t write_ede(const struct edns_reply *reply, uint8_t *out, size_t room)
{
    const char *text = reply->ede_text;
    size_t text_len = text_len_of(text);
    if (reply->ede == EDE_NONE || room < EDE_BARE_LEN)
        return 0;
    if (text_len > room - EDE_BARE_LEN) {
        text = reply->ede_short; /* whole or not at all: half a text would be no UTF-8, or no JSON */
        text_len = text_len_of(text);
    }
    if (text_len > room - EDE_BARE_LEN)
        text_len = 0;
    uint8_t *at = option_begin(out, EDNS_OPTION_EDE, EDE_CODE_LEN + text_len);
    msg_put_u16(at, (unsigned)reply->ede);
    if (text_len > 0)
        memcpy(at + EDE_CODE_LEN, text, text_len);
    return EDE_BARE_LEN + text_len;
}

static size_t write_ede_cached(const struct edns_reply *reply, uint8_t *out, size_t room)
{
    if (!reply->ede_cached || room < EDE_BARE_LEN)
        return 0;
    msg_put_u16(option_begin(out, EDNS_OPTION_EDE, EDE_CODE_LEN), EDE_CACHED_ERROR);
    return EDE_BARE_LEN;
}

/* The last option: it fills the message up to a whole block, or says nothing where that is too long. */
static size_t write_padding(const struct edns_reply *reply, size_t opt_len, uint8_t *out, size_t room)
{
    if (reply->padding_block == 0 || room < OPTION_HEADER_LEN)
        return 0;
    size_t bare_len = reply->before_len + opt_len + OPTION_HEADER_LEN;
    size_t fill = (reply->padding_block - bare_len % reply->padding_block) % reply->padding_block;
    if (fill > room - OPTION_HEADER_LEN)
        return 0;
    memset(option_begin(out, EDNS_OPTION_PADDING, fill), 0, fill);
    return OPTION_HEADER_LEN + fill;
}

static size_t option_len(uint8_t data_len)
{
    return data_len > 0 ? OPTION_HEADER_LEN + (size_t)data_len : 0;
}

/* The record, its cookie and its subnet. */
static size_t bare_len(const struct edns_reply *reply)
{
    return OPT_FIXED_LEN + option_len(reply->cookie_len) + option_len(reply->subnet_len);
}

bool edns_ede_is_cut(const struct edns_reply *reply, size_t cap)
{
    size_t keepalive_len = reply->keepalive ? OPTION_HEADER_LEN + 2 : 0;
    return reply->ede != EDE_NONE && cap < bare_len(reply) + keepalive_len + EDE_BARE_LEN;
}

int edns_write(const struct edns_reply *reply, uint8_t *out, size_t cap)
{
    size_t len = bare_len(reply);
    if (cap < len)
        return ERR_LIMIT;
    if (cap > OPT_FIXED_LEN + UINT16_MAX)
        cap = OPT_FIXED_LEN + UINT16_MAX;

    out[0] = 0;
    msg_put_u16(out + 1, DNS_TYPE_OPT);
    msg_put_u16(out + 3, reply->udp_size);
    out[5] = (uint8_t)(reply->rcode >> 4);
    out[6] = 0;
    msg_put_u16(out + 7, reply->dnssec_ok ? EDNS_DO : 0);
    if (reply->cookie_len > 0)
        memcpy(option_begin(out + OPT_FIXED_LEN, EDNS_OPTION_COOKIE, reply->cookie_len), reply->cookie,
               reply->cookie_len);
    if (reply->subnet_len > 0)
        memcpy(option_begin(out + OPT_FIXED_LEN + option_len(reply->cookie_len), EDNS_OPTION_CLIENT_SUBNET,
                            reply->subnet_len),
               reply->subnet, reply->subnet_len);
    len += write_keepalive(reply, out + len, cap - len);
    len += write_ede(reply, out + len, cap - len);
    len += write_ede_cached(reply, out + len, cap - len);
    len += write_padding(reply, len, out + len, cap - len);
    msg_put_u16(out + 9, (unsigned)(len - OPT_FIXED_LEN));
    return (int)len;
}
