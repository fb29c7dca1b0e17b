#include "tls/session.h"

#include <assert.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tls/internal.h"

#define OUTPUT_START 2048

struct tls_session {
    SSL *ssl;
    enum tls_protocol protocol;
    bool is_client;
    bool is_wrong;                      /* the server's key is none of its pins */
    const uint8_t (*pins)[TLS_PIN_LEN]; /* our copy; NULL: the name decides */
    size_t pin_count;
    struct tls_tickets *tickets; /* NULL: none are kept */
    const uint8_t *input;        /* lent by tls_session_read(), not yet taken by OpenSSL */
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

static int session_new(SSL_CTX *ctx, struct tls_session **out)
{
    pthread_once(&method_once, make_method);
    struct tls_session *session = calloc(1, sizeof *session);
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    SSL *ssl = SSL_new(ctx);
    if (session == NULL || bio == NULL || ssl == NULL) {
        BIO_free(bio);
        SSL_free(ssl);
        free(session);
        return ERR_NOMEM;
    }
    session->ssl = ssl;
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, session);
    *out = session;
    return 0;
}

int tls_session_accept(struct tls_identity *identity, enum tls_protocol protocol, struct tls_session **out)
{
    struct tls_session *session;
    int err = session_new(tls_identity_ctx(identity), &session);
    if (err < 0)
        return err;
    session->protocol = protocol;
    SSL_set_accept_state(session->ssl);
    *out = session;
    return 0;
}

void tls_session_free(struct tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    free((void *)(uintptr_t)session->pins);
    free(session->output);
    free(session);
}

/* ---- the client's side ---- */

/* The pin is looked at when the handshake is over; until then any certificate goes. */
static int accept_any(int good, X509_STORE_CTX *store)
{
    (void)good;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static bool set_peer(struct tls_session *session, const struct tls_peer *peer)
{
    SSL *ssl = session->ssl;
    if (peer->pin_count > 0) {
        size_t len = peer->pin_count * TLS_PIN_LEN;
        void *pins = malloc(len);
        if (pins == NULL)
            return false;
        memcpy(pins, peer->pins, len);
        session->pins = pins;
        session->pin_count = peer->pin_count;
    }
    if (peer->name == NULL) {
        SSL_set_verify(ssl, SSL_VERIFY_PEER, accept_any);
        return true;
    }
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* An address is no host name (RFC 6066, 3). */
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peer->name) == 1)
        return true;
    return SSL_set1_host(ssl, peer->name) == 1 && SSL_set_tlsext_host_name(ssl, peer->name) == 1;
}

int tls_session_connect(struct tls_trust *trust, const struct tls_peer *peer, struct tls_tickets *tickets,
                        struct tls_session **out)
{
    static const unsigned char dot[] = "\003dot";
    struct tls_session *session;
    assert(peer->name != NULL || peer->pin_count > 0);
    int err = session_new(tls_trust_ctx(trust), &session);
    if (err < 0)
        return err;
    session->is_client = true;
    if (!set_peer(session, peer) || SSL_set_alpn_protos(session->ssl, dot, sizeof dot - 1) != 0) {
        ERR_clear_error();
        tls_session_free(session);
        return ERR_INVAL;
    }
    session->tickets = tickets;
    if (tickets->count > 0) {
        SSL_SESSION *ticket = tickets->kept[--tickets->count];
        SSL_set_session(session->ssl, ticket);
        SSL_SESSION_free(ticket);
    }
    SSL_set_connect_state(session->ssl);
    (void)SSL_do_handshake(session->ssl); /* says hello, and waits for the answer */
    ERR_clear_error();
    *out = session;
    return 0;
}

void tls_session_leave_tickets(struct tls_session *session)
{
    session->tickets = NULL;
}

int tls_session_keep_ticket(struct ssl_st *ssl, struct ssl_session_st *ticket)
{
    const struct tls_session *session = SSL_get_app_data(ssl);
    struct tls_tickets *tickets = session->tickets;
    if (tickets == NULL || session->is_wrong || tickets->count == TLS_TICKETS_MAX)
        return 0;
    tickets->kept[tickets->count++] = ticket;
    return 1;
}

static bool has_pin(const struct tls_session *session)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    uint8_t *bytes = NULL;
    X509 *cert = SSL_get0_peer_certificate(session->ssl);
    int len = cert == NULL ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &bytes);
    bool found = false;
    if (len > 0 && EVP_Digest(bytes, (size_t)len, digest, &digest_len, EVP_sha256(), NULL) == 1)
        for (size_t i = 0; i < session->pin_count; i++)
            found = found || memcmp(session->pins[i], digest, TLS_PIN_LEN) == 0;
    OPENSSL_free(bytes);
    return found;
}

static bool is_wrong_peer(struct tls_session *session)
{
    if (session->is_client && session->pin_count > 0 && !session->is_wrong && SSL_is_init_finished(session->ssl))
        session->is_wrong = !has_pin(session);
    return session->is_wrong;
}

const char *tls_session_complaint(const struct tls_session *session)
{
    long result = SSL_get_verify_result(session->ssl);
    if (session->is_wrong)
        return "its key is none of its pins";
    return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

/* ---- protocols ---- */

int tls_session_choose_protocol(struct ssl_st *ssl, const unsigned char **out, unsigned char *out_len,
                                const unsigned char *offered, unsigned offered_len, void *ctx)
{
    static const unsigned char *const names[] = {[TLS_PROTOCOL_DOT] = (const unsigned char *)"\003dot",
                                                 [TLS_PROTOCOL_H2] = (const unsigned char *)"\002h2",
                                                 [TLS_PROTOCOL_HTTP] = (const unsigned char *)"\010http/1.1"};
    const struct tls_session *session = SSL_get_app_data(ssl);
    const unsigned char *ours = names[session->protocol];
    unsigned char *chosen;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_len, ours, ours[0] + 1u, offered, offered_len) == OPENSSL_NPN_NEGOTIATED) {
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
    }
    return session->protocol == TLS_PROTOCOL_H2 ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

/* ---- bytes ---- */

/* Without the extension OpenSSL asks nobody; HTTP/2 needs it all the same. */
static bool lacks_protocol(const struct tls_session *session)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(session->ssl, &name, &len);
    return !session->is_client && session->protocol == TLS_PROTOCOL_H2 && len == 0;
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
        return session->is_client && tls_session_complaint(session) != NULL ? ERR_ACCESS : ERR_MALFORMED;
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
    while (total < cap) {
        size_t room = cap - total < INT_MAX ? cap - total : INT_MAX;
        int got = SSL_read(session->ssl, out + total, (int)room);
        err = is_wrong_peer(session) ? ERR_ACCESS : got <= 0 ? error_of(session, got) : 0;
        if (err < 0 || got <= 0)
            break;
        total += (size_t)got;
    }
    assert(err < 0 || session->input_len == 0); /* OpenSSL asks for more only when it has taken all */
    session->input_len = 0;
    if (err == 0 && total > 0 && lacks_protocol(session))
        err = ERR_MALFORMED;
    *out_len = err == 0 || err == ERR_END ? total : 0;
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
    return SSL_is_init_finished(session->ssl) != 0 && !session->is_wrong;
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
