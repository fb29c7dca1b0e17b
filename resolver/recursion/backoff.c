#include "recursion/backoff.h"

int64_t backoff_note_end(struct backoff *backoff, int64_t lived_ms)
{
    if (lived_ms >= BACKOFF_PROVEN_MS)
        backoff->failures = 0;
    int64_t wait_ms = backoff->failures > 10 ? BACKOFF_MAX_MS : (int64_t)BACKOFF_FIRST_MS << backoff->failures;
    if (backoff->failures < 1000)
        backoff->failures++;
    return wait_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait_ms;
}

bool backoff_holds(const struct backoff *backoff)
{
    return backoff->failures <= BACKOFF_HELD_TIMES;
}
