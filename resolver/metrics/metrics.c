#include "metrics/metrics.h"

#include <stdio.h>

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

void metrics_sum(const struct metrics *const workers[], size_t count, struct metrics *out)
{
    *out = (struct metrics){0};
    for (size_t w = 0; w < count; w++)
        for (size_t i = 0; i < METRIC_COUNT; i++)
            out->value[i] += __atomic_load_n(&workers[w]->value[i], __ATOMIC_RELAXED);
}

size_t metrics_write_text(const struct metrics *m, char *out, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        char *at = len < cap ? out + len : NULL;
        int wrote = snprintf(at, at == NULL ? 0 : cap - len, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", rows[i].name,
                             rows[i].help, rows[i].name, rows[i].name, (unsigned long long)m->value[i]);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
    return len;
}
