#include "metrics/metrics.h"

static const struct {
    const char *name, *help;
} rows[METRIC_COUNT] = {
#define X(suffix, name, help) {name, help},
    METRICS_LIST(X)
#undef X
};

const char *metrics_name(enum metric which)
{
    return rows[which].name;
}

const char *metrics_help(enum metric which)
{
    return rows[which].help;
}

/* The tables of counters as what they are: numbers in a row. */
static void add_row(const uint64_t from[], size_t count, uint64_t to[])
{
    for (size_t i = 0; i < count; i++)
        to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void metrics_sum(const struct metrics *const workers[], size_t count, struct metrics *out)
{
    *out = (struct metrics){0};
    for (size_t w = 0; w < count; w++) {
        add_row(workers[w]->value, METRIC_COUNT, out->value);
        add_row(workers[w]->rcode, METRICS_RCODES, out->rcode);
        add_row(workers[w]->blocked, CATEGORY_MAX, out->blocked);
        add_row(workers[w]->grade, METRICS_GRADES, out->grade);
        for (size_t action = 0; action < METRICS_ACTIONS; action++)
            add_row(workers[w]->verdict[action], METRICS_REASONS, out->verdict[action]);
        histogram_sum(&workers[w]->at_once, &out->at_once);
        histogram_sum(&workers[w]->waited, &out->waited);
    }
    for (size_t action = 0; action < METRICS_ACTIONS; action++) {
        out->verdict[action][REASON_DEFAULT] += out->verdict[action][REASON_PROTECTED_HELP];
        out->verdict[action][REASON_PROTECTED_HELP] = 0;
    }
}

uint64_t metrics_by_action(const struct metrics *sum, enum verdict_action action)
{
    uint64_t total = 0;
    for (size_t reason = 0; reason < METRICS_REASONS; reason++)
        total += sum->verdict[action][reason];
    return total;
}

uint64_t metrics_by_reason(const struct metrics *sum, enum verdict_reason reason)
{
    uint64_t total = 0;
    for (size_t action = 0; action < METRICS_ACTIONS; action++)
        total += sum->verdict[action][reason];
    return total;
}

uint64_t metrics_answers(const struct metrics *sum)
{
    uint64_t total = 0;
    for (size_t action = 0; action < METRICS_ACTIONS; action++)
        total += metrics_by_action(sum, (enum verdict_action)action);
    return total;
}

uint64_t metrics_blocked(const struct metrics *sum)
{
    uint64_t total = 0;
    for (size_t action = 0; action < METRICS_ACTIONS; action++)
        for (size_t reason = 0; reason < METRICS_REASONS; reason++) {
            const struct verdict v = {.action = (uint8_t)action, .reason = (uint8_t)reason};
            total += verdict_is_block(&v) ? sum->verdict[action][reason] : 0;
        }
    return total;
}

void metrics_sum_meter(const struct metrics *const workers[], size_t count, size_t meter, struct meter *out)
{
    *out = (struct meter){0};
    for (size_t w = 0; w < count; w++) {
        add_row(workers[w]->meters[meter].count, METER_COUNTS, out->count);
        histogram_sum(&workers[w]->meters[meter].rtt, &out->rtt);
    }
}
