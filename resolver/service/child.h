/*
 * A program that runs as our child.
 *
 * It has none of our privileges, files, signal settings and environment; it ends with us, whatever ends us
 * (PR_SET_PDEATHSIG), and is chosen before us when memory runs out. What it writes comes line by line.
 *
 *     child_start() ──▶ line, line, ...  ──▶ ended     child_signal() asks for the end, ended() tells of it
 *
 * Threads: the manager's, which lives as long as the program: a child is bound to the thread that started it.
 */
#ifndef SERVICE_CHILD_H
#define SERVICE_CHILD_H

#include <sys/types.h>
#include <uv.h>

#include "base/text.h"
#include "belisha/err.h"

struct child;

#define CHILD_LINE_MAX 512 /* longer lines are cut */

struct child_opts {
    const char *const *argv; /* argv[0]: path of the program; ends in NULL */
    void *ctx;
    void (*line)(void *ctx, const char *line);
    /* Once, after the last line. status: as waitpid(2) has it. The child is gone then. */
    void (*ended)(void *ctx, int status);
};

/* ERR_NOENT, ERR_ACCESS: argv[0] can't be run. Else negative errno. argv need not live on. */
ERR_CHECKED int child_start(uv_loop_t *loop, const struct child_opts *opts, struct child **out);

pid_t child_pid(const struct child *child);
void child_signal(struct child *child, int number);

/* "exit code 1", "signal 9". Returns out. */
#define CHILD_END_MAX 32
const char *child_end_text(int status, char out[CHILD_END_MAX]);

/*
 * Runs a program to its end, or for timeout_ms, with what it writes added to out. Returns its exit code;
 * ERR_TIMEOUT, ERR_DAMAGED (a signal ended it), and the errors of child_start().
 */
ERR_CHECKED int child_run(const char *const argv[], int timeout_ms, struct text *out);

#endif
