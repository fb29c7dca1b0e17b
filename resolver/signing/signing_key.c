#include "signing/signing_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define BASE64      sodium_base64_VARIANT_ORIGINAL
#define SEED_LEN    crypto_sign_SEEDBYTES
#define PATH_LEN    4096
#define KEY_MODE    0400
#define FOLDER_MODE 0700

/* What stands before the 32 bytes (RFC 8410, 4 and 7): of an Ed25519 key, nothing varies. */
static const uint8_t public_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t secret_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                      0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

/* ---- PEM ---- */

struct form {
    const char *begin;
    const char *end;
    const uint8_t *head;
    size_t head_len;
};

static const struct form public_form = {"-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----", public_head,
                                        sizeof public_head};
static const struct form secret_form = {"-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", secret_head,
                                        sizeof secret_head};

static void pem_write(const struct form *form, const uint8_t bytes[32], struct text *out)
{
    uint8_t der[sizeof secret_head + 32];
    char base64[96];
    memcpy(der, form->head, form->head_len);
    memcpy(der + form->head_len, bytes, 32);
    sodium_bin2base64(base64, sizeof base64, der, form->head_len + 32, BASE64);
    text_printf(out, "%s\n%s\n%s\n", form->begin, base64, form->end);
    sodium_memzero(der, sizeof der);
    sodium_memzero(base64, sizeof base64);
}

static int pem_parse(const struct form *form, const char *pem, size_t len, uint8_t out[32])
{
    uint8_t der[sizeof secret_head + 32];
    size_t der_len = 0;
    const char *at = memmem(pem, len, form->begin, strlen(form->begin));
    if (at == NULL)
        return ERR_MALFORMED;
    at += strlen(form->begin);
    const char *end = memmem(at, len - (size_t)(at - pem), form->end, strlen(form->end));
    if (end == NULL ||
        sodium_base642bin(der, form->head_len + 32, at, (size_t)(end - at), " \t\r\n", &der_len, NULL, BASE64) != 0)
        return ERR_MALFORMED;
    if (der_len != form->head_len + 32 || memcmp(der, form->head, form->head_len) != 0)
        return ERR_MALFORMED;
    memcpy(out, der + form->head_len, 32);
    sodium_memzero(der, sizeof der);
    return 0;
}

/* ---- files ---- */

static int file_read(int fd, char out[SIGNING_PEM_MAX], size_t *out_len)
{
    size_t len = 0;
    ssize_t got;
    while (len < SIGNING_PEM_MAX && (got = read(fd, out + len, SIGNING_PEM_MAX - len)) != 0) {
        if (got < 0 && errno != EINTR)
            return -errno;
        len += got < 0 ? 0 : (size_t)got;
    }
    *out_len = len;
    return 0;
}

static int file_write(int fd, const struct text *pem)
{
    ssize_t written = write(fd, pem->bytes, pem->len);
    if (written < 0)
        return -errno;
    if ((size_t)written < pem->len)
        return ERR_NOSPACE;
    return fsync(fd) < 0 ? -errno : 0;
}

/* The folder that holds path, "" for the present one. */
static void folder_of(const char *path, char out[PATH_LEN])
{
    const char *slash = strrchr(path, '/');
    snprintf(out, PATH_LEN, "%.*s", slash == NULL ? 0 : (int)(slash - path), path);
}

static int folder_sync(const char *path)
{
    char folder[PATH_LEN];
    folder_of(path, folder);
    int fd = open(folder[0] == '\0' ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return err;
}

/* Whole or not at all: whoever was quicker has made the key that counts. */
static int key_put(const char *path, const struct text *pem)
{
    char beside[PATH_LEN];
    char folder[PATH_LEN];
    if ((size_t)snprintf(beside, sizeof beside, "%s.%ld.tmp", path, (long)getpid()) >= sizeof beside)
        return ERR_LIMIT;
    folder_of(path, folder);
    if (folder[0] != '\0' && mkdir(folder, FOLDER_MODE) < 0 && errno != EEXIST)
        return -errno;
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, KEY_MODE);
    if (fd < 0)
        return -errno;
    int err = file_write(fd, pem);
    if (close(fd) < 0 && err == 0)
        err = -errno;
    if (err == 0 && link(beside, path) < 0 && errno != EEXIST)
        err = -errno;
    unlink(beside);
    return err < 0 ? err : folder_sync(path);
}

static int key_make(const char *path)
{
    uint8_t seed[SEED_LEN];
    struct text pem = {0};
    randombytes_buf(seed, sizeof seed);
    pem_write(&secret_form, seed, &pem);
    int err = text_ok(&pem) ? key_put(path, &pem) : ERR_NOMEM;
    sodium_memzero(seed, sizeof seed);
    if (pem.bytes != NULL)
        sodium_memzero(pem.bytes, pem.len);
    text_done(&pem);
    return err;
}

static int key_read(const char *path, uint8_t out_seed[SEED_LEN])
{
    char pem[SIGNING_PEM_MAX];
    size_t len = 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = fstat(fd, &st) < 0 ? -errno : (st.st_mode & 077) != 0 ? ERR_ACCESS : file_read(fd, pem, &len);
    close(fd);
    if (err == 0)
        err = pem_parse(&secret_form, pem, len, out_seed);
    sodium_memzero(pem, sizeof pem);
    return err;
}

/* ---- keys ---- */

static void id_set(struct signing_public *public)
{
    uint8_t hash[32];
    crypto_generichash(hash, sizeof hash, public->bytes, sizeof public->bytes, NULL, 0);
    memcpy(public->id, hash, sizeof public->id);
}

int signing_key_open(const char *path, struct signing_key *out, bool *out_made)
{
    uint8_t seed[SEED_LEN];
    bool made = false;
    if (sodium_init() < 0)
        return ERR_IO;
    int err = key_read(path, seed);
    if (err == ERR_NOENT) {
        err = key_make(path);
        made = err == 0;
        if (err == 0)
            err = key_read(path, seed);
    }
    if (err < 0)
        return err;
    crypto_sign_seed_keypair(out->public.bytes, out->secret, seed);
    sodium_memzero(seed, sizeof seed);
    id_set(&out->public);
    *out_made = made;
    return 0;
}

void signing_key_done(struct signing_key *key)
{
    sodium_memzero(key, sizeof *key);
}

void signing_key_sign(const struct signing_key *key, const void *bytes, size_t len, uint8_t out[SIGNING_SIGNATURE_LEN])
{
    crypto_sign_detached(out, NULL, bytes, len, key->secret);
}

bool signing_public_verify(const struct signing_public *public, const void *bytes, size_t len,
                           const uint8_t signature[SIGNING_SIGNATURE_LEN])
{
    return crypto_sign_verify_detached(signature, bytes, len, public->bytes) == 0;
}

void signing_public_write(const struct signing_public *public, struct text *out)
{
    pem_write(&public_form, public->bytes, out);
}

int signing_public_parse(const char *pem, size_t len, struct signing_public *out)
{
    struct signing_public public;
    int err = pem_parse(&public_form, pem, len, public.bytes);
    if (err < 0)
        return err;
    id_set(&public);
    *out = public;
    return 0;
}

int signing_public_load(int dir_fd, const char *path, struct signing_public *out)
{
    char pem[SIGNING_PEM_MAX];
    size_t len = 0;
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = file_read(fd, pem, &len);
    close(fd);
    return err < 0 ? err : signing_public_parse(pem, len, out);
}

char *signing_id_to_text(const uint8_t id[SIGNING_ID_LEN], char out[SIGNING_ID_TEXT_MAX])
{
    return sodium_bin2hex(out, SIGNING_ID_TEXT_MAX, id, SIGNING_ID_LEN);
}
