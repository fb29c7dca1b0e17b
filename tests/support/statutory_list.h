/*
 * Statutory lists for tests: hosts in, an opened list out. Its key is 16 zero bytes. Whatever goes wrong ends the test
 * program with a message.
 */
#ifndef SUPPORT_STATUTORY_LIST_H
#define SUPPORT_STATUTORY_LIST_H

#include "statutory/statutory.h"

/* hosts: text; each with those below it, "=host" alone, "*host" only those below. The caller closes the list. */
struct statutory *statutory_list(const char *const hosts[], size_t count, uint64_t generation);

/* The same, written with that key as `generation` into a folder that exists, beside its key file. */
void statutory_list_write(const char *folder, const char *file, const char *const hosts[], size_t count,
                          uint64_t generation);

#endif
