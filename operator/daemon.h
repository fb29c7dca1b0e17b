/* Talking to the running belishad through its control socket. Threads: one. */
#ifndef OPERATOR_DAEMON_H
#define OPERATOR_DAEMON_H

#include "base/text.h"
#include "belisha/err.h"

/*
 * Sends one line and adds the whole answer to out. ERR_LIMIT: the path is too long for a socket; ERR_TIMEOUT: no
 * answer for 30 s; negative errno.
 */
ERR_CHECKED int daemon_ask(const char *socket_path, const char *line, struct text *out);

#endif
