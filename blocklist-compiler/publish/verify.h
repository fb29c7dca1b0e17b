/*
 * Reads a finished file back through the resolver's reader: every entry in order, look-ups, the caller's samples.
 */
#ifndef PUBLISH_VERIFY_H
#define PUBLISH_VERIFY_H

#include "publish/publish.h"

/* What the file must be. */
struct verify_expected {
    uint64_t generation;
    uint64_t name_count;
    uint64_t hash; /* struct entries */
    const struct publish_checks *checks;
};

/* ERR_DAMAGED and what blockdb_open() returns; why: PUBLISH_WHY_MAX bytes, gets one sentence on failure. */
ERR_CHECKED int verify_file(const char *path, const struct verify_expected *expected, char *why);

#endif
