/*
 * UNIX sockets that other programs of this machine connect to.
 *
 * Threads: the loop's.
 */
#ifndef NET_SOCKET_FILE_H
#define NET_SOCKET_FILE_H

#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "belisha/err.h"

/*
 * Binds pipe, which must be initialised, and listens. The file is made without any right, and gets mode when all is ready.
 * One that nobody listens on is replaced. -EADDRINUSE when somebody does, or when it is something else; ERR_LIMIT when path
 * is too long for a socket (107 bytes); negative errno.
 */
ERR_CHECKED int socket_file_listen(uv_pipe_t *pipe, const char *path, mode_t mode, int backlog,
                                   uv_connection_cb on_connection);

/* The user of the program at the other end, as the kernel says; UINT32_MAX when it does not. */
uint32_t socket_file_uid(const uv_pipe_t *connection);

#endif
