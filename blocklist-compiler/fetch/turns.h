/*
 * Politeness: only so many transfers from one server at a time, however many feeds it has.
 *
 * Threads: any number at once.
 */
#ifndef FETCH_TURNS_H
#define FETCH_TURNS_H

#include "belisha/err.h"

struct turns;

/* most: transfers from one server at the same time. ERR_NOMEM. */
ERR_CHECKED int turns_new(unsigned most, struct turns **out);
void turns_free(struct turns *turns);

/* Waits for a turn with a server (url_server()); each is given back. turns may be NULL: no waiting. */
void turns_take(struct turns *turns, const char *server);
void turns_give(struct turns *turns, const char *server);

#endif
