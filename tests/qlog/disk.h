/*
 * A disk whose power can be cut, that can fail, and at which a process can die: between the log and the system.
 *
 * Programs that link it have their calls wrapped (CMakeLists.txt, DISK_CALLS). It knows of each file in the watched folders what
 * a sync has brought to the disk, and of each folder the names it had after every change since the last sync.
 *
 * Threads: any; every call waits for the one before it.
 */
#ifndef TESTS_QLOG_DISK_H
#define TESTS_QLOG_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins to watch a folder; what is in it is on the disk. */
void disk_watch(const char *folder);
/* Forgets all of them, and every fault. */
void disk_forget(void);

/* What of the writes that were not synced the cut leaves. */
enum disk_cut {
    DISK_CUT_SYNCED, /* nothing: names and bytes as of the last sync */
    DISK_CUT_NAMES,  /* some of the changes of names, in their order; no bytes */
    DISK_CUT_TORN,   /* the same, and of every file any of its pages */
};

/*
 * Makes in folder `to` (empty) what is left of the watched folder `from`. A link to a watched folder leads to what is left of that one, when it is
 * in links (pairs of from and to, NULL at the end); every other link is gone.
 */
void disk_cut(const char *from, const char *to, enum disk_cut cut, uint64_t random, const char *const *links);

/* Calls since disk_forget(). */
uint64_t disk_calls(void);

enum disk_fault {
    DISK_DIE,  /* the process is killed in front of the call */
    DISK_TEAR, /* ... behind it; when it writes, in its midst */
    DISK_FAIL, /* the call fails with error */
};

struct disk_plan {
    enum disk_fault fault;
    uint64_t first, last; /* calls that are met, from 1 on; last 0: none */
    int error;            /* errno */
};

void disk_plan(const struct disk_plan *plan);

#endif
