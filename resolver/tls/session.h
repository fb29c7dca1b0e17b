/*
 * One TLS connection as a filter of bytes: it knows no socket.
 *
 *     bytes of the network ──▶ tls_session_read()  ──▶ bytes of the other side
 *     our bytes            ──▶ tls_session_write() ──▶ tls_session_output(): bytes for the network
 *
 * Reading makes output too: the handshake, answers to alerts, new tickets.
 *
 *     as a server   tls_session_accept(), then read
 *     as a client   tls_session_connect(): the first output is there at once; nothing is written before the other side
 *                   has proved who it is, which tls_session_is_open() tells
 *
 * Memory:  OpenSSL's own, about 16 KiB while a connection is quiet. Output is gathered in a buffer that goes when it has
 *          been taken.
 * Threads: one at a time.
 */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "tls/identity.h"
#include "tls/trust.h"

/* More plain bytes than this never come out of a read of `len` bytes beyond len itself: one record (RFC 8446, 5.2). */
#define TLS_RECORD_MAX 16640

/* What is spoken inside (RFC 7301). */
enum tls_protocol {
    TLS_PROTOCOL_DOT,  /* "dot"; who names no protocol is welcome (RFC 7858) */
    TLS_PROTOCOL_H2,   /* "h2": required (RFC 9113, 3.2) */
    TLS_PROTOCOL_HTTP, /* "http/1.1"; who names no protocol is welcome */
};

struct tls_session;

/* ERR_NOMEM. */
ERR_CHECKED int tls_session_accept(struct tls_identity *identity, enum tls_protocol protocol, struct tls_session **out);
/*
 * DNS over TLS to a server. tickets: the server's, one of which may be used up, and into which new ones go until
 * tls_session_leave_tickets(). ERR_NOMEM; ERR_INVAL: the peer's name is none.
 */
ERR_CHECKED int tls_session_connect(struct tls_trust *trust, const struct tls_peer *peer, struct tls_tickets *tickets,
                                    struct tls_session **out);
void tls_session_leave_tickets(struct tls_session *session);
void tls_session_free(struct tls_session *session);

/*
 * Takes len bytes that arrived; out has room for len + TLS_RECORD_MAX. Returns how many plain bytes it wrote, which may
 * be none. ERR_END: the other side has said goodbye (*out_len of what came before is still set). ERR_MALFORMED: no TLS, or
 * broken. ERR_ACCESS: the server is not who it should be. In each case tls_session_output() may have something to say.
 */
ERR_CHECKED int tls_session_read(struct tls_session *session, const void *bytes, size_t len, uint8_t *out,
                                 size_t *out_len);

/* Encrypts len bytes, together. Only after tls_session_is_open(). ERR_MALFORMED: the connection is broken. ERR_NOMEM. */
ERR_CHECKED int tls_session_write(struct tls_session *session, const void *bytes, size_t len);

/* What was wrong with the other side's certificate, in English; NULL: nothing was. */
const char *tls_session_complaint(const struct tls_session *session);

/* Whether the handshake is over, and the server, if there is one, is who it should be. */
bool tls_session_is_open(const struct tls_session *session);

/* Says goodbye; the word is in the output. */
void tls_session_close(struct tls_session *session);

/* What waits for the network: valid until the next call; NULL and 0 when nothing does. */
const void *tls_session_output(const struct tls_session *session, size_t *out_len);
/* All of it has been taken. */
void tls_session_taken(struct tls_session *session);

#endif
