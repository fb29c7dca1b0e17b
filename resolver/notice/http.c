#include "notice/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "notice/posting.h"

#define BACKLOG     1024
#define DISCARD_MAX (1u << 20) /* bytes of a body beyond our bound that are still read, so that the 413 arrives */

struct http {
    struct MHD_Daemon *daemon;
    struct site *site;
    int fd;
};

/* A request whose body is coming in. */
struct incoming {
    size_t body_len; /* bytes kept */
    size_t seen;     /* bytes that came */
    char body[POSTING_BODY_MAX];
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- replies ---- */

static void add_headers(struct MHD_Response *response, const struct site *site, const struct site_reply *reply)
{
    char number[24];
    /* Pages are about this client, this moment: nothing may keep them. */
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->content_type != NULL)
        MHD_add_response_header(response, "Content-Type", reply->content_type);
    if (reply->content_type != NULL && strncmp(reply->content_type, "text/html", 9) == 0) {
        MHD_add_response_header(response, "Content-Security-Policy", pages_csp(site->pages));
        MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    }
    if (reply->allow != NULL)
        MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->close)
        MHD_add_response_header(response, "Connection", "close");
    if (reply->retry_s > 0) {
        snprintf(number, sizeof number, "%lld", (long long)reply->retry_s);
        MHD_add_response_header(response, "Retry-After", number);
    }
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct site *site, struct site_reply *reply)
{
    if (!text_ok(&reply->body)) {
        text_done(&reply->body);
        return MHD_NO;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        text_done(&reply->body);
        return MHD_NO;
    }
    add_headers(response, site, reply);
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- requests ---- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection, const char *path,
                              const char *method, const struct incoming *incoming)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct endpoint client;
    struct site_reply reply = {0};
    if (info == NULL || endpoint_from_sockaddr(info->client_addr, &client) < 0)
        return MHD_NO;
    const struct site_request request = {
        .method = method,
        .path = path,
        .host = header(connection, "Host"),
        .accept = header(connection, "Accept"),
        .fetch_dest = header(connection, "Sec-Fetch-Dest"),
        .origin = header(connection, "Origin"),
        .content_type = header(connection, "Content-Type"),
        .client = client.addr,
        .body = incoming->body,
        .body_len = incoming->body_len,
        .body_too_long = incoming->seen > incoming->body_len,
        .now_s = clock_ms(CLOCK_REALTIME) / 1000,
        .now_ms = clock_ms(CLOCK_MONOTONIC),
    };
    site_answer(http->site, &request, &reply);
    return send_reply(connection, http->site, &reply);
}

/* What stands in for the body of GET, which has none: a client that sends one is cut off. */
static struct incoming without_body;

/*
 * libmicrohttpd calls this when the headers are there, for each piece of the body, and when the body has ended. An
 * answer at the first call would end the connection, so all are given at the last.
 */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *piece, size_t *piece_len, void **request_ctx)
{
    struct incoming *incoming = *request_ctx;
    (void)version;
    if (incoming == NULL) {
        bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0;
        *request_ctx = get ? &without_body : calloc(1, sizeof *incoming);
        return *request_ctx == NULL ? MHD_NO : MHD_YES;
    }
    if (*piece_len == 0)
        return answer(ctx, connection, path, method, incoming);
    if (incoming == &without_body)
        return MHD_NO;
    size_t room = sizeof incoming->body - incoming->body_len;
    size_t kept = *piece_len < room ? *piece_len : room;
    memcpy(incoming->body + incoming->body_len, piece, kept);
    incoming->body_len += kept;
    incoming->seen += *piece_len;
    *piece_len = 0;
    return incoming->seen > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                         enum MHD_RequestTerminationCode why)
{
    (void)ctx;
    (void)connection;
    (void)why;
    if (*request_ctx != &without_body)
        free(*request_ctx);
    *request_ctx = NULL;
}

/* ---- the socket ---- */

static int socket_listen(const struct endpoint *at)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(at, &address);
    int on = 1;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* An address that is not there yet is waited for: see docs/decisions. */
    if (address.ss_family == AF_INET)
        setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
    else if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0)
        setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

int http_listen(const struct endpoint *at, struct site *site, struct http **out)
{
    int fd = socket_listen(at);
    if (fd < 0)
        return fd;
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        close(fd);
        return ERR_NOMEM;
    }
    http->site = site;
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_TURBO, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_PER_CLIENT, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADERS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        http->daemon == NULL ? NULL : MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        if (http->daemon == NULL)
            close(fd);
        http_close(http);
        return ERR_NOMEM;
    }
    http->fd = info->epoll_fd;
    *out = http;
    return 0;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    free(http);
}

int http_fd(const struct http *http)
{
    return http->fd;
}

int http_timeout_ms(const struct http *http)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(http->daemon, &ms) == MHD_NO)
        return -1;
    return ms > 60000 ? 60000 : (int)ms;
}

void http_run(struct http *http)
{
    MHD_run(http->daemon);
}
