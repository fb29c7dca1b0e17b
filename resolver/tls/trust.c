#include "tls/trust.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tls/internal.h"

struct tls_trust {
    SSL_CTX *ctx;
};

struct ssl_ctx_st *tls_trust_ctx(const struct tls_trust *trust)
{
    return trust->ctx;
}

static int load_roots(SSL_CTX *ctx, const char *ca_file, char *why)
{
    if (ca_file == NULL)
        return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : ERR_NOMEM;
    if (access(ca_file, R_OK) < 0) {
        int err = -errno;
        snprintf(why, TLS_WHY_MAX, "the file of trusted certificates %s can't be read: %s", ca_file, err_str(err));
        return err;
    }
    if (SSL_CTX_load_verify_file(ctx, ca_file) == 1)
        return 0;
    ERR_clear_error();
    snprintf(why, TLS_WHY_MAX, "%s holds no certificate in PEM form", ca_file);
    return ERR_CONFIG;
}

int tls_trust_load(const char *ca_file, struct tls_trust **out, char *why)
{
    struct tls_trust *trust = calloc(1, sizeof *trust);
    why[0] = '\0';
    if (trust == NULL)
        return ERR_NOMEM;
    trust->ctx = SSL_CTX_new(TLS_client_method());
    int err = trust->ctx == NULL ? ERR_NOMEM : load_roots(trust->ctx, ca_file, why);
    if (err < 0) {
        tls_trust_free(trust);
        return err;
    }
    SSL_CTX_set_min_proto_version(trust->ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(trust->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(trust->ctx, SSL_MODE_RELEASE_BUFFERS);
    /* Tickets come one by one into a callback, and are kept by server instead of here. */
    SSL_CTX_set_session_cache_mode(trust->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(trust->ctx, tls_session_keep_ticket);
    *out = trust;
    return 0;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (trust == NULL)
        return;
    SSL_CTX_free(trust->ctx);
    free(trust);
}

int tls_pin_parse(const char *text, uint8_t out[TLS_PIN_LEN])
{
    enum { TEXT_LEN = (TLS_PIN_LEN + 2) / 3 * 4 };
    static const char prefix[] = "sha256//";
    uint8_t bytes[TEXT_LEN];
    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        text += sizeof prefix - 1;
    /* The last of the 33 bytes that the block decoder gives is the padding's. */
    if (strlen(text) != TEXT_LEN || text[TEXT_LEN - 1] != '=' || text[TEXT_LEN - 2] == '=' ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text, TEXT_LEN) != TLS_PIN_LEN + 1)
        return ERR_MALFORMED;
    memcpy(out, bytes, TLS_PIN_LEN);
    return 0;
}

void tls_tickets_done(struct tls_tickets *tickets)
{
    while (tickets->count > 0)
        SSL_SESSION_free(tickets->kept[--tickets->count]);
}
