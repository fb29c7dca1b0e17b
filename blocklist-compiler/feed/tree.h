/*
 * The files of an archive (tar, plain or with gzip, xz or zstd) or of a folder, one after the other. Nothing is ever
 * unpacked to disk, links are told and not followed.
 *
 * Memory: the tree owns what it hands out, until the next call. Threads: one.
 */
#ifndef FEED_TREE_H
#define FEED_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "feed/span.h"

struct tree;

/* Where a tree is: a path (archive or folder), or an archive in memory when path is NULL. */
struct tree_source {
    const char *path;
    struct span archive;
    uint64_t bytes_max; /* of all files together, unpacked; 0 = no limit */
    bool raw;           /* also zip, and a single packed file that is no archive */
};

struct tree_entry {
    const char *path;
    const char *link; /* what it leads to, for a symbolic or hard link; else NULL */
    bool file;        /* a plain file with contents of its own */
};

/* ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_MALFORMED (no archive), ERR_NOMEM. */
ERR_CHECKED int tree_open(const struct tree_source *source, struct tree **out);
void tree_close(struct tree *tree);

/* 1 and *out set; 0 at the end; ERR_TRUNCATED or ERR_MALFORMED for a damaged archive, ERR_LIMIT over
 * 65536 entries or bytes_max. */
ERR_CHECKED int tree_next(struct tree *tree, struct tree_entry *out);

/* The contents of the entry in hand. ERR_LIMIT, ERR_TRUNCATED, ERR_MALFORMED, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int tree_read(struct tree *tree, struct span *out);

#endif
