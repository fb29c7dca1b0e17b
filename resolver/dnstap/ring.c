#include "dnstap/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define ALIGN 16

struct frame {
    _Alignas(ALIGN) atomic_bool done; /* given back */
    size_t size;                      /* with this header */
};

static_assert(sizeof(struct frame) == ALIGN, "a header always fits where one frame ends");

int ring_init(struct ring *ring, size_t cap)
{
    assert(cap % ALIGN == 0);
    *ring = (struct ring){.bytes = aligned_alloc(64, (cap + 63) / 64 * 64), .cap = cap};
    return ring->bytes == NULL ? ERR_NOMEM : 0;
}

void ring_done(struct ring *ring)
{
    free(ring->bytes);
    ring->bytes = NULL;
}

static struct frame *frame_at(const struct ring *ring, uint64_t position)
{
    return (struct frame *)(void *)(ring->bytes + position % ring->cap);
}

static struct frame *add(struct ring *ring, size_t size, bool done)
{
    struct frame *frame = frame_at(ring, ring->head);
    frame->size = size;
    atomic_init(&frame->done, done);
    ring->head += size;
    return frame;
}

static void use_again(struct ring *ring)
{
    while (ring->tail < ring->head) {
        struct frame *oldest = frame_at(ring, ring->tail);
        if (!atomic_load_explicit(&oldest->done, memory_order_acquire))
            return;
        ring->tail += oldest->size;
    }
}

uint8_t *ring_take(struct ring *ring, size_t len)
{
    size_t size = (sizeof(struct frame) + len + ALIGN - 1) / ALIGN * ALIGN;
    size_t to_end = ring->cap - ring->head % ring->cap;
    size_t skip = to_end < size ? to_end : 0; /* a frame lies in one piece */
    use_again(ring);
    if (len > ring->cap || skip + size > ring->cap - (ring->head - ring->tail))
        return NULL;
    if (skip > 0)
        add(ring, skip, true);
    return (uint8_t *)(add(ring, size, false) + 1);
}

void ring_give_back(uint8_t *frame)
{
    struct frame *header = (struct frame *)(void *)frame - 1;
    atomic_store_explicit(&header->done, true, memory_order_release);
}
