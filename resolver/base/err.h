/* Text for the codes of belisha/err.h. Threads: pure; any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "belisha/err.h"

/* A short phrase without full stop, e.g. "no space left on device"; never NULL, static storage. */
const char *err_str(int code);

#endif
