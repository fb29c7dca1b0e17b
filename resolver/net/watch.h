/*
 * Watches the `current` link of the blocklist folder, and opens each new generation off the loop.
 *
 * A generation is opened and verified in a thread of libuv's pool, so the loop never waits for the disk. One that can't
 * be used is logged once; the one in force stays.
 *
 * Threads: the loop's.
 */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include <uv.h>

#include "belisha/err.h"
#include "blockdb/blockdb.h"

#define WATCH_MS 200 /* between two looks */

struct watch;

/* db is opened and now belongs to the callee. Not called for a generation number that is in force already. */
typedef void (*watch_opened)(void *ctx, struct blockdb *db);

/* path: the `current` link; copied. */
ERR_CHECKED int watch_new(uv_loop_t *loop, const char *path, watch_opened opened, void *ctx, struct watch **out);

/* Looks once, here and now, before the loop runs. NULL: there is no generation, or none that can be used. */
struct blockdb *watch_open_now(struct watch *watch);

void watch_start(struct watch *watch);
/* Looks at once. */
void watch_check(struct watch *watch);
/* Follows another link from now on. ERR_NOMEM. */
ERR_CHECKED int watch_set_path(struct watch *watch, const char *path);

/* The loop must run on until the handle is gone; watch is freed then. */
void watch_close(struct watch *watch);

#endif
