#include "xfr/primary.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dns/msg.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the socket is ready, for so long at most. ERR_TIMEOUT, ERR_NETWORK. */
static int wait_for(const struct primary *p, short events, int64_t patience_ms)
{
    int64_t begin_ms = now_ms(), left_ms;
    int64_t until_ms = begin_ms + patience_ms < p->deadline_ms ? begin_ms + patience_ms : p->deadline_ms;
    while ((left_ms = until_ms - now_ms()) > 0) {
        struct pollfd fd = {.fd = p->fd, .events = events};
        int ready = poll(&fd, 1, left_ms > 60000 ? 60000 : (int)left_ms);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return ERR_NETWORK;
    }
    return ERR_TIMEOUT;
}

static int connect_to(struct primary *p, const struct endpoint *at, int64_t connect_ms)
{
    struct sockaddr_storage to;
    socklen_t len = endpoint_to_sockaddr(at, &to), error_len = sizeof(int);
    int error = 0;
    p->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        return errno == EMFILE || errno == ENFILE ? ERR_LIMIT : ERR_NETWORK;
    if (connect(p->fd, (const struct sockaddr *)&to, len) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return ERR_NETWORK;
    int err = wait_for(p, POLLOUT, connect_ms);
    if (err == 0 && (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0 || error != 0))
        err = ERR_NETWORK;
    return err;
}

int primary_open(struct primary *primary, const struct endpoint *at, const struct primary_limits *limits)
{
    primary->fd = -1;
    primary->idle_ms = limits->idle_ms;
    primary->deadline_ms = now_ms() + limits->total_ms;
    primary->bytes_left = limits->bytes_max;
    int err = connect_to(primary, at, limits->connect_ms);
    if (err < 0)
        primary_close(primary);
    return err;
}

void primary_close(struct primary *primary)
{
    if (primary->fd >= 0)
        close(primary->fd);
    primary->fd = -1;
}

static int send_all(struct primary *p, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(p->fd, bytes, len, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return ERR_NETWORK;
        int err = wait_for(p, POLLOUT, p->idle_ms);
        if (err < 0)
            return err;
    }
    return 0;
}

int primary_send(struct primary *primary, const uint8_t *msg, size_t len)
{
    uint8_t head[2];
    msg_put_u16(head, (unsigned)len);
    int err = send_all(primary, head, sizeof head);
    return err < 0 ? err : send_all(primary, msg, len);
}

/* The total time counts while bytes drip in, too. */
static int receive_all(struct primary *p, uint8_t *bytes, size_t len)
{
    if (len > p->bytes_left)
        return ERR_LIMIT;
    p->bytes_left -= len;
    while (len > 0) {
        int err = wait_for(p, POLLIN, p->idle_ms);
        if (err < 0)
            return err;
        ssize_t got = recv(p->fd, bytes, len, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            return ERR_TRUNCATED;
        bytes += got;
        len -= (size_t)got;
    }
    return 0;
}

int primary_receive(struct primary *primary, size_t *out_len)
{
    uint8_t head[2];
    int err = receive_all(primary, head, sizeof head);
    if (err == 0)
        err = receive_all(primary, primary->bytes, msg_u16(head));
    if (err == 0)
        *out_len = msg_u16(head);
    return err;
}
