/*
 * A list in force, followed as it changes: the blocklist generation, the statutory list, or what was decided on the spot.
 *
 * `current` leads to a file that never changes; publishing makes it lead to another one. current_follow() looks
 * where it leads (one stat) and opens what is new; a file that can't be opened leaves the one before in force.
 *
 * Threads: one.
 */
#ifndef NOTICE_CURRENT_H
#define NOTICE_CURRENT_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct current_kind {
    int (*open)(const char *path, void **out, char *why, size_t why_cap);
    void (*close)(void *list); /* NULL is good */
};

extern const struct current_kind current_blocklist; /* struct blockdb */
extern const struct current_kind current_statutory; /* struct statutory */
extern const struct current_kind current_presence;  /* struct bulletin */
extern const struct current_kind current_decisions; /* struct docket */

/* Begins as {.kind = ..., .path = ...}; both are kept. */
struct current {
    const struct current_kind *kind;
    const char *path;
    void *list;   /* NULL: there has never been one */
    dev_t device; /* what was last looked at, opened or refused: not tried again until it changes */
    ino_t inode;
    struct timespec modified;
};

enum current_news { CURRENT_SAME, CURRENT_NEW, CURRENT_REFUSED };

/* why: gets a sentence with CURRENT_REFUSED. The old list is closed: nothing may point into it. */
enum current_news current_follow(struct current *current, char *why, size_t why_cap);
void current_done(struct current *current);

#endif
