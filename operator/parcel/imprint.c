#include "parcel/imprint.h"

#include <stdlib.h>

#include <sodium.h>

#include "tls/digest.h"

struct imprint_running {
    crypto_generichash_state blake2b; /* on a multiple of 64 */
    struct digest_flow *sha256;       /* OpenSSL's is four times as fast as libsodium's */
};

int imprint_begin(struct imprint *imprint)
{
    struct imprint_running *running = aligned_alloc(_Alignof(struct imprint_running), sizeof *running);
    *imprint = (struct imprint){.running = running};
    if (running == NULL)
        return ERR_NOMEM;
    crypto_generichash_init(&running->blake2b, NULL, 0, IMPRINT_LEN);
    running->sha256 = digest_flow_new();
    if (running->sha256 != NULL)
        return 0;
    imprint_drop(imprint);
    return ERR_UNSUPPORTED;
}

void imprint_add(struct imprint *imprint, const void *bytes, size_t len)
{
    imprint->bytes += len;
    crypto_generichash_update(&imprint->running->blake2b, bytes, len);
    digest_flow_add(imprint->running->sha256, bytes, len);
}

void imprint_end(struct imprint *imprint)
{
    crypto_generichash_final(&imprint->running->blake2b, imprint->blake2b, IMPRINT_LEN);
    digest_flow_get(imprint->running->sha256, imprint->sha256);
    imprint_drop(imprint);
}

void imprint_drop(struct imprint *imprint)
{
    if (imprint->running != NULL)
        digest_flow_free(imprint->running->sha256);
    free(imprint->running);
    imprint->running = NULL;
}

void imprint_so_far(const struct imprint *imprint, uint8_t out[IMPRINT_LEN])
{
    crypto_generichash_state state = imprint->running->blake2b;
    crypto_generichash_final(&state, out, IMPRINT_LEN);
}

char *imprint_to_text(const uint8_t hash[IMPRINT_LEN], char out[IMPRINT_TEXT_MAX])
{
    return sodium_bin2hex(out, IMPRINT_TEXT_MAX, hash, IMPRINT_LEN);
}
