#include "recursion/pace.h"

int64_t pace_note_end(struct pace *pace, int64_t lived_ms)
{
    if (lived_ms >= PACE_PROVEN_MS)
        pace->failures = 0;
    int64_t wait_ms = pace->failures > 10 ? PACE_MAX_MS : (int64_t)PACE_FIRST_MS << pace->failures;
    if (pace->failures < 1000)
        pace->failures++;
    return wait_ms > PACE_MAX_MS ? PACE_MAX_MS : wait_ms;
}

bool pace_holds(const struct pace *pace)
{
    return pace->failures <= PACE_HELD_TIMES;
}
