#include "notice/token.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC_LEN 12

static_assert(MAC_LEN <= crypto_generichash_BYTES, "the hash is cut, not stretched");
static_assert(TOKEN_TEXT_MAX == 8 + 2 * MAC_LEN + 1, "eight digits of minute, the hash, a zero");

static char *token_write(const uint8_t key[TOKEN_KEY_LEN], const struct ipaddr *client, uint32_t minute,
                         char out[TOKEN_TEXT_MAX])
{
    uint8_t input[4 + sizeof client->bytes];
    uint8_t mac[crypto_generichash_BYTES];
    memcpy(input, &minute, 4);
    memcpy(input + 4, client->bytes, sizeof client->bytes);
    crypto_generichash(mac, sizeof mac, input, sizeof input, key, TOKEN_KEY_LEN);
    snprintf(out, TOKEN_TEXT_MAX, "%08x", minute);
    sodium_bin2hex(out + 8, TOKEN_TEXT_MAX - 8, mac, MAC_LEN);
    return out;
}

char *token_make(const uint8_t key[TOKEN_KEY_LEN], const struct ipaddr *client, int64_t now_s, char out[TOKEN_TEXT_MAX])
{
    return token_write(key, client, (uint32_t)(now_s / 60), out);
}

bool token_is_valid(const uint8_t key[TOKEN_KEY_LEN], const struct ipaddr *client, int64_t now_s, const char *text)
{
    char expected[TOKEN_TEXT_MAX];
    char digits[9] = {0};
    if (strlen(text) != TOKEN_TEXT_MAX - 1 || strspn(text, "0123456789abcdef") != TOKEN_TEXT_MAX - 1)
        return false;
    memcpy(digits, text, 8);
    uint32_t minute = (uint32_t)strtoul(digits, NULL, 16);
    int64_t age_s = now_s - (int64_t)minute * 60;
    if (age_s < -60 || age_s > TOKEN_AGE_S)
        return false;
    token_write(key, client, minute, expected);
    return sodium_memcmp(expected, text, TOKEN_TEXT_MAX - 1) == 0;
}
