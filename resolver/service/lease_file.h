/*
 * Watches one lease file: looks at it when something happens in its folder, and each second in case nobody says so. It is
 * read in a thread of libuv's pool, so that the loop never waits for the disk.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_LEASE_FILE_H
#define SERVICE_LEASE_FILE_H

#include <uv.h>

#include "lease/tail.h"

#define LEASE_FILE_LOOK_MS 1000 /* between two looks, when nothing was said */

struct lease_file;

/* After each look: news or an error of tail_look(). The book may be used until this returns, and as lease_file_is_busy() says. */
typedef void (*lease_file_looked)(void *ctx, const struct tail *tail, int news);

/* path is copied; book must stay until closed() of lease_file_close(). ERR_NOMEM. */
ERR_CHECKED int lease_file_new(uv_loop_t *loop, enum reading_format format, const char *path, struct book *book,
                               lease_file_looked looked, void *ctx, struct lease_file **out);

/* Looks here and now, before the loop runs. */
void lease_file_look_now(struct lease_file *file);
void lease_file_start(struct lease_file *file);

/* Whether the book is being written to in another thread. */
bool lease_file_is_busy(const struct lease_file *file);

/* The loop must run on; closed is called when nothing of it is left. */
void lease_file_close(struct lease_file *file, void (*closed)(void *ctx));

#endif
