#include "metrics/histogram.h"

const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS] = {
    5000,     10000,    25000,    50000,     100000,    250000,    500000,     1000000,    2500000,    5000000,
    10000000, 25000000, 50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};

static void add(uint64_t *value, uint64_t n)
{
    __atomic_store_n(value, *value + n, __ATOMIC_RELAXED);
}

void histogram_add(struct histogram *h, int64_t ns, uint64_t n)
{
    size_t at = 0;
    if (ns < 0)
        ns = 0;
    while (at < HISTOGRAM_BOUNDS && ns > histogram_bounds_ns[at])
        at++;
    add(&h->count[at], n);
    add(&h->sum_ns, (uint64_t)ns * n);
}

void histogram_sum(const struct histogram *h, struct histogram *sum)
{
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        sum->count[i] += __atomic_load_n(&h->count[i], __ATOMIC_RELAXED);
    sum->sum_ns += __atomic_load_n(&h->sum_ns, __ATOMIC_RELAXED);
}

uint64_t histogram_total(const struct histogram *h)
{
    uint64_t total = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        total += h->count[i];
    return total;
}

int64_t histogram_quantile_ns(const struct histogram *h, double share)
{
    double wanted = share * (double)histogram_total(h);
    double below = 0;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        double here = (double)h->count[i];
        int64_t from_ns = i == 0 ? 0 : histogram_bounds_ns[i - 1];
        if (here > 0 && below + here >= wanted)
            return from_ns + (int64_t)((double)(histogram_bounds_ns[i] - from_ns) * (wanted - below) / here);
        below += here;
    }
    return below < wanted ? histogram_bounds_ns[HISTOGRAM_BOUNDS - 1] : 0;
}
