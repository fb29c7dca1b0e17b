/*
 * What the files of this folder share.
 */
#ifndef TLS_INTERNAL_H
#define TLS_INTERNAL_H

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct tls_identity;
struct tls_trust;

struct ssl_ctx_st *tls_identity_ctx(const struct tls_identity *identity);
struct ssl_ctx_st *tls_trust_ctx(const struct tls_trust *trust);

/* OpenSSL's callback: a server gave us a ticket. Returns 1 when it was kept. */
int tls_session_keep_ticket(struct ssl_st *ssl, struct ssl_session_st *ticket);

/* OpenSSL's callback: chooses from the client's list (RFC 7301, 3.1) what the session is for. */
int tls_session_choose_protocol(struct ssl_st *ssl, const unsigned char **out, unsigned char *out_len,
                                const unsigned char *offered, unsigned offered_len, void *ctx);

#endif
