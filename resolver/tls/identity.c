#include "tls/identity.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tls/internal.h"

/* Forward secrecy and authenticated encryption (RFC 9325, 4.2); those of TLS 1.3 all have both. */
#define CIPHERS_TLS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls_identity {
    SSL_CTX *ctx;
};

struct ssl_ctx_st *tls_identity_ctx(const struct tls_identity *identity)
{
    return identity->ctx;
}

/* A server without a terminal must not wait for a password. */
static int no_password(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return 0;
}

static void set_rules(SSL_CTX *ctx)
{
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    SSL_CTX_set_alpn_select_cb(ctx, tls_session_choose_protocol, NULL);
}

static int unreadable(const char *what, const char *path, int err, char *why)
{
    snprintf(why, TLS_WHY_MAX, "the %s %s can't be read: %s", what, path, err_str(err));
    return err;
}

static int refused(const char *what, const char *path, char *why)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(why, TLS_WHY_MAX, "%s %s: %s", path, what, reason == NULL ? "not as expected" : reason);
    ERR_clear_error();
    return ERR_CONFIG;
}

static int load_files(SSL_CTX *ctx, const struct tls_identity_opts *opts, char *why)
{
    if (access(opts->certificate, R_OK) < 0)
        return unreadable("certificate", opts->certificate, -errno, why);
    if (access(opts->key, R_OK) < 0)
        return unreadable("private key", opts->key, -errno, why);
    if (SSL_CTX_use_certificate_chain_file(ctx, opts->certificate) != 1)
        return refused("holds no certificate in PEM form", opts->certificate, why);
    if (SSL_CTX_use_PrivateKey_file(ctx, opts->key, SSL_FILETYPE_PEM) != 1)
        return refused("holds no private key in PEM form without a password that fits the certificate", opts->key, why);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return refused("does not fit the certificate", opts->key, why);
    return 0;
}

int tls_identity_load(const struct tls_identity_opts *opts, struct tls_identity **out, char *why)
{
    struct tls_identity *identity = calloc(1, sizeof *identity);
    why[0] = '\0';
    if (identity == NULL)
        return ERR_NOMEM;
    identity->ctx = SSL_CTX_new(TLS_server_method());
    int err = identity->ctx == NULL ? ERR_NOMEM : 0;
    if (err == 0) {
        set_rules(identity->ctx);
        err = SSL_CTX_set_cipher_list(identity->ctx, CIPHERS_TLS_1_2) == 1 ? load_files(identity->ctx, opts, why)
                                                                           : ERR_UNSUPPORTED;
    }
    if (err < 0)
        tls_identity_free(identity);
    else
        *out = identity;
    return err;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (identity == NULL)
        return;
    SSL_CTX_free(identity->ctx);
    free(identity);
}
