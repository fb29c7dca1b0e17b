/* Text for the codes of belisha/err.h, and errno as one of them. Threads: pure; any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "belisha/err.h"

/* A short phrase without full stop, e.g. "no space left on device"; never NULL, static storage. */
const char *err_str(int code);

/*
 * What a call about a file has left in errno. Kinds that a person would mend alike are one: EPERM and EROFS are ERR_ACCESS,
 * EDQUOT and EFBIG are ERR_NOSPACE, EWOULDBLOCK (a lock) is ERR_BUSY; what nothing is known of is ERR_IO.
 */
int err_from_errno(int number);

#endif
