/*
 * Memory for frames on their way to another thread: one writer takes room, any thread gives it back, in any order.
 *
 *     tail ▼                      ▼ head
 *     ░░░░[frame][frame][frame]░░░░░░░     ░ free; a frame is a header and its bytes, on multiples of 16
 *
 * Room is used again when all that was taken before it has been given back.
 *
 * Threads: ring_take() belongs to one thread; ring_give_back() may be called by another.
 */
#ifndef DNSTAP_RING_H
#define DNSTAP_RING_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

struct ring {
    uint8_t *bytes;
    size_t cap;
    uint64_t head; /* bytes ever taken, and ever used again: places are these modulo cap */
    uint64_t tail;
};

/* cap: a multiple of 16. ERR_NOMEM. */
ERR_CHECKED int ring_init(struct ring *ring, size_t cap);
/* Everything taken must have been given back. */
void ring_done(struct ring *ring);

/* len bytes; NULL: there is no room. */
uint8_t *ring_take(struct ring *ring, size_t len);
void ring_give_back(uint8_t *frame);

#endif
