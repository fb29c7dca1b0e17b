/*
 * Names to look up, of four kinds: listed names, names below them, names that are not listed but lie beside listed ones
 * (every part of the list alike), and a file of names in their order, for a load shaped by popularity.
 */
#ifndef BENCH_ASKED_H
#define BENCH_ASKED_H

#include "blockdb/blockdb.h"

#define ASKED_MAX 400000

struct asked {
    const char *kind;
    struct name_key *keys;
    size_t count;
};

enum asked_kind { ASKED_LISTED, ASKED_BELOW, ASKED_MISSES, ASKED_LOAD, ASKED_KINDS };

/* path: of the file with the load, first word of each line; may be NULL. */
void asked_make(const struct blockdb *db, const char *path, struct asked out[ASKED_KINDS]);
void asked_done(struct asked asked[ASKED_KINDS]);

#endif
