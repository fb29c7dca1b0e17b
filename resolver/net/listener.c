#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

#define LISTEN_BACKLOG 512

static int endpoint_of(const uv_tcp_t *handle, int (*get)(const uv_tcp_t *, struct sockaddr *, int *),
                       struct endpoint *out)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    int err = get(handle, (struct sockaddr *)&address, &len);
    return err < 0 ? err : endpoint_from_sockaddr((struct sockaddr *)&address, out);
}

static int listening_socket(const struct endpoint *at, bool share)
{
    bool v4 = ipaddr_is_v4(&at->addr);
    int on = 1;
    int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int err = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) ||
        (!v4 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0))
        err = -errno;
    if (err == 0)
        err = address_bind(fd, at);
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

int listener_open(struct listener *listener, uv_loop_t *loop, const struct endpoint *at, uv_connection_cb on_connection,
                  void *owner)
{
    int fd = listening_socket(at, true);
    if (fd < 0)
        return fd;
    int err = uv_tcp_init(loop, &listener->tcp);
    listener->opened = err == 0;
    listener->tcp.data = owner;
    if (err == 0)
        err = uv_tcp_open(&listener->tcp, fd);
    if (err < 0) {
        close(fd);
        return err;
    }
    err = endpoint_of(&listener->tcp, uv_tcp_getsockname, &listener->bound);
    return err < 0 ? err : uv_listen((uv_stream_t *)&listener->tcp, LISTEN_BACKLOG, on_connection);
}

int listener_probe(const struct endpoint *at)
{
    int fd = listening_socket(at, false);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

void listener_close(struct listener *listener)
{
    if (listener->opened)
        uv_close((uv_handle_t *)&listener->tcp, NULL);
    listener->opened = false;
}

int listener_ends(const uv_tcp_t *connection, struct endpoint *out_peer, struct endpoint *out_local)
{
    int err = endpoint_of(connection, uv_tcp_getpeername, out_peer);
    return err < 0 ? err : endpoint_of(connection, uv_tcp_getsockname, out_local);
}
