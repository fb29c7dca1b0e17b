#include "tls/digest.h"

#include <assert.h>
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

/* ---- piece by piece ---- */

/* The handle is OpenSSL's own: nobody else looks into it. */
static EVP_MD_CTX *ctx_of(struct digest_flow *flow)
{
    return (EVP_MD_CTX *)(void *)flow;
}

struct digest_flow *digest_flow_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1)
        return (struct digest_flow *)(void *)ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

/* Begun, SHA-256 of bytes in memory can't fail. */
void digest_flow_add(struct digest_flow *flow, const void *bytes, size_t len)
{
    int fine = EVP_DigestUpdate(ctx_of(flow), bytes, len);
    assert(fine == 1);
    (void)fine;
}

void digest_flow_get(struct digest_flow *flow, uint8_t out[DIGEST_SHA256_LEN])
{
    int fine = EVP_DigestFinal_ex(ctx_of(flow), out, NULL);
    assert(fine == 1);
    (void)fine;
}

void digest_flow_free(struct digest_flow *flow)
{
    EVP_MD_CTX_free(ctx_of(flow));
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
