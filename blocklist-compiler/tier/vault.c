#include "tier/vault.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tier/files.h"

#define MAGIC     "belvlt01"
#define MAGIC_LEN 8
#define HEAD_LEN  (MAGIC_LEN + crypto_secretbox_xchacha20poly1305_NONCEBYTES)
#define BOX_EXTRA crypto_secretbox_xchacha20poly1305_MACBYTES
#define MODE      0600

static_assert(VAULT_KEY_LEN == crypto_secretbox_xchacha20poly1305_KEYBYTES, "a key of the box");

static int open_box(const struct vault *vault, const uint8_t *file, size_t len, uint8_t **out, size_t *out_len)
{
    if (len < HEAD_LEN + BOX_EXTRA || memcmp(file, MAGIC, MAGIC_LEN) != 0)
        return ERR_DAMAGED;
    size_t content_len = len - HEAD_LEN - BOX_EXTRA;
    uint8_t *content = malloc(content_len + 1);
    if (content == NULL)
        return ERR_NOMEM;
    if (crypto_secretbox_xchacha20poly1305_open_easy(content, file + HEAD_LEN, len - HEAD_LEN, file + MAGIC_LEN,
                                                     vault->key) != 0) {
        free(content);
        return ERR_DAMAGED;
    }
    content[content_len] = 0;
    *out = content;
    *out_len = content_len;
    return 0;
}

int vault_get(const struct vault *vault, const char *name, uint8_t **out, size_t *out_len)
{
    uint8_t *file;
    size_t len;
    int err = files_read(vault->dir, name, VAULT_MAX + HEAD_LEN + BOX_EXTRA, &file, &len);
    if (err < 0)
        return err == ERR_LIMIT ? ERR_DAMAGED : err;
    err = open_box(vault, file, len, out, out_len);
    free(file);
    return err;
}

int vault_put(const struct vault *vault, const char *name, const void *bytes, size_t len)
{
    if (len > VAULT_MAX)
        return ERR_LIMIT;
    uint8_t *file = malloc(HEAD_LEN + BOX_EXTRA + len);
    if (file == NULL)
        return ERR_NOMEM;
    memcpy(file, MAGIC, MAGIC_LEN);
    randombytes_buf(file + MAGIC_LEN, HEAD_LEN - MAGIC_LEN);
    crypto_secretbox_xchacha20poly1305_easy(file + HEAD_LEN, bytes, len, file + MAGIC_LEN, vault->key);
    int err = files_replace(vault->dir, name, MODE, file, HEAD_LEN + BOX_EXTRA + len);
    free(file);
    return err;
}
