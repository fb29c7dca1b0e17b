#include "net/slots.h"

#include <assert.h>
#include <stdlib.h>

int slots_init(struct slots *slots, size_t cap)
{
    assert(cap < UINT32_MAX);
    *slots = (struct slots){.slots = calloc(cap + 1, sizeof slots->slots[0]), .cap = (uint32_t)cap};
    if (slots->slots == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < slots->cap; i++)
        slots->slots[i].next_free = i + 1;
    return 0;
}

void slots_done(struct slots *slots)
{
    free(slots->slots);
    *slots = (struct slots){0};
}

bool slots_full(const struct slots *slots)
{
    return slots->first_free == slots->cap;
}

uint32_t slots_take(struct slots *slots, void *tenant)
{
    assert(!slots_full(slots));
    uint32_t at = slots->first_free;
    struct slot *slot = &slots->slots[at];
    slots->first_free = slot->next_free;
    slot->tenant = tenant;
    slot->generation++;
    slots->count++;
    return at;
}

void slots_release(struct slots *slots, uint32_t at)
{
    assert(at < slots->cap && slots->slots[at].tenant != NULL);
    slots->slots[at].tenant = NULL;
    slots->slots[at].next_free = slots->first_free;
    slots->first_free = at;
    slots->count--;
}

void *slots_at(const struct slots *slots, size_t at)
{
    return slots->slots[at].tenant;
}

uint64_t slots_token(const struct slots *slots, uint32_t at)
{
    return (uint64_t)slots->slots[at].generation << 32 | at;
}

void *slots_find(const struct slots *slots, uint64_t token)
{
    uint32_t at = (uint32_t)token;
    if (at >= slots->cap || slots->slots[at].generation != (uint32_t)(token >> 32))
        return NULL;
    return slots->slots[at].tenant;
}
