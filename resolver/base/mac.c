#include "base/mac.h"

#include <stdio.h>
#include <string.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits before each separator; 0: there is none. */
static size_t group_len(const char *text, size_t len)
{
    if (len == 17 && (text[2] == ':' || text[2] == '-' || text[2] == ' '))
        return 2;
    if (len == 14 && text[4] == '.')
        return 4;
    if (len == 13 && text[6] == '-')
        return 6;
    return len == 12 ? 12 : 0;
}

bool mac_is_usable(const uint8_t mac[MAC_LEN])
{
    static const uint8_t zero[MAC_LEN];
    return (mac[0] & 1) == 0 && memcmp(mac, zero, MAC_LEN) != 0;
}

int mac_from_text(const char *text, size_t len, uint8_t out[MAC_LEN])
{
    uint8_t mac[MAC_LEN] = {0};
    size_t group = group_len(text, len), digits = 0;
    if (group == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < len; i++) {
        bool separator = group < 12 && i % (group + 1) == group;
        int value = digit(text[i]);
        if (separator && text[i] == text[group])
            continue;
        if (separator || value < 0)
            return ERR_MALFORMED;
        mac[digits / 2] = (uint8_t)(mac[digits / 2] << 4 | value);
        digits++;
    }
    if (!mac_is_usable(mac))
        return ERR_MALFORMED;
    memcpy(out, mac, MAC_LEN);
    return 0;
}

char *mac_to_text(const uint8_t mac[MAC_LEN], char out[MAC_TEXT_MAX])
{
    snprintf(out, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return out;
}
