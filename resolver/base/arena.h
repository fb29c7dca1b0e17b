/*
 * Memory that is given back all at once.
 *
 * What is taken from an arena lives until arena_free(); single pieces are never returned.
 *
 * Threads: an arena belongs to one thread; what it holds may be read by any.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "belisha/err.h"

struct arena;

/* NULL: no memory. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* size bytes set to zero, aligned for every type. NULL: no memory. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *from, size_t size);

/* The first len bytes of text with a closing zero behind them. */
char *arena_text(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
