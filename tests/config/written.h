/* A configuration as somebody wrote it, loaded from a file of its own. */
#ifndef TESTS_CONFIG_WRITTEN_H
#define TESTS_CONFIG_WRITTEN_H

#include "config/config.h"

/* NULL: refused, written_message says why. For config_free(). */
struct config *written_load(const char *text);

/* All errors of the last load, one behind the other; "" when it went well. */
extern char written_message[4096];

#endif
