/*
 * The process that does the work: gives away every right that reading does not need, then calls work().
 *
 *   files      SANDBOX_IN, SANDBOX_OUT and WORKER_REPORT are all that is open; 0 to 2 are /dev/null
 *   calls      a seccomp filter (filter.h): nothing that reaches other processes, files or the network
 *   amounts    address space, processor time, size of a file, descriptors; no core files
 *   rights     none can come back (no_new_privs), nobody may look inside (not dumpable)
 *   life       ends with its parent
 *
 * In builds with a sanitizer, whose run-time needs more, standard error stays open, the address space is not bounded and
 * the filter is wider.
 */
#ifndef SANDBOX_WORKER_H
#define SANDBOX_WORKER_H

#include <sys/types.h>

#include "sandbox/keeper.h"

#define WORKER_REPORT 5

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WORKER_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define WORKER_SANITIZED true
#endif
#endif
#ifndef WORKER_SANITIZED
#define WORKER_SANITIZED false
#endif

/* The last word of a worker, to WORKER_REPORT. A worker that says none has crashed. */
struct worker_report {
    enum sandbox_end end; /* SANDBOX_DONE, SANDBOX_FORBIDDEN or SANDBOX_UNUSABLE */
    int value;            /* code, number of the call, or negative enum err */
};

/* Never returns. parent: the process that forked it; report: where the last word goes. */
_Noreturn void worker_run(const struct keeper_task *task, pid_t parent, int report, sandbox_work work, void *ctx);

#endif
