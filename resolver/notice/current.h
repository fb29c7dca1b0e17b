/*
 * The blocklist generation in force, followed as it changes.
 *
 * `current` leads to a file that never changes; publishing makes it lead to another one. current_follow() looks
 * where it leads (one stat) and opens what is new; a file that can't be opened leaves the one before in force.
 *
 * Threads: one.
 */
#ifndef NOTICE_CURRENT_H
#define NOTICE_CURRENT_H

#include <sys/types.h>
#include <time.h>

#include "blockdb/blockdb.h"

/* Begins as {.path = ...}; path is kept. */
struct current {
    const char *path;
    struct blockdb *db; /* NULL: there has never been one */
    dev_t device;       /* what was last looked at, opened or refused: not tried again until it changes */
    ino_t inode;
    struct timespec modified;
};

enum current_news { CURRENT_SAME, CURRENT_NEW, CURRENT_REFUSED };

/* why: gets a sentence with CURRENT_REFUSED. The old db is closed: nothing may point into it. */
enum current_news current_follow(struct current *current, char *why, size_t why_cap);
void current_done(struct current *current);

#endif
