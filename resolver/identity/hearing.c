#include "identity/hearing.h"

#include <stdlib.h>

int hearing_new(uint32_t max, struct hearing **out)
{
    struct hearing *hearing = calloc(1, sizeof *hearing);
    if (hearing == NULL)
        return ERR_NOMEM;
    hearing->asked = calloc((size_t)max + 1, sizeof *hearing->asked);
    hearing->evaded = calloc((size_t)max + 1, sizeof *hearing->evaded);
    hearing->max = max;
    if (hearing->asked == NULL || hearing->evaded == NULL) {
        hearing_free(hearing);
        return ERR_NOMEM;
    }
    *out = hearing;
    return 0;
}

void hearing_free(struct hearing *hearing)
{
    if (hearing == NULL)
        return;
    free(hearing->asked);
    free(hearing->evaded);
    free(hearing);
}

void hearing_note_minute(struct hearing *hearing, uint32_t device, uint32_t minute)
{
    uint64_t before = atomic_load_explicit(&hearing->asked[device], memory_order_relaxed);
    uint32_t last = (uint32_t)(before >> 32) / HEARING_STEP_MIN;
    uint32_t step = minute / HEARING_STEP_MIN;
    uint32_t steps = 0;
    if ((uint32_t)(before >> 32) == minute + 1)
        return;                                      /* another worker's batch was read a moment later */
    if (step >= last && step - last < HEARING_STEPS) /* a clock that was set back begins anew */
        steps = (uint32_t)before << (step - last);
    uint64_t now = (uint64_t)minute << 32 | steps | 1;
    atomic_store_explicit(&hearing->asked[device], now, memory_order_relaxed);
}

struct heard hearing_of(const struct hearing *hearing, uint32_t device)
{
    if (device == 0 || device > hearing->max)
        return (struct heard){0};
    uint64_t asked = atomic_load_explicit(&hearing->asked[device], memory_order_relaxed);
    uint32_t evaded = atomic_load_explicit(&hearing->evaded[device], memory_order_relaxed);
    return (struct heard){
        .asked_s = (int64_t)(asked >> 32) * 60, .evaded_s = (int64_t)evaded * 60, .steps = (uint32_t)asked};
}

unsigned heard_steps_since(const struct heard *heard, int64_t from_s)
{
    const int64_t step_s = HEARING_STEP_MIN * 60;
    int64_t back = heard->asked_s / step_s - from_s / step_s; /* steps between the two */
    if (heard->asked_s < from_s - from_s % step_s || back < 0)
        return 0;
    uint32_t mask = back >= HEARING_STEPS - 1 ? UINT32_MAX : (UINT32_C(2) << back) - 1;
    return (unsigned)__builtin_popcount(heard->steps & mask);
}
