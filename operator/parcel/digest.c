#include "parcel/digest.h"

void digest_begin(struct digest *digest)
{
    digest->bytes = 0;
    crypto_generichash_init(&digest->blake2b_state, NULL, 0, DIGEST_LEN);
    crypto_hash_sha256_init(&digest->sha256_state);
}

void digest_add(struct digest *digest, const void *bytes, size_t len)
{
    digest->bytes += len;
    crypto_generichash_update(&digest->blake2b_state, bytes, len);
    crypto_hash_sha256_update(&digest->sha256_state, bytes, len);
}

void digest_end(struct digest *digest)
{
    crypto_generichash_final(&digest->blake2b_state, digest->blake2b, DIGEST_LEN);
    crypto_hash_sha256_final(&digest->sha256_state, digest->sha256);
}

char *digest_to_text(const uint8_t hash[DIGEST_LEN], char out[DIGEST_TEXT_MAX])
{
    return sodium_bin2hex(out, DIGEST_TEXT_MAX, hash, DIGEST_LEN);
}
