#include "statutory/hash.h"

#include <sodium.h>
#include <string.h>

static_assert(crypto_shorthash_siphashx24_BYTES == HASH_LEN, "a hash of 128 bits");
static_assert(crypto_shorthash_siphashx24_KEYBYTES == STATUTORY_KEY_LEN, "a key of 128 bits");
static_assert(HASH_LEN == STATUTORY_KEY_LEN, "a hash can be a key");

void hash_make(const uint8_t secret[HASH_LEN], const uint8_t *bytes, size_t len, uint8_t out[HASH_LEN])
{
    crypto_shorthash_siphashx24(out, bytes, len, secret);
}

static void derive(const uint8_t key[STATUTORY_KEY_LEN], const char *purpose, uint8_t out[HASH_LEN])
{
    hash_make(key, (const uint8_t *)purpose, strlen(purpose), out);
}

void hash_keys_make(const uint8_t key[STATUTORY_KEY_LEN], struct hash_keys *out)
{
    derive(key, STATUTORY_FOR_ENTRIES, out->entries);
    derive(key, STATUTORY_FOR_IDS, out->ids);
    derive(key, STATUTORY_FOR_CHECK, out->check);
}

size_t hash_opaque_name(const struct hash_keys *keys, const uint8_t *host, size_t len, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[HASH_LEN];
    size_t at = 0;
    hash_make(keys->ids, host, len, hash);
    out[at++] = 2 * STATUTORY_ID_LEN;
    for (size_t i = 0; i < STATUTORY_ID_LEN; i++) {
        out[at++] = (uint8_t)digits[hash[i] >> 4];
        out[at++] = (uint8_t)digits[hash[i] & 15];
    }
    memcpy(out + at, STATUTORY_ID_ZONE, sizeof STATUTORY_ID_ZONE); /* its closing zero is the root */
    return at + sizeof STATUTORY_ID_ZONE;
}
