#include "tls/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

int digest_md5(const struct digest_part parts[], size_t count, uint8_t out[DIGEST_MD5_LEN])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return ERR_NOMEM;
    int fine = EVP_DigestInit_ex(ctx, EVP_md5(), NULL);
    for (size_t i = 0; fine == 1 && i < count; i++)
        fine = EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len);
    if (fine == 1)
        fine = EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
    return fine == 1 ? 0 : ERR_UNSUPPORTED;
}

int digest_hmac_md5(const void *key, size_t key_len, const void *bytes, size_t len, uint8_t out[DIGEST_MD5_LEN])
{
    if (key_len > INT_MAX)
        return ERR_UNSUPPORTED;
    return HMAC(EVP_md5(), key, (int)key_len, bytes, len, out, NULL) == NULL ? ERR_UNSUPPORTED : 0;
}

int digest_sha256(const void *bytes, size_t len, uint8_t out[DIGEST_SHA256_LEN])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : ERR_UNSUPPORTED;
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
