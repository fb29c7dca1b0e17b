/*
 * Whether bytes can be a list at all: a server with a trouble, a hotel's log-on page or a proxy that says no often answer
 * "200 OK" with a web page, which a forgiving parser would find no name in.
 *
 * Threads: pure but for the file; any thread.
 */
#ifndef FETCH_BODY_H
#define FETCH_BODY_H

#include <stddef.h>

#include "belisha/err.h"

#define BODY_WHY_MAX 256

/*
 * path: of a file; content_type: what its server calls it, "" = not said, NULL = it comes from no server and may be empty.
 * ERR_MALFORMED: it is empty or a web page, why then holds a sentence without a full stop. ERR_IO, ERR_ACCESS, ERR_NOENT.
 */
ERR_CHECKED int body_check(const char *path, const char *content_type, char why[BODY_WHY_MAX]);

#endif
