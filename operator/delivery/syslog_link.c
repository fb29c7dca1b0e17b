/* The ways to a syslog receiver. TCP and TLS are libcurl's, which checks certificates; datagrams are plain sockets. */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/err.h"
#include "delivery/syslog.h"

#define CLOSE_WAIT_MS 3000 /* for the other end to read all and close */
#define TLS_WAIT_MS   300  /* for it to say that it won't have us */

struct syslog_link {
    const struct syslog_opts *opts;
    int fd;     /* of datagrams; -1 */
    CURL *curl; /* of streams; NULL */
    struct text out;
    char detail[CURL_ERROR_SIZE];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- datagrams ---- */

static int open_local(struct syslog_link *link, char why[DELIVER_WHY_MAX])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(link->opts->server) >= sizeof at.sun_path) {
        snprintf(why, DELIVER_WHY_MAX, "the socket's path is too long");
        return ERR_LIMIT;
    }
    memcpy(at.sun_path, link->opts->server, strlen(link->opts->server));
    link->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (link->fd >= 0 && connect(link->fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return 0;
    snprintf(why, DELIVER_WHY_MAX, "%.100s: %s", link->opts->server, err_str(err_from_errno(errno)));
    return ERR_NETWORK;
}

static int open_udp(struct syslog_link *link, char why[DELIVER_WHY_MAX])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", link->opts->port);
    int code = getaddrinfo(link->opts->server, port, &hints, &found);
    if (code != 0) {
        snprintf(why, DELIVER_WHY_MAX, "%.100s: %s", link->opts->server, gai_strerror(code));
        return ERR_NETWORK;
    }
    for (const struct addrinfo *at = found; at != NULL && link->fd < 0; at = at->ai_next) {
        link->fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (link->fd >= 0 && connect(link->fd, at->ai_addr, at->ai_addrlen) < 0) {
            close(link->fd);
            link->fd = -1;
        }
    }
    freeaddrinfo(found);
    if (link->fd >= 0)
        return 0;
    snprintf(why, DELIVER_WHY_MAX, "%.100s can't be reached", link->opts->server);
    return ERR_NETWORK;
}

/* Cut so that no character is cut. */
static size_t datagram_len(const struct text *text)
{
    size_t len = text->len < SYSLOG_DATAGRAM_MAX ? text->len : SYSLOG_DATAGRAM_MAX;
    while (len < text->len && len > 0 && ((unsigned char)text->bytes[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static int send_datagram(struct syslog_link *link, char why[DELIVER_WHY_MAX])
{
    struct pollfd ready = {.fd = link->fd, .events = POLLOUT};
    int64_t until = now_ms() + link->opts->timeout_ms;
    for (;;) {
        if (send(link->fd, link->out.bytes, datagram_len(&link->out), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 0;
        int64_t left = until - now_ms();
        if ((errno != EAGAIN && errno != ENOBUFS && errno != EINTR) || left <= 0)
            break;
        poll(&ready, 1, left < 100 ? (int)left : 100);
    }
    snprintf(why, DELIVER_WHY_MAX, "%.100s: %s", link->opts->server, err_str(err_from_errno(errno)));
    return ERR_NETWORK;
}

/* ---- streams ---- */

static int open_stream(struct syslog_link *link, char why[DELIVER_WHY_MAX])
{
    char url[400];
    const struct syslog_opts *o = link->opts;
    bool v6 = strchr(o->server, ':') != NULL;
    link->curl = curl_easy_init();
    if (link->curl == NULL) {
        snprintf(why, DELIVER_WHY_MAX, "there is no memory for a connection");
        return ERR_NOMEM;
    }
    snprintf(url, sizeof url, "%s://%s%.300s%s:%u", o->transport == SYSLOG_TLS ? "https" : "http", v6 ? "[" : "",
             o->server, v6 ? "]" : "", o->port);
    curl_easy_setopt(link->curl, CURLOPT_URL, url);
    curl_easy_setopt(link->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(link->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(link->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(link->curl, CURLOPT_SSL_ENABLE_ALPN, 0L); /* it is no HTTP */
    curl_easy_setopt(link->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(link->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)o->timeout_ms);
    curl_easy_setopt(link->curl, CURLOPT_ERRORBUFFER, link->detail);
    if (o->ca != NULL)
        curl_easy_setopt(link->curl, CURLOPT_CAINFO, o->ca);
    CURLcode code = curl_easy_perform(link->curl);
    if (code == CURLE_OK)
        return 0;
    snprintf(why, DELIVER_WHY_MAX, "%s", link->detail[0] != '\0' ? link->detail : curl_easy_strerror(code));
    return ERR_NETWORK;
}

static int stream_fd(const struct syslog_link *link)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(link->curl, CURLINFO_ACTIVESOCKET, &fd);
    return fd == CURL_SOCKET_BAD ? -1 : (int)fd;
}

static int send_bytes(struct syslog_link *link, const char *bytes, size_t len, char why[DELIVER_WHY_MAX])
{
    struct pollfd ready = {.fd = stream_fd(link), .events = POLLOUT};
    int64_t until = now_ms() + link->opts->timeout_ms;
    while (len > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(link->curl, bytes, len, &sent);
        bytes += sent;
        len -= sent;
        if (code != CURLE_OK && code != CURLE_AGAIN) {
            snprintf(why, DELIVER_WHY_MAX, "the connection broke: %s", curl_easy_strerror(code));
            return ERR_NETWORK;
        }
        int64_t left = until - now_ms();
        if (len > 0 && left <= 0) {
            snprintf(why, DELIVER_WHY_MAX, "the other end does not read");
            return ERR_TIMEOUT;
        }
        if (code == CURLE_AGAIN)
            poll(&ready, 1, (int)left);
    }
    return 0;
}

static int send_stream(struct syslog_link *link, char why[DELIVER_WHY_MAX])
{
    char count[24];
    snprintf(count, sizeof count, "%zu ", link->out.len);
    int err = send_bytes(link, count, strlen(count), why);
    return err < 0 ? err : send_bytes(link, link->out.bytes, link->out.len, why);
}

/* What has come from the other end, which has nothing to say: 1 nothing, 0 its end, negative a break. */
static int heard(struct syslog_link *link)
{
    char bytes[256];
    size_t len = 0;
    CURLcode code = CURLE_OK;
    while (code == CURLE_OK) {
        code = curl_easy_recv(link->curl, bytes, sizeof bytes, &len);
        if (code == CURLE_OK && len == 0)
            return 0;
    }
    return code == CURLE_AGAIN ? 1 : ERR_NETWORK;
}

/* ---- the link ---- */

static void link_free(struct syslog_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    curl_easy_cleanup(link->curl);
    text_done(&link->out);
    free(link);
}

int syslog_open(const struct syslog_opts *opts, struct syslog_link **out, char why[DELIVER_WHY_MAX])
{
    static int (*const ways[])(struct syslog_link *, char *) = {
        [SYSLOG_LOCAL] = open_local, [SYSLOG_UDP] = open_udp, [SYSLOG_TCP] = open_stream, [SYSLOG_TLS] = open_stream};
    struct syslog_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        snprintf(why, DELIVER_WHY_MAX, "there is no memory for a connection");
        return ERR_NOMEM;
    }
    link->opts = opts;
    link->fd = -1;
    int err = ways[opts->transport](link, why);
    if (err < 0)
        link_free(link);
    else
        *out = link;
    return err;
}

int syslog_send(struct syslog_link *link, const struct syslog_entry *entry, char why[DELIVER_WHY_MAX])
{
    link->out.len = 0;
    if (link->opts->transport == SYSLOG_LOCAL)
        syslog_write_local(link->opts, entry, &link->out);
    else
        syslog_write(link->opts, entry, &link->out);
    if (!text_ok(&link->out)) {
        snprintf(why, DELIVER_WHY_MAX, "there is no memory for the message");
        return ERR_NOMEM;
    }
    return link->curl != NULL ? send_stream(link, why) : send_datagram(link, why);
}

bool syslog_is_open(struct syslog_link *link)
{
    return link->curl == NULL || heard(link) == 1;
}

/*
 * Our end is closed first: the other end closes when it has read all. Of TLS, whose end can't be closed by halves, only what
 * comes soon counts. One that has closed before us may not have read it.
 */
static int finish(struct syslog_link *link)
{
    bool tls = link->opts->transport == SYSLOG_TLS;
    struct pollfd ready = {.fd = stream_fd(link), .events = POLLIN};
    int64_t until = now_ms() + (tls ? TLS_WAIT_MS : CLOSE_WAIT_MS), left;
    int state = heard(link);
    if (state <= 0)
        return ERR_NETWORK;
    if (!tls)
        shutdown(ready.fd, SHUT_WR);
    while (state == 1 && (left = until - now_ms()) > 0) {
        poll(&ready, 1, (int)left);
        state = heard(link);
    }
    return state < 0 || (tls && state == 0) ? ERR_NETWORK : 0;
}

int syslog_close(struct syslog_link *link, char why[DELIVER_WHY_MAX])
{
    if (link == NULL)
        return 0;
    int err = link->curl != NULL ? finish(link) : 0;
    if (err < 0)
        snprintf(why, DELIVER_WHY_MAX, "the connection broke before all was read");
    link_free(link);
    return err;
}
