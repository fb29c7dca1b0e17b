#include "reading/judge.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

bool judge_believes(const struct recipe_limits *limits, const struct feed_stats *stats, uint64_t names, uint64_t last,
                    char *why, size_t cap)
{
    uint64_t entries = stats->blocks + stats->allows + feed_stats_refused_total(stats);
    if (names < (uint64_t)limits->min)
        snprintf(why, cap, "only %" PRIu64 " names, at least %" PRId64 " are believed", names, limits->min);
    else if (limits->max > 0 && names > (uint64_t)limits->max)
        snprintf(why, cap, "%" PRIu64 " names, at most %" PRId64 " are believed", names, limits->max);
    else if (entries < stats->declared)
        snprintf(why, cap, "cut short: it says that it has %" PRIu64 " entries, and has %" PRIu64, stats->declared,
                 entries);
    else if (limits->change > 0 && last > 0 && difference(names, last) * 100 > last * (uint64_t)limits->change)
        snprintf(why, cap, "%" PRIu64 " names after %" PRIu64 ": a change of more than %" PRId64 " per cent", names,
                 last, limits->change);
    else
        return true;
    return false;
}
