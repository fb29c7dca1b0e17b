/*
 * Names that are looked up in a finished generation before it counts: a few of every feed that must be listed, and the
 * protected ones that must not be blocked. Memory: owned by the struct. Threads: one.
 */
#ifndef COMPILER_SAMPLES_H
#define COMPILER_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include "belisha/err.h"
#include "dns/key.h"
#include "feed/guard.h"
#include "publish/publish.h"

#define SAMPLES_PER_FEED 256

struct samples {
    struct publish_sample *rows;
    size_t count, cap;
    const uint8_t **protected_names;
    size_t protected_count;
};

/* Begins with the guard's protected names. ERR_NOMEM; samples_done() is right in any case. */
ERR_CHECKED int samples_init(struct samples *samples, const struct guard *guard);
void samples_done(struct samples *samples);

/* The name of key, or one below it, must have these categories. ERR_NOMEM. */
ERR_CHECKED int samples_add(struct samples *samples, const struct name_key *key, bool below, uint64_t categories);

#endif
