#include "query/wake.h"

#include <stdlib.h>

#include "query/flight.h"

int wake_init(struct wake_heap *heap, size_t flights_max)
{
    heap->at = calloc(flights_max, sizeof *heap->at);
    heap->count = 0;
    return heap->at == NULL ? ERR_NOMEM : 0;
}

void wake_done(struct wake_heap *heap)
{
    free(heap->at);
    heap->at = NULL;
}

static void place(struct wake_heap *heap, size_t at, struct flight *f)
{
    heap->at[at] = f;
    f->heap_at = at;
}

static void move_up(struct wake_heap *heap, size_t at, struct flight *f)
{
    while (at > 0 && heap->at[(at - 1) / 2]->wake_ms > f->wake_ms) {
        place(heap, at, heap->at[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(heap, at, f);
}

static void move_down(struct wake_heap *heap, size_t at, struct flight *f)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->at[child + 1]->wake_ms < heap->at[child]->wake_ms)
            child++;
        if (heap->at[child]->wake_ms >= f->wake_ms)
            break;
        place(heap, at, heap->at[child]);
        at = child;
    }
    place(heap, at, f);
}

void wake_add(struct wake_heap *heap, struct flight *f)
{
    move_up(heap, heap->count++, f);
}

void wake_remove(struct wake_heap *heap, const struct flight *f)
{
    size_t at = f->heap_at;
    struct flight *last = heap->at[--heap->count];
    if (last == f)
        return;
    if (at > 0 && heap->at[(at - 1) / 2]->wake_ms > last->wake_ms)
        move_up(heap, at, last);
    else
        move_down(heap, at, last);
}

void wake_move(struct wake_heap *heap, struct flight *f, int64_t wake_ms)
{
    wake_remove(heap, f);
    f->wake_ms = wake_ms;
    wake_add(heap, f);
}

struct flight *wake_first(const struct wake_heap *heap)
{
    return heap->count == 0 ? NULL : heap->at[0];
}
