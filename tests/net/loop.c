#include "net/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

bool loop_until(uv_loop_t *loop, void (*flush)(void), bool (*done)(void))
{
    uint64_t end_ns = uv_hrtime() + UINT64_C(5000000000);
    while (!done()) {
        if (uv_hrtime() > end_ns)
            return false;
        if (flush != NULL)
            flush();
        uv_run(loop, UV_RUN_NOWAIT);
    }
    return true;
}

void loop_end(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

struct endpoint loop_endpoint(const char *text, uint16_t port)
{
    struct endpoint e = {.port = port};
    assert_int_equal(ipaddr_from_text(text, &e.addr), 0);
    return e;
}

int loop_connect(int type, const struct endpoint *to)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(to, &address);
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_true(connect(fd, (struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS);
    return fd;
}

/* -1: the port is taken. */
static int try_listen(int type, const struct endpoint *at, struct endpoint *out_bound)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(at, &address);
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, len) < 0) {
        assert_int_equal(errno, EADDRINUSE);
        close(fd);
        return -1;
    }
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 64), 0);
    len = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&address, out_bound), 0);
    return fd;
}

int loop_listen(int type, const struct endpoint *at, struct endpoint *out_bound)
{
    int fd = try_listen(type, at, out_bound);
    assert_true(fd >= 0);
    return fd;
}

void loop_listen_both(const char *address, struct endpoint *out_bound, int *out_udp, int *out_tcp)
{
    struct endpoint any = loop_endpoint(address, 0);
    for (int tries = 0; tries < 100; tries++) { /* other programs' ports come and go */
        *out_udp = loop_listen(SOCK_DGRAM, &any, out_bound);
        *out_tcp = try_listen(SOCK_STREAM, out_bound, out_bound);
        if (*out_tcp >= 0)
            return;
        close(*out_udp);
    }
    fail_msg("no port is free for UDP and TCP");
}
