/*
 * What to fall back on when the current list can't be read and no other is in force: an older generation that lies beside
 * it. A list of yesterday is far better than none.
 *
 * Threads: any.
 */
#ifndef STATUTORY_OLDER_H
#define STATUTORY_OLDER_H

#include "statutory/statutory.h"

/* path: of the `current` link. Opens the newest generation in its folder that can be used. ERR_NOENT: there is none. */
ERR_CHECKED int older_open(const char *path, struct statutory **out);

#endif
