/* The figures for Prometheus (metrics/exposition.h). Threads: the manager's. */
#ifndef CONTROL_SCRAPE_H
#define CONTROL_SCRAPE_H

#include "control/command.h"

void scrape_write(const struct command_env *env, struct text *out);

#endif
