/*
 * The keys of a log's days, as far as this program may read them: each is opened when a row of its day is met.
 *
 * A log folder leads to them by a link, `keys`. Without it, or without the right to follow it, all that is sealed stays so.
 *
 * Threads: one.
 */
#ifndef QLOG_KEYRING_H
#define QLOG_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "qlog/day_key.h"

#define KEYRING_LINK "keys" /* in the log folder */

struct keyring {
    int dir_fd; /* -1: no key can be had */
    struct keyring_day {
        uint32_t day;
        struct day_key *key; /* NULL: there is none to be had */
    } * days;
    size_t count, cap;
};

/* By the link in the log folder. Never fails: then there is no key. */
void keyring_init(struct keyring *ring, int log_fd);
void keyring_done(struct keyring *ring);

/* NULL: the day's key is not there, or was destroyed. ring NULL: the same. The key belongs to the ring. */
const struct day_key *keyring_find(struct keyring *ring, uint32_t day);

#endif
