/*
 * Whether the statutory tier was set up: then its list must be there. Two markers say so, and either is enough: one in the
 * tier's folder, and one in the folder of generations, which everyone may read.
 *
 * Threads: any.
 */
#ifndef STATUTORY_ENROLLED_H
#define STATUTORY_ENROLLED_H

#include <stdbool.h>

/* path: of the tier's `current` link, <folder of generations>/statutory/current, whether or not it is there. */
bool enrolled_is_set_up(const char *path);

#endif
