/*
 * The blocklist generation in force, followed as it changes.
 *
 * `current` leads to a file that never changes; publishing makes it lead to another one. generation_follow() looks
 * where it leads (one stat) and opens what is new; a file that can't be opened leaves the one before in force.
 *
 * Threads: one.
 */
#ifndef NOTICE_GENERATION_H
#define NOTICE_GENERATION_H

#include <sys/types.h>
#include <time.h>

#include "blockdb/blockdb.h"

/* Begins as {.path = ...}; path is kept. */
struct generation {
    const char *path;
    struct blockdb *db; /* NULL: there has never been one */
    dev_t device;       /* what was last looked at, opened or refused: not tried again until it changes */
    ino_t inode;
    struct timespec modified;
};

enum generation_news { GENERATION_SAME, GENERATION_NEW, GENERATION_REFUSED };

/* why: gets a sentence with GENERATION_REFUSED. The old db is closed: nothing may point into it. */
enum generation_news generation_follow(struct generation *generation, char *why, size_t why_cap);
void generation_done(struct generation *generation);

#endif
