#include "net/socket_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* 0 when path is free or was a socket file that nobody listens on. */
static int clear_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EADDRINUSE;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    memcpy(address.sun_path, path, strlen(path) + 1);
    bool alive = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN;
    close(fd);
    if (alive)
        return -EADDRINUSE;
    return unlink(path) < 0 ? -errno : 0;
}

int socket_file_listen(uv_pipe_t *pipe, const char *path, mode_t mode, int backlog, uv_connection_cb on_connection)
{
    struct sockaddr_un address;
    if (strlen(path) >= sizeof address.sun_path)
        return ERR_LIMIT; /* libuv would cut it short without a word */
    int err = clear_path(path);
    if (err < 0)
        return err;
    mode_t before = umask(0177);
    err = uv_pipe_bind(pipe, path);
    umask(before);
    if (err == 0)
        err = uv_listen((uv_stream_t *)pipe, backlog, on_connection);
    if (err == 0 && chmod(path, mode) < 0)
        err = -errno;
    return err;
}

uint32_t socket_file_uid(const uv_pipe_t *connection)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)connection, &fd) < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return UINT32_MAX;
    return peer.uid;
}
