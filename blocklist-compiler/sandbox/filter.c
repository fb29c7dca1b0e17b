#include "sandbox/filter.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/worker.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const int harmless[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fadvise64),
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_getres),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(ugetrlimit),
};

/* What libraries try by themselves: character sets, memory sizes, whether a file is a terminal. */
static const int look_ups[] = {
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),     SCMP_SYS(stat64),
    SCMP_SYS(lstat),  SCMP_SYS(lstat64),   SCMP_SYS(statx),      SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd), SCMP_SYS(ioctl),     SCMP_SYS(uname),
};

static const int walking[] = {
    SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(fchdir),   SCMP_SYS(chdir),
    SCMP_SYS(statfs),   SCMP_SYS(fstatfs),    SCMP_SYS(statfs64), SCMP_SYS(fstatfs64),
};

/* What libarchive asks of each file of a folder; "not supported" is an answer that it knows. */
static const int attributes[] = {
    SCMP_SYS(getxattr),  SCMP_SYS(lgetxattr),  SCMP_SYS(fgetxattr),
    SCMP_SYS(listxattr), SCMP_SYS(llistxattr), SCMP_SYS(flistxattr),
};

/* The run-times of sanitizers read maps of memory, make stacks for signals and lock threads. */
static const int sanitizers[] = {
    SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(prctl),     SCMP_SYS(sched_getaffinity), SCMP_SYS(getppid),
    SCMP_SYS(prlimit64),   SCMP_SYS(nanosleep),    SCMP_SYS(getrusage), SCMP_SYS(clock_nanosleep),
};

/* 0, or the first error: a call that this processor does not have is none. */
static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = seccomp_rule_add(filter, action, calls[i], 0);
    return rc;
}

/* Memory that is never executable: no code comes in with the bytes that are read. */
static int add_memory(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
    struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int rc = 0;
    for (size_t i = 0; i < COUNT(calls) && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, not_executable);
    return rc;
}

/* A signal to itself, which is how abort() ends. */
static int add_abort(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/* Only on descriptors that are open already; others would send signals, or take and break locks. */
static int add_descriptors(scmp_filter_ctx filter)
{
    static const scmp_datum_t commands[] = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC};
    static const int calls[] = {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)};
    int rc = 0;
    for (size_t i = 0; i < COUNT(calls) * COUNT(commands) && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i / COUNT(commands)], 1,
                              SCMP_A1(SCMP_CMP_EQ, commands[i % COUNT(commands)]));
    return rc;
}

/* fstat() of today is newfstatat() with an empty path. */
static int add_look_ups(scmp_filter_ctx filter, uint32_t action)
{
    int rc = add_all(filter, action, look_ups, COUNT(look_ups));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                              SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
    if (rc == 0)
        rc = seccomp_rule_add(filter, action, SCMP_SYS(newfstatat), 1, SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
    return rc;
}

static int add_opening(scmp_filter_ctx filter, bool may_read)
{
    static const int calls[] = {SCMP_SYS(open), SCMP_SYS(openat)};
    const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
    if (!may_read)
        return add_all(filter, SCMP_ACT_ERRNO(EACCES), calls, COUNT(calls));
    int rc = add_all(filter, SCMP_ACT_ALLOW, walking, COUNT(walking));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writing, 0));
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
    return rc;
}

static int add_rules(scmp_filter_ctx filter, bool may_read)
{
    /* Where a sanitizer tells of a fault, it reads /proc/self/maps. */
    may_read = may_read || WORKER_SANITIZED;
    int rc = add_all(filter, SCMP_ACT_ALLOW, harmless, COUNT(harmless));
    if (rc == 0)
        rc = add_memory(filter);
    if (rc == 0)
        rc = add_abort(filter);
    if (rc == 0)
        rc = add_descriptors(filter);
    if (rc == 0)
        rc = add_look_ups(filter, may_read ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES));
    if (rc == 0)
        rc = add_all(filter, SCMP_ACT_ERRNO(ENOTSUP), attributes, COUNT(attributes));
    if (rc == 0)
        rc = add_opening(filter, may_read);
    if (rc == 0 && WORKER_SANITIZED)
        rc = add_all(filter, SCMP_ACT_ALLOW, sanitizers, COUNT(sanitizers));
    return rc;
}

int filter_install(bool may_read)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    if (filter == NULL)
        return ERR_NOMEM;
    int rc = add_rules(filter, may_read);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    if (rc == -ENOMEM)
        return ERR_NOMEM;
    return rc < 0 ? ERR_UNSUPPORTED : 0;
}
