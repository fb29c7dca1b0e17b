#include "ship/pseudonym.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/file.h"

static const char purpose[] = "belisha pseudonym key";

int pseudonym_key_load(const char *path, struct pseudonym_key *out, char why[SECRET_WHY_MAX])
{
    struct secret secret;
    int code = secret_read(path, &secret, why);
    if (code < 0)
        return code;
    size_t len = strlen(secret.text);
    if (len < PSEUDONYM_SECRET_MIN) {
        snprintf(why, SECRET_WHY_MAX, "%s has %zu bytes: a key of pseudonyms needs %d", path, len,
                 PSEUDONYM_SECRET_MIN);
        code = ERR_LIMIT;
    } else {
        crypto_generichash(out->bytes, sizeof out->bytes, (const uint8_t *)secret.text, len, (const uint8_t *)purpose,
                           sizeof purpose - 1);
    }
    secret_wipe(&secret);
    return code;
}

int pseudonym_key_make(const char *path)
{
    uint8_t drawn[32];
    char text[2 * sizeof drawn + 2];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0)
        return err_from_errno(errno);
    randombytes_buf(drawn, sizeof drawn);
    sodium_bin2hex(text, sizeof text, drawn, sizeof drawn);
    strcat(text, "\n");
    int code = file_write_at(fd, text, strlen(text), 0);
    if (code == 0 && fsync(fd) < 0)
        code = err_from_errno(errno);
    close(fd);
    sodium_memzero(drawn, sizeof drawn);
    sodium_memzero(text, sizeof text);
    if (code == 0)
        code = file_sync_folder_of(path);
    if (code < 0)
        unlink(path);
    return code;
}

void pseudonym_key_wipe(struct pseudonym_key *key)
{
    sodium_memzero(key, sizeof *key);
}

uint64_t pseudonym(const struct pseudonym_key *key, enum pseudonym_kind kind, const char *scope, const char *name)
{
    crypto_generichash_state state;
    const uint8_t kind_byte = (uint8_t)kind;
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint64_t value;
    crypto_generichash_init(&state, key->bytes, sizeof key->bytes, sizeof hash);
    crypto_generichash_update(&state, &kind_byte, 1);
    crypto_generichash_update(&state, (const uint8_t *)scope, strlen(scope) + 1);
    crypto_generichash_update(&state, (const uint8_t *)name, strlen(name));
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&value, hash, sizeof value);
    return value == 0 ? 1 : value;
}
