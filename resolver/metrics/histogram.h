/*
 * How long something took, counted in buckets of fixed bounds, as Prometheus counts: 1, 2.5, 5 and so on from 5 us to 10 s.
 *
 * Threads: one writes with histogram_add(); any may read (relaxed atomics), so a reader may see the count of an event and
 * not yet its time.
 */
#ifndef METRICS_HISTOGRAM_H
#define METRICS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 20

struct histogram {
    uint64_t count[HISTOGRAM_BOUNDS + 1]; /* not cumulative; the last is of what took longer than any bound */
    uint64_t sum_ns;
};

/* Upper bounds, ns, ascending; an event that took exactly so long belongs to it. */
extern const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS];

/* n events of ns each; negative, when the clock was set back, counts as nothing. */
void histogram_add(struct histogram *h, int64_t ns, uint64_t n);

/* Adds h to sum. */
void histogram_sum(const struct histogram *h, struct histogram *sum);

uint64_t histogram_total(const struct histogram *h);

/*
 * An estimate, in ns, of what `share` (0 to 1) of the events did not exceed: as if those of a bucket were spread evenly in
 * it. 0 without events; never more than the last bound.
 */
int64_t histogram_quantile_ns(const struct histogram *h, double share);

#endif
