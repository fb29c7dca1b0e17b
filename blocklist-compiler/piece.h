/*
 * The part of a copy that one reader reads: bytes in, a sheaf of it out; no network and no other files. A copy whose
 * format is by_line may have several, cut at ends of lines.
 *
 * Threads: different pieces may be read at once.
 */
#ifndef COMPILER_PIECE_H
#define COMPILER_PIECE_H

#include "feed/popular.h"
#include "recipe/recipe.h"
#include "sheaf/sheaf.h"

struct piece {
    const struct recipe_feed *feed;
    const struct guard *guard;
    const struct popular *popular;
    const char *path;        /* of the copy */
    const struct span *text; /* lines in memory, instead of the copy; NULL */
    bool whole;              /* all of the copy; else only the bytes below */
    uint64_t from, len;
    bool light;         /* only what reading comes to: a sheaf without rules */
    struct sheaf_id id; /* for the sheaf */
};

/* Reads it and writes its sheaf to fd, which is empty. Errors of reading_run() and run_write(). */
ERR_CHECKED int piece_read(const struct piece *piece, int fd);

#endif
