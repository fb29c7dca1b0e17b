/*
 * Numbered places for things that come and go while others hold their numbers: a token names a place and which of its
 * tenants, so that one who left is not taken for the next.
 *
 * Memory:  16 bytes a place, allocated at once. Threads: one.
 */
#ifndef NET_SLOTS_H
#define NET_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

struct slot {
    void *tenant; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct slots {
    struct slot *slots;
    uint32_t cap;
    uint32_t count; /* taken */
    uint32_t first_free;
};

/* cap < UINT32_MAX. ERR_NOMEM. */
ERR_CHECKED int slots_init(struct slots *slots, size_t cap);
void slots_done(struct slots *slots);

bool slots_full(const struct slots *slots);
/* Not when they are full. The number stays the tenant's until slots_release(). */
uint32_t slots_take(struct slots *slots, void *tenant);
void slots_release(struct slots *slots, uint32_t at);

/* The tenant of a place, or NULL. at < cap. */
void *slots_at(const struct slots *slots, size_t at);

uint64_t slots_token(const struct slots *slots, uint32_t at);
/* The tenant that the token was made for; NULL when it has gone. */
void *slots_find(const struct slots *slots, uint64_t token);

#endif
