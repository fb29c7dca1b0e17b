#include "base/scheduling.h"

#include <assert.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROMPT_SLICE_NS 100000 /* the shortest that there is */

/* What sched_setattr(2) takes, version 0; <linux/sched/types.h> does not go with <sched.h>. */
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns; /* of a time slice */
    uint64_t deadline_ns;
    uint64_t period_ns;
};

static_assert(sizeof(struct attributes) == 48, "as the kernel has it");

void scheduling_set_prompt(void)
{
    struct attributes now = {.size = sizeof now};
    if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) < 0 || now.policy != SCHED_OTHER)
        return; /* somebody chose something better */
    now.runtime_ns = PROMPT_SLICE_NS;
    (void)syscall(SYS_sched_setattr, 0, &now, 0);
}

void scheduling_set_background(int nice)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none); /* 0: this thread */
    (void)setpriority(PRIO_PROCESS, 0, nice);
}
