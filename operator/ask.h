/*
 * One question to the running belishad, as a device of the school would ask it: over UDP, at the first address that it
 * listens on. Threads: one.
 */
#ifndef OPERATOR_ASK_H
#define OPERATOR_ASK_H

#include <stdbool.h>

#include "config/config.h"

/*
 * Whether the A record of name is kept from us: led to the notice page, or answered with the error of a block. ERR_TIMEOUT,
 * ERR_ACCESS (we may not ask: REFUSED), ERR_MALFORMED (the name, or the answer), and what sockets say.
 */
ERR_CHECKED int ask_is_blocked(const struct config *config, const char *name, bool *out_blocked);

#endif
