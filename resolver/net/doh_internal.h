/*
 * What doh.c (connections) and doh_request.c (requests in them) share.
 */
#ifndef NET_DOH_INTERNAL_H
#define NET_DOH_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "net/doh.h"
#include "net/listener.h"
#include "net/slots.h"

#define DOH_ANSWER_BYTES 65535 /* the longest message */
#define DOH_GATHER_BYTES 16384 /* frames that leave together, as one TLS record */

struct doh_request;

struct doh {
    uv_loop_t *loop;
    uv_timer_t sweep;
    struct doh_opts opts;
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    struct slots clients;
    struct slots requests;
    size_t ready_count; /* clients with ready set; may count some that have gone since */
    size_t listener_count;
    struct listener *listeners;
    uint8_t answer[DOH_ANSWER_BYTES];
    uint8_t gather[DOH_GATHER_BYTES];
};

struct doh_client {
    struct conn conn; /* first: the callbacks' conn is the client */
    struct doh *doh;
    nghttp2_session *session;
    uint32_t slot;
    int64_t active_ms;            /* when the last request came or answer bytes left */
    struct doh_request *requests; /* open ones */
    struct endpoint peer;
    struct endpoint local;
    bool receiving; /* nghttp2 is reading: nothing may be sent now */
    bool ready;     /* has something to send: doh_flush() does it */
};

/* The callbacks by which nghttp2 tells of requests; NULL: no memory. */
nghttp2_session_callbacks *doh_request_callbacks(void);

/* Frees those of a client that is going. */
void doh_requests_free(struct doh_client *client);

/* Sends the answer, or throws it away when its request has gone. Returns the client; NULL. */
struct doh_client *doh_request_answer(struct doh *doh, uint64_t token, const uint8_t *msg, size_t len);

#endif
