/*
 * The UNIX socket through which the operator's programs talk to belishad: one line in, for some commands with a body behind it,
 * the answer out, then closed.
 *
 * Who may write to the socket file (mode 0660) may command. Lines are bounded, idle callers are cut off.
 *
 * Threads: the loop's; slow commands run in libuv's pool.
 */
#ifndef NET_CONTROL_SOCKET_H
#define NET_CONTROL_SOCKET_H

#include <uv.h>

#include "belisha/err.h"
#include "control/command.h"

#define CONTROL_CALLERS_MAX 16
#define CONTROL_IDLE_MS     10000

struct control_socket;

/* Fills what commands look at now. */
typedef void (*control_env)(void *ctx, struct command_env *out);

/*
 * Replaces a socket file that nobody listens on. -EADDRINUSE when somebody does, ERR_LIMIT when path is too long for a
 * socket (107 bytes), negative errno.
 */
ERR_CHECKED int control_socket_listen(uv_loop_t *loop, const char *path, control_env env, void *ctx,
                                      struct control_socket **out);

/* Removes the file. The loop must run on until the handles are gone; the struct is freed then. */
void control_socket_close(struct control_socket *control);

#endif
