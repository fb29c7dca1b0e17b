/* Category names and ids (belisha/category.h). Threads: pure; any thread. */
#ifndef BASE_CATEGORY_H
#define BASE_CATEGORY_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/category.h"

/* The name used in configuration and exports, or NULL for an id that is not in the list. */
const char *category_name(unsigned id);

/* The id of a name of name_len bytes (exact, lower case), or -1. */
int category_from_name(const char *name, size_t name_len);

/* The lowest id in mask, or CATEGORY_NONE when it is empty. */
unsigned category_first(uint64_t mask);

#endif
