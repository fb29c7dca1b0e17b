/*
 * The text that Prometheus reads, format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats):
 *
 *     # HELP belisha_upstream_questions_total Questions sent
 *     # TYPE belisha_upstream_questions_total counter
 *     belisha_upstream_questions_total{server="isp \"A\"",transport="udp"} 12
 *
 * A family is begun once and all its samples follow it. Labels are one text, `name="value"` joined by commas, made with
 * exposition_label(); NULL and "" are none.
 *
 * Threads: pure; any thread.
 */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include <stdint.h>

#include "base/text.h"
#include "metrics/histogram.h"

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

/* help: one line without backslash. */
void exposition_family(struct text *out, const char *name, enum exposition_type type, const char *help);

/* Adds name="value" to labels, after a comma where there are some; value may hold any bytes, as configuration may. */
void exposition_label(struct text *labels, const char *name, const char *value);

void exposition_sample(struct text *out, const char *name, const char *labels, uint64_t value);
/* Seconds, to the nanosecond. */
void exposition_sample_ns(struct text *out, const char *name, const char *labels, int64_t ns);

/* All samples of one histogram: buckets, sum and count. */
void exposition_histogram(struct text *out, const char *name, const char *labels, const struct histogram *h);

#endif
