/*
 * Who wants to be woken next: a heap of flights by wake_ms. Internal to query/.
 *
 * Memory: one array of fixed size. Threads: one.
 */
#ifndef QUERY_WAKE_H
#define QUERY_WAKE_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

struct flight;

struct wake_heap {
    struct flight **at; /* at[0] is the first to be woken; a flight knows its place: flight.heap_at */
    size_t count;
};

ERR_CHECKED int wake_init(struct wake_heap *heap, size_t flights_max);
void wake_done(struct wake_heap *heap);

/* f->wake_ms is set. */
void wake_add(struct wake_heap *heap, struct flight *f);
void wake_remove(struct wake_heap *heap, const struct flight *f);
void wake_move(struct wake_heap *heap, struct flight *f, int64_t wake_ms);

/* The first to be woken; NULL: nobody. */
struct flight *wake_first(const struct wake_heap *heap);

#endif
