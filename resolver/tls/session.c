#include "tls/session.h"

#include <assert.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tls/internal.h"

#define OUTPUT_START 2048

struct tls_session {
    SSL *ssl;
    enum tls_protocol protocol;
    const uint8_t *input; /* lent by tls_session_read(), not yet taken by OpenSSL */
    size_t input_len;
    uint8_t *output;
    size_t output_len, output_cap;
};

/* ---- OpenSSL's view of the network: bytes lent to it, and our buffer ---- */

static int bio_read(BIO *bio, char *out, int cap)
{
    struct tls_session *session = BIO_get_data(bio);
    size_t len = session->input_len < (size_t)cap ? session->input_len : (size_t)cap;
    BIO_clear_retry_flags(bio);
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, session->input, len);
    session->input += len;
    session->input_len -= len;
    return (int)len;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct tls_session *session = BIO_get_data(bio);
    size_t needed = session->output_len + (size_t)len;
    BIO_clear_retry_flags(bio);
    if (needed > session->output_cap) {
        size_t cap = session->output_cap == 0 ? OUTPUT_START : session->output_cap;
        while (cap < needed)
            cap *= 2;
        uint8_t *grown = realloc(session->output, cap);
        if (grown == NULL)
            return -1;
        session->output = grown;
        session->output_cap = cap;
    }
    memcpy(session->output + session->output_len, bytes, (size_t)len);
    session->output_len = needed;
    return len;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "belisha connection");
    if (made == NULL || BIO_meth_set_read(made, bio_read) != 1 || BIO_meth_set_write(made, bio_write) != 1 ||
        BIO_meth_set_ctrl(made, bio_control) != 1)
        BIO_meth_free(made);
    else
        method = made;
}

/* ---- sessions ---- */

int tls_session_new(struct tls_identity *identity, enum tls_protocol protocol, struct tls_session **out)
{
    pthread_once(&method_once, make_method);
    struct tls_session *session = calloc(1, sizeof *session);
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    SSL *ssl = SSL_new(tls_identity_ctx(identity));
    if (session == NULL || bio == NULL || ssl == NULL) {
        BIO_free(bio);
        SSL_free(ssl);
        free(session);
        return ERR_NOMEM;
    }
    *session = (struct tls_session){.ssl = ssl, .protocol = protocol};
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, session);
    SSL_set_accept_state(ssl);
    *out = session;
    return 0;
}

void tls_session_free(struct tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    free(session->output);
    free(session);
}

int tls_session_choose_protocol(struct ssl_st *ssl, const unsigned char **out, unsigned char *out_len,
                                const unsigned char *offered, unsigned offered_len, void *ctx)
{
    static const unsigned char dot[] = "\003dot";
    static const unsigned char h2[] = "\002h2";
    const struct tls_session *session = SSL_get_app_data(ssl);
    const unsigned char *ours = session->protocol == TLS_PROTOCOL_H2 ? h2 : dot;
    unsigned char *chosen;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_len, ours, ours[0] + 1u, offered, offered_len) == OPENSSL_NPN_NEGOTIATED) {
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
    }
    return session->protocol == TLS_PROTOCOL_H2 ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

/* Without the extension OpenSSL asks nobody; HTTP/2 needs it all the same. */
static bool lacks_protocol(const struct tls_session *session)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(session->ssl, &name, &len);
    return session->protocol == TLS_PROTOCOL_H2 && len == 0;
}

static int error_of(const struct tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return ERR_END;
    default:
        ERR_clear_error();
        return ERR_MALFORMED;
    }
}

int tls_session_read(struct tls_session *session, const void *bytes, size_t len, uint8_t *out, size_t *out_len)
{
    const size_t cap = len + TLS_RECORD_MAX;
    size_t total = 0;
    int err = 0;
    session->input = bytes;
    session->input_len = len;
    ERR_clear_error();
    while (err == 0 && total < cap) {
        size_t room = cap - total < INT_MAX ? cap - total : INT_MAX;
        int got = SSL_read(session->ssl, out + total, (int)room);
        if (got <= 0) {
            err = error_of(session, got);
            break;
        }
        total += (size_t)got;
    }
    assert(err < 0 || session->input_len == 0); /* OpenSSL asks for more only when it has taken all */
    session->input_len = 0;
    if (err == 0 && total > 0 && lacks_protocol(session))
        err = ERR_MALFORMED;
    *out_len = err == ERR_MALFORMED ? 0 : total;
    return err;
}

int tls_session_write(struct tls_session *session, const void *bytes, size_t len)
{
    assert(tls_session_is_open(session) && len <= INT_MAX);
    ERR_clear_error();
    if (len > 0 && SSL_write(session->ssl, bytes, (int)len) != (int)len) {
        ERR_clear_error();
        return ERR_MALFORMED;
    }
    return 0;
}

bool tls_session_is_open(const struct tls_session *session)
{
    return SSL_is_init_finished(session->ssl) != 0;
}

void tls_session_close(struct tls_session *session)
{
    ERR_clear_error();
    if (tls_session_is_open(session))
        (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
}

const void *tls_session_output(const struct tls_session *session, size_t *out_len)
{
    *out_len = session->output_len;
    return session->output_len == 0 ? NULL : session->output;
}

void tls_session_taken(struct tls_session *session)
{
    free(session->output);
    session->output = NULL;
    session->output_len = session->output_cap = 0;
}
