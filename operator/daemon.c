#include "operator/daemon.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 30

static int daemon_connect(const char *path, int *out_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    if (strlen(path) >= sizeof address.sun_path)
        return ERR_LIMIT;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    *out_fd = fd;
    return 0;
}

static int send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return -errno;
        bytes += sent;
        len -= (size_t)sent;
    }
    return 0;
}

static int receive_all(int fd, struct text *out)
{
    char bytes[4096];
    for (;;) {
        ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_TIMEOUT : -errno;
        if (len == 0)
            return text_ok(out) ? 0 : ERR_NOMEM;
        text_add(out, bytes, (size_t)len);
    }
}

int daemon_ask(const char *socket_path, const char *line, struct text *out)
{
    int fd = -1;
    int rc = daemon_connect(socket_path, &fd);
    if (rc < 0)
        return rc;
    struct text request = {0};
    text_printf(&request, "%s\n", line);
    rc = text_ok(&request) ? send_all(fd, request.bytes, request.len) : ERR_NOMEM;
    if (rc == 0)
        rc = receive_all(fd, out);
    text_done(&request);
    close(fd);
    return rc;
}
