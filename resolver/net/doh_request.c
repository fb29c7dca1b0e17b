#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/msg.h"
#include "net/clock.h"
#include "net/doh_internal.h"
#include "net/doh_target.h"
#include "qlog/record.h"

#define REQUEST_MIN_LEN 12 /* a DNS header */

enum method { METHOD_NONE, METHOD_GET, METHOD_POST, METHOD_OTHER };

/* One stream: from its headers to its last answer byte. */
struct doh_request {
    struct doh_client *client;
    struct doh_request *next, **link; /* of the client's; link leads here */
    uint32_t slot;
    int32_t stream;
    enum method method;
    bool path_fits;
    bool is_message;  /* content-type says so */
    bool too_long;    /* body or headers */
    bool is_answered; /* a response was submitted */
    int from_path;    /* as doh_target_message() */
    size_t headers_len;
    uint8_t *question; /* DOH_BODY_MAX bytes, allocated with the first */
    size_t question_len;
    uint8_t *answer;
    size_t answer_len, answer_sent;
};

static void request_free(struct doh_request *r)
{
    slots_release(&r->client->doh->requests, r->slot);
    *r->link = r->next;
    if (r->next != NULL)
        r->next->link = r->link;
    free(r->question);
    free(r->answer);
    free(r);
}

void doh_requests_free(struct doh_client *client)
{
    while (client->requests != NULL)
        request_free(client->requests);
}

static struct doh_request *request_of(nghttp2_session *session, int32_t stream)
{
    return nghttp2_session_get_stream_user_data(session, stream);
}

/* ---- response ---- */

static nghttp2_nv header(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

static ssize_t read_answer(nghttp2_session *session, int32_t stream, uint8_t *out, size_t cap, uint32_t *flags,
                           nghttp2_data_source *source, void *ctx)
{
    struct doh_request *r = source->ptr;
    size_t left = r->answer_len - r->answer_sent;
    size_t len = left < cap ? left : cap;
    (void)session;
    (void)stream;
    (void)ctx;
    memcpy(out, r->answer + r->answer_sent, len);
    r->answer_sent += len;
    if (r->answer_sent == r->answer_len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

/* Fresh no longer than the record that goes first (RFC 8484, 5.1); what failed or is broken is not fresh at all. */
static uint32_t freshness_s(const uint8_t *msg, size_t len)
{
    struct msg_walk walk;
    struct msg_rr rr;
    uint32_t least_s = UINT32_MAX;
    unsigned rcode = len < REQUEST_MIN_LEN ? DNS_RCODE_SERVFAIL : msg_u16(msg + 2) & MSG_RCODE;
    if ((rcode != DNS_RCODE_NOERROR && rcode != DNS_RCODE_NXDOMAIN) || msg_walk_begin(&walk, msg, len) < 0)
        return 0;
    while (msg_walk_next(&walk, &rr) == 1)
        if (rr.section != MSG_ADDITIONAL && rr.ttl < least_s)
            least_s = rr.ttl;
    return least_s == UINT32_MAX ? 0 : least_s;
}

static void submit(struct doh_request *r, const nghttp2_nv headers[], size_t count, bool with_body)
{
    nghttp2_data_provider body = {.source.ptr = r, .read_callback = read_answer};
    if (r->is_answered)
        return;
    r->is_answered = true;
    if (nghttp2_submit_response(r->client->session, r->stream, headers, count, with_body ? &body : NULL) < 0)
        conn_close(&r->client->conn);
}

static void respond_status(struct doh_request *r, const char *status)
{
    nghttp2_nv headers[] = {header(":status", status), header("content-length", "0"), header("allow", "GET, POST")};
    submit(r, headers, strcmp(status, "405") == 0 ? 3 : 2, false);
}

static void respond_answer(struct doh_request *r, const uint8_t *msg, size_t len)
{
    char length[24], age[40];
    r->answer = malloc(len);
    if (r->answer == NULL) {
        respond_status(r, "503");
        return;
    }
    memcpy(r->answer, msg, len);
    r->answer_len = len;
    snprintf(length, sizeof length, "%zu", len);
    snprintf(age, sizeof age, "max-age=%u", (unsigned)freshness_s(msg, len));
    nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/dns-message"),
                            header("content-length", length), header("cache-control", age)};
    submit(r, headers, sizeof headers / sizeof headers[0], true);
}

struct doh_client *doh_request_answer(struct doh *doh, uint64_t token, const uint8_t *msg, size_t len)
{
    struct doh_request *r = slots_find(&doh->requests, token);
    if (r == NULL || r->client->conn.closing || len > DOH_ANSWER_BYTES)
        return NULL;
    respond_answer(r, msg, len);
    return r->client;
}

/* ---- question ---- */

static void ask(struct doh_request *r)
{
    struct doh_client *client = r->client;
    struct doh *doh = client->doh;
    struct query_item item = {
        .source = {.client = client->peer,
                   .local = client->local,
                   .interface = client->local.scope,
                   .transport = QLOG_DOH,
                   .stream = true,
                   .token = slots_token(&doh->requests, r->slot)},
        .msg = r->question,
        .msg_len = r->question_len,
        .out = doh->answer,
        .out_cap = DOH_ANSWER_BYTES,
        .step = QUERY_DROP,
    };
    struct query_time now = clock_now();
    query_batch(*doh->opts.engine, &item, 1, now);
    if (item.step == QUERY_ANSWER) {
        respond_answer(r, doh->answer, item.out_len);
        histogram_add(&doh->opts.metrics->at_once, clock_since_ns(now), 1);
    } else if (item.step == QUERY_DROP) {
        nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, r->stream, NGHTTP2_REFUSED_STREAM);
    }
}

/* What is wrong with a whole request, as an HTTP status; NULL: nothing. */
static const char *fault_of(const struct doh_request *r)
{
    if (!r->path_fits)
        return "404";
    if (r->method != METHOD_GET && r->method != METHOD_POST)
        return "405";
    if (r->too_long || r->from_path == ERR_LIMIT)
        return "413";
    if (r->method == METHOD_POST && !r->is_message)
        return "415";
    if (r->method == METHOD_GET && r->from_path < 0)
        return "400";
    return r->question_len < REQUEST_MIN_LEN ? "400" : NULL;
}

static void take_whole(struct doh_request *r)
{
    const char *fault = fault_of(r);
    r->client->active_ms = (int64_t)uv_now(r->client->doh->loop);
    if (fault != NULL)
        respond_status(r, fault);
    else if (!r->is_answered)
        ask(r);
}

static bool question_room(struct doh_request *r)
{
    if (r->question == NULL)
        r->question = malloc(DOH_BODY_MAX);
    return r->question != NULL;
}

/* ---- what nghttp2 tells ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct doh_client *client = ctx;
    struct doh *doh = client->doh;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct doh_request *r = slots_full(&doh->requests) ? NULL : calloc(1, sizeof *r);
    if (r == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* this stream is reset, the others go on */
    *r = (struct doh_request){.client = client, .stream = frame->hd.stream_id, .from_path = ERR_NOENT};
    r->slot = slots_take(&doh->requests, r);
    r->next = client->requests;
    r->link = &client->requests;
    if (r->next != NULL)
        r->next->link = &r->next;
    client->requests = r;
    nghttp2_session_set_stream_user_data(session, r->stream, r);
    return 0;
}

static bool is(const uint8_t *text, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(text, wanted, len) == 0;
}

static void take_path(struct doh_request *r, const char *target, size_t len)
{
    r->path_fits = doh_target_is(target, len, r->client->doh->opts.path);
    if (!r->path_fits || !question_room(r))
        return;
    r->from_path = doh_target_message(target, len, r->question, DOH_BODY_MAX);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
    struct doh_request *r = request_of(session, frame->hd.stream_id);
    (void)flags;
    (void)ctx;
    if (r == NULL)
        return 0;
    r->headers_len += name_len + value_len;
    if (r->headers_len > DOH_HEADERS_MAX) {
        r->too_long = true;
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (is(name, name_len, ":method"))
        r->method = is(value, value_len, "GET")    ? METHOD_GET
                    : is(value, value_len, "POST") ? METHOD_POST
                                                   : METHOD_OTHER;
    else if (is(name, name_len, ":path"))
        take_path(r, (const char *)value, value_len);
    else if (is(name, name_len, "content-type"))
        r->is_message = is(value, value_len, "application/dns-message");
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t len, void *ctx)
{
    struct doh_request *r = request_of(session, stream);
    (void)flags;
    (void)ctx;
    if (r == NULL || r->method != METHOD_POST || r->too_long)
        return 0;
    if (r->question_len + len > DOH_BODY_MAX || !question_room(r)) {
        r->too_long = true;
        return 0;
    }
    memcpy(r->question + r->question_len, bytes, len);
    r->question_len += len;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct doh_request *r = request_of(session, frame->hd.stream_id);
    (void)ctx;
    if (r == NULL || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    if (r->method == METHOD_GET && r->from_path >= 0)
        r->question_len = (size_t)r->from_path;
    take_whole(r);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error, void *ctx)
{
    struct doh_request *r = request_of(session, stream);
    (void)error;
    (void)ctx;
    if (r != NULL) {
        nghttp2_session_set_stream_user_data(session, stream, NULL);
        request_free(r);
    }
    return 0;
}

nghttp2_session_callbacks *doh_request_callbacks(void)
{
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return callbacks;
}
