/* How a running belishad is, as text: JSON for `status`, Prometheus text for `metrics`. Threads: the manager's. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include "base/text.h"
#include "control/command.h"

void status_write(const struct command_env *env, struct text *out);
/* Counters of all workers, then gauges of cache, query log and generation. */
void status_write_metrics(const struct command_env *env, struct text *out);

#endif
