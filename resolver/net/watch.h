/*
 * Watches the `current` link of a folder of generations, and opens each new one off the loop. What a generation is, its
 * kind knows: the blocklist's, or the statutory list's.
 *
 * A generation is opened and verified in a thread of libuv's pool, so the loop never waits for the disk. One that can't
 * be used is logged once; the one in force stays.
 *
 * Threads: the loop's.
 */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "belisha/err.h"

#define WATCH_MS 200 /* between two looks */

struct watch;

struct watch_kind {
    const char *name; /* in log lines: "blocklist generation" */
    int (*open)(const char *path, void **out, char *why, size_t why_cap);
    void (*close)(void *list); /* NULL is good */
    uint64_t (*generation)(const void *list);
    int64_t (*built_s)(const void *list);
    bool (*is_expected)(const char *path); /* whether it is worth a word that there is none */
};

extern const struct watch_kind watch_blocklist; /* struct blockdb */
extern const struct watch_kind watch_statutory; /* struct statutory */

/* list is opened and now belongs to the callee. Not called for a generation number that is in force already. */
typedef void (*watch_opened)(void *ctx, void *list);

/* path: the `current` link; copied. kind must stay. */
ERR_CHECKED int watch_new(uv_loop_t *loop, const struct watch_kind *kind, const char *path, watch_opened opened,
                          void *ctx, struct watch **out);

/* Looks once, here and now, before the loop runs. NULL: there is no generation, or none that can be used. */
void *watch_open_now(struct watch *watch);

void watch_start(struct watch *watch);
/* Looks at once. */
void watch_check(struct watch *watch);
/* Follows another link from now on. ERR_NOMEM. */
ERR_CHECKED int watch_set_path(struct watch *watch, const char *path);

/* The loop must run on until the handle is gone; watch is freed then. */
void watch_close(struct watch *watch);

#endif
