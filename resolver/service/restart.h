/* Options that are read at the start only. Threads: the manager's. */
#ifndef SERVICE_RESTART_H
#define SERVICE_RESTART_H

#include "config/config.h"

/* Logs each of them that a reload would have changed. */
void restart_warn(const struct config *old, const struct config *new);

#endif
