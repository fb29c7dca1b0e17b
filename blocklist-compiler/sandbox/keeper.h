/*
 * The process that waits for tasks and has each one done in a process of its own (sandbox.h has the figure).
 *
 * A task comes as one datagram of a SOCK_SEQPACKET pair: struct keeper_request, its first bytes, with the descriptors
 * reply, in, out (those that there are, in this order) as SCM_RIGHTS. One struct sandbox_result goes to reply.
 */
#ifndef SANDBOX_KEEPER_H
#define SANDBOX_KEEPER_H

#include <sys/types.h>

#include "sandbox/sandbox.h"

#define KEEPER_FILES_MAX 3

struct keeper_request {
    struct sandbox_limits limits;
    bool has_in, has_out, may_read;
    size_t arg_len;
    unsigned char arg[SANDBOX_ARG_MAX];
};

struct keeper_task {
    struct keeper_request request;
    int reply, in, out; /* -1: none */
};

/* The life of a keeper, from its fork to the end of `parent` or of the other end of control. */
_Noreturn void sandbox_keeper_run(int control, pid_t parent, sandbox_work work, void *ctx);

#endif
