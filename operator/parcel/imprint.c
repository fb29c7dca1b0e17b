#include "parcel/imprint.h"

void imprint_begin(struct imprint *imprint)
{
    imprint->bytes = 0;
    crypto_generichash_init(&imprint->blake2b_state, NULL, 0, IMPRINT_LEN);
    crypto_hash_sha256_init(&imprint->sha256_state);
}

void imprint_add(struct imprint *imprint, const void *bytes, size_t len)
{
    imprint->bytes += len;
    crypto_generichash_update(&imprint->blake2b_state, bytes, len);
    crypto_hash_sha256_update(&imprint->sha256_state, bytes, len);
}

void imprint_end(struct imprint *imprint)
{
    crypto_generichash_final(&imprint->blake2b_state, imprint->blake2b, IMPRINT_LEN);
    crypto_hash_sha256_final(&imprint->sha256_state, imprint->sha256);
}

char *imprint_to_text(const uint8_t hash[IMPRINT_LEN], char out[IMPRINT_TEXT_MAX])
{
    return sodium_bin2hex(out, IMPRINT_TEXT_MAX, hash, IMPRINT_LEN);
}
