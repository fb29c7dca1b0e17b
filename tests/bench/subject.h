/*
 * What bench_blockdb measures: our own reader and, beside it, what one would write in an afternoon. All hold the same
 * names and must give the same answers.
 */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blockdb/blockdb.h"

struct subject {
    const char *name;
    void *data;
    bool batches;     /* knows how to look up several names faster than one by one */
    const char *path; /* of its file, NULL when it lives in private memory */
    /* Whether each of count names or a parent of it is listed. */
    void (*look_up)(const void *data, const struct name_key *const keys[], size_t count, bool out_listed[]);
    void (*done)(struct subject *subject); /* frees data, removes the file */

    double build_s;
    uint64_t bytes; /* of the file or the memory */
};

/* Our reader: names one by one go through blockdb_lookup(), more of them through blockdb_lookup_batch(). */
struct subject subject_belisha(struct blockdb *db, const char *path);

/* One sorted array of keys (offsets and bytes) in memory; a binary search for the name and for each parent. */
struct subject naive_sorted_array(const struct blockdb *names);

/* An LMDB file, key to one byte, filled in order; one mdb_get for the name and for each parent. folder: where it goes. */
struct subject naive_lmdb(const struct blockdb *names, const char *folder);

#endif
