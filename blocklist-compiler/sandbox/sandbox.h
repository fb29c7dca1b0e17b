/*
 * Does work on bytes that strangers wrote in a process of its own: without network, with no files but the two that it is
 * given, bounded in memory, time and output. Whatever becomes of it, the program that asked goes on and knows why.
 *
 *     program ── task and files ──▶ keeper ── fork ──▶ warden ── fork ──▶ worker: confined, then work()
 *        ▲                                               │  ▲                │
 *        └────────────────── result ─────────────────────┘  └ code, signal ──┘
 *
 *   keeper   forked from the program before that has threads, connections or secrets; forks a warden for every task
 *   warden   watches one worker and its clock, says how it ended
 *   worker   has a copy of what the keeper knows, and no way out (worker.h)
 *
 * A worker is not believed more than the bytes it read: what it wrote is read as carefully as a file from outside.
 *
 * Memory:  sandbox_new() and sandbox_free() go together. Each process ends when the one to its left does.
 * Threads: sandbox_new() while there is only one, which must live until sandbox_free(); sandbox_run() from any, several
 *          at once.
 * Reasons: docs/decisions/0007-parsers-in-a-process-of-their-own.md
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define SANDBOX_ARG_MAX 8192 /* bytes */
#define SANDBOX_WHY_MAX 160

/* File descriptors of a worker; -1 in the task: there is none. */
#define SANDBOX_IN  3
#define SANDBOX_OUT 4

/*
 * What workers do: arg is the task's, ctx what sandbox_new() was given, as it was then. Returns a code for
 * sandbox_result; ERR_NOMEM says that the memory of the task was not enough.
 */
typedef int (*sandbox_work)(void *ctx, const void *arg, size_t arg_len);

struct sandbox_limits {
    uint64_t memory_bytes; /* beyond what the keeper has; in builds with a sanitizer not held */
    uint64_t output_bytes; /* largest file */
    int64_t time_ms;       /* on the clock */
};

struct sandbox_task {
    const void *arg;
    size_t arg_len; /* at most SANDBOX_ARG_MAX */
    int in, out;    /* handed on to the worker as SANDBOX_IN and SANDBOX_OUT; -1: none */
    bool may_read;  /* files and folders may be opened for reading: those of the machine itself, not of strangers */
    struct sandbox_limits limits;
};

enum sandbox_end {
    SANDBOX_DONE,      /* work() returned code */
    SANDBOX_CRASHED,   /* by signal, 0: it just ended */
    SANDBOX_FORBIDDEN, /* it tried the system call `call` */
    SANDBOX_TIME,
    SANDBOX_MEMORY,
    SANDBOX_OUTPUT,
    SANDBOX_UNUSABLE, /* it could not be started or confined: code says why. Nothing was read */
};

struct sandbox_result {
    enum sandbox_end end;
    int code;   /* of SANDBOX_DONE and SANDBOX_UNUSABLE */
    int signal; /* of SANDBOX_CRASHED */
    int call;   /* of SANDBOX_FORBIDDEN; -1: not known */
};

struct sandbox;

/* work and ctx stay valid until sandbox_free(). ERR_NOMEM, ERR_LIMIT (processes, descriptors). */
ERR_CHECKED int sandbox_new(sandbox_work work, void *ctx, struct sandbox **out);
void sandbox_free(struct sandbox *sandbox);

/* Returns when the task has ended, after time_ms and a little at most. */
struct sandbox_result sandbox_run(struct sandbox *sandbox, const struct sandbox_task *task);

/*
 * An end as an error: code where there is one; ERR_LIMIT (time, memory, output), ERR_MALFORMED (a crash, a forbidden
 * call), ERR_UNSUPPORTED (no sandbox to be had).
 */
int sandbox_err(const struct sandbox_result *result);

/* A sentence without a full stop about any end but SANDBOX_DONE: "its reader took more than 60 s". */
void sandbox_explain(const struct sandbox_result *result, const struct sandbox_limits *limits,
                     char why[SANDBOX_WHY_MAX]);

#endif
