#include "identity/forwarded.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dns/edns.h"
#include "dns/rr.h"
#include "base/mac.h"

#define OPTION_MAC_TEXT 65073
#define OPTION_CPE      65074

#define FAMILY_IPV4 1
#define FAMILY_IPV6 2

static int base64_value(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == 0 ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Six bytes are eight digits, without padding. */
static bool read_base64(const uint8_t text[8], uint8_t out[MAC_LEN])
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++) {
        int value = base64_value(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint64_t)value;
    }
    for (size_t i = 0; i < MAC_LEN; i++)
        out[i] = (uint8_t)(bits >> (40 - 8 * i));
    return true;
}

static bool read_mac(const struct edns_option *option, uint8_t out[MAC_LEN])
{
    uint8_t mac[MAC_LEN];
    if (option->code == FORWARDED_OPTION_MAC && option->len == MAC_LEN)
        memcpy(mac, option->data, MAC_LEN);
    else if (option->len == 8 && !read_base64(option->data, mac))
        return false;
    else if (option->len != 8 && mac_from_text((const char *)option->data, option->len, mac) < 0)
        return false;
    if (!mac_is_usable(mac))
        return false;
    memcpy(out, mac, MAC_LEN);
    return true;
}

/* RFC 7871, 6: as many bytes of the address as the prefix needs, no bit behind it set, no scope in a question. */
static bool read_subnet(const struct edns_option *option, struct prefix *out)
{
    if (option->len < 4 || option->len > FORWARDED_SUBNET_MAX)
        return false;
    unsigned family = (unsigned)option->data[0] << 8 | option->data[1];
    unsigned bits = option->data[2], scope = option->data[3];
    size_t bytes = option->len - 4u;
    unsigned width = family == FAMILY_IPV4 ? 32 : family == FAMILY_IPV6 ? 128 : 0;
    if (bits == 0 || bits > width || scope != 0 || bytes != (bits + 7) / 8)
        return false;
    uint8_t address[16] = {0};
    memcpy(address, option->data + 4, bytes);
    if (bits % 8 != 0 && (address[bytes - 1] & (0xff >> bits % 8)) != 0)
        return false;
    out->addr = family == FAMILY_IPV4 ? ipaddr_from_v4(address) : ipaddr_from_v6(address);
    out->bits = (uint8_t)(bits + 128 - width);
    return true;
}

/* How often each was there. */
struct counts {
    unsigned mac, subnet, cpe;
};

static void read_option(const struct edns_option *option, struct counts *counts, struct forwarded *out)
{
    switch (option->code) {
    case FORWARDED_OPTION_MAC:
    case OPTION_MAC_TEXT:
        counts->mac++;
        out->has_mac = read_mac(option, out->mac);
        break;
    case EDNS_OPTION_CLIENT_SUBNET:
        counts->subnet++;
        out->has_subnet = read_subnet(option, &out->subnet);
        out->subnet_option = option->data;
        out->subnet_len = (uint8_t)(option->len <= FORWARDED_SUBNET_MAX ? option->len : 0);
        break;
    case OPTION_CPE:
        counts->cpe++;
        out->has_cpe = option->len > 0 && option->len <= FORWARDED_CPE_MAX;
        out->cpe = option->data;
        out->cpe_len = (uint8_t)(out->has_cpe ? option->len : 0);
        break;
    default:
        break;
    }
}

void forwarded_read(const uint8_t *options, size_t len, struct forwarded *out)
{
    struct counts counts = {0};
    struct edns_option option;
    size_t pos = 0;
    *out = (struct forwarded){.has_mac = false};
    while (edns_option_next(options, len, &pos, &option) > 0)
        read_option(&option, &counts, out);
    out->has_mac = out->has_mac && counts.mac == 1;
    out->has_subnet = out->has_subnet && counts.subnet == 1;
    out->has_cpe = out->has_cpe && counts.cpe == 1;
}

struct ipaddr forwarded_cpe_address(const uint8_t *cpe, size_t len)
{
    struct ipaddr address = {{0x01}};
    uint64_t hash = XXH3_64bits(cpe, len);
    memcpy(address.bytes + 8, &hash, sizeof hash);
    return address;
}
