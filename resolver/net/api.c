#include "net/api.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rate.h"
#include "net/clock.h"
#include "net/conn.h"
#include "net/http_request.h"
#include "net/listener.h"
#include "net/slots.h"
#include "net/socket_file.h"
#include "net/tcp_limits.h"
#include "tls/identity.h"

#define SWEEP_MS    250
#define UNSENT_MAX  ((size_t)1 << 20)
#define BACKLOG     128
#define COMPLAIN_MS 60000

struct client {
    struct conn conn; /* first */
    struct api *api;
    uint32_t slot;
    bool is_local; /* came over the socket */
    bool counted;  /* in limits */
    uint32_t uid;  /* is_local */
    struct endpoint peer;
    int64_t since_ms; /* its begin, or its answer */
    bool deciding;    /* its request is whole; what comes now is not looked at */
    bool answered;
    bool ended; /* nothing more comes from it */
    struct http_request request;
};

struct api {
    uv_loop_t *loop;
    struct api_opts opts;
    uv_pipe_t pipe;
    bool pipe_open;
    uv_timer_t sweep;
    struct listener listeners[API_LISTEN_MAX];
    size_t listener_count;
    struct slots clients;
    struct tcp_limits *limits;
    struct conn_buffer *buffer;
    struct rate handshakes, calls, wrongs;
    struct logon_tally tally;
    int64_t complained_ms;
    size_t waiting; /* for the disk */
    bool closing;
};

/* An answer that waits until what it tells is kept. */
struct answer {
    struct commit_waiter waiter; /* first */
    struct api *api;
    uint64_t client; /* token: it may be gone */
    struct logon_answer said;
};

/* ---- answering ---- */

static int64_t now_ms(const struct api *api)
{
    return (int64_t)uv_now(api->loop);
}

static void count_status(struct api *api, unsigned status)
{
    uint64_t *count = api->tally.count;
    if (status == 401)
        count[LOGON_COUNT_UNAUTHORIZED]++;
    else if (status == 403)
        count[LOGON_COUNT_FORBIDDEN]++;
    else if (status == 429)
        count[LOGON_COUNT_TOO_MANY]++;
    else if (status >= 500 && status != 501 && status != 505)
        count[LOGON_COUNT_UNAVAILABLE]++;
    else if (status >= 400)
        count[LOGON_COUNT_BAD_REQUEST]++;
}

/* header: a line with its end, or "". The client closes when it has read; else the sweep does. */
static void send_answer(struct client *client, const struct logon_answer *said, const char *header)
{
    struct text head = {0};
    count_status(client->api, said->status);
    client->answered = true;
    client->since_ms = now_ms(client->api);
    text_printf(&head,
                "HTTP/1.1 %u %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n"
                "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n%s\r\n",
                said->status, http_reason(said->status), said->body.len, header);
    text_add(&head, said->body.bytes == NULL ? "" : said->body.bytes, said->body.len);
    if (!text_ok(&head) || !text_ok(&said->body) || conn_write(&client->conn, head.bytes, head.len) < 0 ||
        (client->ended && conn_unsent(&client->conn) == 0))
        conn_close(&client->conn);
    text_done(&head);
}

static void refuse(struct client *client, unsigned status, const char *error, const char *message, const char *header)
{
    struct logon_answer said = {.status = 0};
    logon_refuse(&said, status, error, message);
    send_answer(client, &said, header);
    text_done(&said.body);
}

static void on_kept(struct commit_waiter *waiter, int err)
{
    struct answer *answer = (struct answer *)waiter;
    struct api *api = answer->api;
    struct client *client = slots_find(&api->clients, answer->client);
    api->waiting--;
    if (client != NULL && !client->conn.closing && err < 0)
        refuse(client, 503, "not_stored", "it could not be written to the disk: try again", "Retry-After: 10\r\n");
    else if (client != NULL && !client->conn.closing)
        send_answer(client, &answer->said, "");
    text_done(&answer->said.body);
    free(answer);
}

static void answer_when_kept(struct client *client, const struct logon_answer *said)
{
    struct api *api = client->api;
    struct answer *answer = malloc(sizeof *answer);
    if (answer == NULL) {
        refuse(client, 503, "unavailable", "there is no memory for it", "");
        return;
    }
    *answer = (struct answer){
        .waiter = {.done = on_kept}, .api = api, .client = slots_token(&api->clients, client->slot), .said = *said};
    answer->said.body = said->body; /* its own from here on */
    api->waiting++;
    commit_wait(api->opts.commit, &answer->waiter);
    commit_start(api->opts.commit);
}

/* ---- who asks ---- */

static void refuse_for_now(struct client *client, int64_t wait_s)
{
    char header[64];
    snprintf(header, sizeof header, "Retry-After: %lld\r\n", (long long)wait_s);
    refuse(client, 429, "too_many_requests", "too many requests from your address", header);
}

static void complain_of_token(struct client *client)
{
    struct api *api = client->api;
    char text[IPADDR_TEXT_MAX];
    if (api->complained_ms != 0 && now_ms(api) - api->complained_ms < COMPLAIN_MS)
        return;
    api->complained_ms = now_ms(api);
    log_warning("a wrong token was shown to the local API address=%s", ipaddr_to_text(&client->peer.addr, text));
}

/* By its token. NULL: it has been told why not. */
static const struct speaker *speaker_over_tls(struct client *client)
{
    struct api *api = client->api;
    const char *token = client->request.token;
    int64_t wait_s;
    if (!rate_has(&api->wrongs, &client->peer.addr, now_ms(api), &wait_s)) {
        refuse_for_now(client, wait_s);
        return NULL;
    }
    const struct speaker *speaker = token == NULL ? NULL : token_find(api->opts.rules.tokens, token, strlen(token));
    if (speaker != NULL)
        return speaker;
    if (token != NULL) {
        (void)rate_take(&api->wrongs, &client->peer.addr, now_ms(api), &wait_s);
        complain_of_token(client);
    }
    refuse(client, 401, "unauthorized",
           token == NULL ? "a token is needed: Authorization: Bearer ..." : "nobody has this token",
           "WWW-Authenticate: Bearer realm=\"belisha\"\r\n");
    return NULL;
}

/* By its user. origin: room for the name of what it says. NULL: it has been told why not. */
static const struct speaker *speaker_here(struct client *client, char origin[32], struct speaker *out)
{
    const struct api_rules *rules = &client->api->opts.rules;
    for (size_t i = 0; i < rules->uid_count; i++)
        if (rules->uids[i] == client->uid) {
            snprintf(origin, 32, "user/%u", client->uid);
            *out = (struct speaker){.origin = origin};
            return out;
        }
    refuse(client, 403, "forbidden", "this user may not use the local API: identity.api.users names who may", "");
    return NULL;
}

/* ---- requests ---- */

struct path {
    const char *path, *method, *allow;
    enum logon_op op;
    enum logon_count count;
};

static const struct path paths[] = {
    {"/v1/logon", "POST", "Allow: POST\r\n", LOGON_ON, LOGON_COUNT_ON},
    {"/v1/logoff", "POST", "Allow: POST\r\n", LOGON_OFF, LOGON_COUNT_OFF},
    {"/v1/sessions", "GET", "Allow: GET\r\n", LOGON_LIST, LOGON_COUNT_LIST},
};

static const struct path *find_path(const char *text)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strcmp(paths[i].path, text) == 0)
            return &paths[i];
    return NULL;
}

static void do_it(struct client *client, const struct path *path, const struct speaker *speaker)
{
    struct api *api = client->api;
    struct logon_answer said = {.status = 0};
    const struct logon_call call = {.op = path->op,
                                    .speaker = speaker,
                                    .peer = client->is_local ? NULL : &client->peer.addr,
                                    .body = client->request.body,
                                    .body_len = client->request.body_len,
                                    .now_s = clock_now().wall_ns / 1000000000,
                                    .card = api->opts.card,
                                    .ctx = api->opts.ctx};
    logon_take(api->opts.book, &api->opts.rules.limits, &call, &said);
    if (said.status < 300)
        api->tally.count[path->count]++;
    if (said.status < 300 && path->op != LOGON_LIST) {
        answer_when_kept(client, &said);
        return;
    }
    send_answer(client, &said, "");
    text_done(&said.body);
}

static void take_request(struct client *client)
{
    struct api *api = client->api;
    char origin[32];
    struct speaker here;
    int64_t wait_s;
    if (client->is_local && !rate_take(&api->calls, &client->peer.addr, now_ms(api), &wait_s)) {
        refuse_for_now(client, wait_s);
        return;
    }
    const struct speaker *speaker = client->is_local ? speaker_here(client, origin, &here) : speaker_over_tls(client);
    if (speaker == NULL)
        return;
    const struct path *path = find_path(client->request.path);
    if (path == NULL)
        refuse(client, 404, "not_found", "there are /v1/logon, /v1/logoff and /v1/sessions", "");
    else if (strcmp(path->method, client->request.method) != 0)
        refuse(client, 405, "method_not_allowed", "this is asked for with another method", path->allow);
    else
        do_it(client, path, speaker);
}

static void on_received(struct conn *conn, const uint8_t *bytes, size_t len)
{
    struct client *client = (struct client *)conn;
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (client->deciding)
        return;
    switch (http_request_feed(&client->request, bytes, len)) {
    case HTTP_MORE:
        break;
    case HTTP_CONTINUE:
        if (conn_write(conn, go_on, sizeof go_on - 1) < 0)
            conn_close(conn);
        break;
    case HTTP_WHOLE:
        client->deciding = true;
        take_request(client);
        break;
    case HTTP_BAD:
        client->deciding = true;
        refuse(client, client->request.status, "bad_request", http_reason(client->request.status), "");
        break;
    }
}

/* ---- connections ---- */

static void on_drained(struct conn *conn)
{
    const struct client *client = (struct client *)conn;
    if (client->answered && client->ended)
        conn_close(conn);
}

/* A client may end its side when it has asked, and still gets its answer. */
static void on_ended(struct conn *conn, int why)
{
    struct client *client = (struct client *)conn;
    client->ended = true;
    bool wants_more = client->deciding && (!client->answered || conn_unsent(conn) > 0);
    if (why != UV_EOF || !wants_more)
        conn_close(conn);
}

static void on_closed(struct conn *conn)
{
    struct client *client = (struct client *)conn;
    if (client->counted)
        tcp_limits_release(client->api->limits, &client->peer.addr);
    slots_release(&client->api->clients, client->slot);
    free(client);
}

static const struct conn_ops client_ops = {
    .received = on_received, .drained = on_drained, .ended = on_ended, .closed = on_closed};

static void refused_closed(struct conn *conn)
{
    free(conn);
}

static const struct conn_ops refused_ops = {.closed = refused_closed};

static void on_sweep(uv_timer_t *timer)
{
    struct api *api = timer->data;
    for (size_t i = 0; i < api->clients.cap; i++) {
        struct client *client = slots_at(&api->clients, i);
        if (client != NULL && now_ms(api) - client->since_ms > (client->answered ? API_LINGER_MS : API_LIFE_MS))
            conn_close(&client->conn);
    }
    if (api->clients.count == 0)
        uv_timer_stop(timer);
}

static bool accept_over_tls(struct api *api, uv_stream_t *listener, struct client *client)
{
    struct endpoint local;
    struct tls_session *tls;
    int64_t wait_s;
    if (uv_accept(listener, (uv_stream_t *)&client->conn.tcp) < 0 ||
        listener_ends(&client->conn.tcp, &client->peer, &local) < 0 || slots_full(&api->clients) ||
        api->opts.rules.tls == NULL || !rate_take(&api->handshakes, &client->peer.addr, now_ms(api), &wait_s) ||
        !tcp_limits_take(api->limits, &client->peer.addr))
        return false;
    client->counted = true;
    if (tls_session_accept(api->opts.rules.tls, TLS_PROTOCOL_HTTP, &tls) == 0) {
        conn_set_tls(&client->conn, tls);
        return true;
    }
    tcp_limits_release(api->limits, &client->peer.addr);
    return false;
}

static bool accept_here(struct api *api, uv_stream_t *listener, struct client *client)
{
    if (uv_accept(listener, (uv_stream_t *)&client->conn.pipe) < 0 || slots_full(&api->clients))
        return false;
    client->uid = socket_file_uid(&client->conn.pipe);
    return true;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct api *api = listener->data;
    struct client *client = status < 0 ? NULL : calloc(1, sizeof *client);
    if (client == NULL)
        return;
    client->api = api;
    client->is_local = listener == (uv_stream_t *)&api->pipe;
    int err = client->is_local ? conn_init_local(&client->conn, api->loop, api->buffer, UNSENT_MAX, &client_ops)
                               : conn_init(&client->conn, api->loop, api->buffer, UNSENT_MAX, &client_ops);
    if (err < 0) {
        free(client);
        return;
    }
    if (!(client->is_local ? accept_here : accept_over_tls)(api, listener, client)) {
        client->conn.ops = &refused_ops;
        api->tally.count[LOGON_COUNT_TOO_MANY]++;
        conn_close(&client->conn);
        return;
    }
    client->slot = slots_take(&api->clients, client);
    client->since_ms = now_ms(api);
    if (!uv_is_active((uv_handle_t *)&api->sweep))
        uv_timer_start(&api->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    if (conn_resume(&client->conn) < 0)
        conn_close(&client->conn);
}

/* ---- listening ---- */

static int listen_here(struct api *api)
{
    if (api->opts.socket == NULL)
        return 0;
    int err = uv_pipe_init(api->loop, &api->pipe, 0);
    if (err < 0)
        return err;
    api->pipe_open = true;
    api->pipe.data = api;
    return socket_file_listen(&api->pipe, api->opts.socket, api->opts.socket_mode, BACKLOG, on_connection);
}

int api_listen(uv_loop_t *loop, const struct api_opts *opts, struct api **out)
{
    assert(opts->listen_count <= API_LISTEN_MAX);
    struct api *api = calloc(1, sizeof *api);
    *out = NULL;
    if (api == NULL)
        return ERR_NOMEM;
    api->loop = loop;
    api->opts = *opts;
    api->opts.listen = NULL; /* the caller's, for the time of this call */
    api->handshakes = (struct rate){.burst = API_TLS_BURST, .every_ms = API_TLS_EVERY_MS};
    api->calls = (struct rate){.burst = API_CALL_BURST, .every_ms = API_CALL_EVERY_MS};
    api->wrongs = (struct rate){.burst = API_WRONG_BURST, .every_ms = API_WRONG_EVERY_MS};
    api->buffer = malloc(sizeof *api->buffer);
    if (api->buffer == NULL || slots_init(&api->clients, API_CLIENTS_MAX) < 0 ||
        tcp_limits_new(API_CLIENTS_MAX, API_PER_CLIENT_MAX, &api->limits) < 0) {
        api_free(api);
        return ERR_NOMEM;
    }
    uv_timer_init(loop, &api->sweep);
    api->sweep.data = api;
    *out = api;
    int err = listen_here(api);
    for (size_t i = 0; i < opts->listen_count && err == 0; i++) {
        err = listener_probe(&opts->listen[i]); /* nobody of ours shares it */
        if (err == 0)
            err = listener_open(&api->listeners[api->listener_count++], loop, &opts->listen[i], on_connection, api);
    }
    return err;
}

void api_set(struct api *api, const struct api_rules *rules)
{
    api->opts.rules = *rules;
}

struct endpoint api_bound(const struct api *api, size_t index)
{
    assert(index < api->listener_count);
    return api->listeners[index].bound;
}

const struct logon_tally *api_tally(const struct api *api)
{
    return &api->tally;
}

/* ---- the end ---- */

void api_close(struct api *api)
{
    if (api == NULL || api->closing)
        return;
    api->closing = true;
    uv_close((uv_handle_t *)&api->sweep, NULL);
    if (api->pipe_open)
        uv_close((uv_handle_t *)&api->pipe, NULL);
    for (size_t i = 0; i < api->listener_count; i++)
        listener_close(&api->listeners[i]);
    for (size_t i = 0; i < api->clients.cap; i++) {
        struct client *client = slots_at(&api->clients, i);
        if (client != NULL)
            conn_close(&client->conn);
    }
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    assert(api->clients.count == 0 && api->waiting == 0);
    slots_done(&api->clients);
    tcp_limits_free(api->limits);
    free(api->buffer);
    free(api);
}
