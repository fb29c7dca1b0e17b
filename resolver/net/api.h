/*
 * The local API, by which logon scripts and captive portals say who is where: HTTP/1.1 over TLS with a token, or over a UNIX
 * socket for users of this machine.
 *
 *     POST /v1/logon     {"user": "anna", "address": "10.20.0.7", "ttl": "8h"}     session/logon.h has the bodies
 *     POST /v1/logoff    {"address": "10.20.0.7"}
 *     GET  /v1/sessions
 *
 * What changes something is answered when it is kept on the disk. A connection is for one request and has a time for it.
 * Wrong tokens are refused for a while without being looked at.
 *
 * Threads: one, the loop's.
 */
#ifndef NET_API_H
#define NET_API_H

#include <sys/types.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "net/commit.h"
#include "session/logon.h"
#include "session/token.h"

#define API_CLIENTS_MAX    256
#define API_PER_CLIENT_MAX 64
#define API_LIFE_MS        10000 /* from the first byte to the answer */
#define API_LINGER_MS      2000  /* for the client to read it and go */
#define API_LISTEN_MAX     16

/* Connections over TLS of one address: each costs a handshake. Calls over the socket. Wrong tokens of one address. */
#define API_TLS_BURST      300
#define API_TLS_EVERY_MS   20
#define API_CALL_BURST     1000
#define API_CALL_EVERY_MS  5
#define API_WRONG_BURST    10
#define API_WRONG_EVERY_MS 6000

struct api;
struct tls_identity;

/* Of one configuration; must live until api_set() names another. */
struct api_rules {
    struct tls_identity *tls;         /* NULL: nothing is taken over TLS */
    const struct token_table *tokens; /* over TLS */
    const uint32_t *uids;             /* over the socket */
    size_t uid_count;
    struct logon_limits limits;
};

struct api_opts {
    const struct endpoint *listen; /* TLS */
    size_t listen_count;
    const char *socket; /* path; NULL: none */
    mode_t socket_mode;
    struct api_rules rules;
    struct session_book *book;
    struct commit *commit;
    bool (*card)(void *ctx, const struct ipaddr *address, uint8_t out[6]); /* as struct logon_call has it */
    void *ctx;
};

/*
 * Negative errno, ERR_NOMEM, ERR_LIMIT (path too long). *out is set even then unless it is NULL, and wants api_close() and
 * api_free().
 */
ERR_CHECKED int api_listen(uv_loop_t *loop, const struct api_opts *opts, struct api **out);
void api_set(struct api *api, const struct api_rules *rules);

struct endpoint api_bound(const struct api *api, size_t index);
const struct logon_tally *api_tally(const struct api *api);

/* Before commit_close(). The loop must run on until the handles are gone; then api_free(). */
void api_close(struct api *api);
void api_free(struct api *api);

#endif
