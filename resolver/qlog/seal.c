#include "qlog/seal.h"

#include <string.h>

#include <sodium.h>

#include "qlog/block.h"

#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN   crypto_aead_xchacha20poly1305_ietf_ABYTES

static_assert(SEAL_OVERHEAD == NONCE_LEN + TAG_LEN, "what is said of the size is so");

/* What is authenticated beside the bytes. */
struct bond {
    struct column_header header;
    uint64_t day;
};

void seal_column(const struct day_key *key, const struct column_header *header, const void *bytes, size_t len,
                 struct text *out)
{
    const struct bond bond = {*header, day_key_of(key)};
    uint8_t nonce[NONCE_LEN];
    size_t at = out->len;
    randombytes_buf(nonce, sizeof nonce);
    text_add(out, (const char *)nonce, sizeof nonce);
    text_add(out, bytes, len);
    text_add(out, (const char *)nonce, TAG_LEN); /* room for the tag */
    if (!text_ok(out))
        return;
    uint8_t *sealed = (uint8_t *)out->bytes + at + NONCE_LEN;
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(sealed, sealed + len, NULL, sealed, len, (const uint8_t *)&bond,
                                                        sizeof bond, NULL, nonce, day_key_bytes(key));
}

int seal_column_open(const struct day_key *key, const struct column_header *header, const uint8_t *sealed, size_t len,
                     uint8_t *out)
{
    const struct bond bond = {*header, day_key_of(key)};
    if (len < SEAL_OVERHEAD)
        return ERR_DAMAGED;
    int code = crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, NULL, sealed + NONCE_LEN, len - SEAL_OVERHEAD,
                                                                   sealed + len - TAG_LEN, (const uint8_t *)&bond,
                                                                   sizeof bond, sealed, day_key_bytes(key));
    return code == 0 ? 0 : ERR_DAMAGED;
}

void seal_person(const uint8_t person_key[DAY_KEY_LEN], uint64_t block_nonce, uint32_t entry, struct block_who *who)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96 */
    uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES];
    uint8_t stream[sizeof who->client + sizeof who->device];
    size_t from = memcmp(who->client, mapped, sizeof mapped) == 0 ? sizeof mapped : 0;
    uint32_t device;
    memcpy(nonce, &block_nonce, sizeof block_nonce);
    memcpy(nonce + sizeof block_nonce, &entry, sizeof entry);
    crypto_stream_chacha20_ietf(stream, sizeof stream, nonce, person_key);
    for (size_t i = from; i < sizeof who->client; i++)
        who->client[i] ^= stream[i];
    memcpy(&device, stream + sizeof who->client, sizeof device);
    who->device ^= device;
    sodium_memzero(stream, sizeof stream);
}
