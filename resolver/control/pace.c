#include "control/pace.h"

static const enum metric counters[PACE_WAY_COUNT] = {
#define X(suffix, name) METRIC_QUERIES_##suffix,
    PACE_WAYS(X)
#undef X
};

void pace_sample(struct pace *pace, const struct metrics *sum, int64_t now_ms)
{
    struct pace_sample *sample = &pace->samples[pace->count++ % PACE_SAMPLES];
    sample->at_ms = now_ms;
    for (size_t way = 0; way < PACE_WAY_COUNT; way++)
        sample->queries[way] = sum->value[counters[way]];
}

struct pace_recent pace_recent(const struct pace *pace, const struct metrics *sum, int64_t now_ms)
{
    struct pace_recent recent = {.span_ms = 0};
    if (pace->count == 0)
        return recent;
    const struct pace_sample *oldest = &pace->samples[pace->count < PACE_SAMPLES ? 0 : pace->count % PACE_SAMPLES];
    recent.span_ms = now_ms - oldest->at_ms;
    for (size_t way = 0; way < PACE_WAY_COUNT; way++)
        recent.queries[way] = sum->value[counters[way]] - oldest->queries[way];
    return recent;
}
