/*
 * Makes one sheaf of several: the pieces of a copy; or the sheaf of an older copy with the rules of the lines that came
 * since, without those of the lines that went. As each rule has the number of times that its copy says it, the result is
 * the one that reading the new copy from the start would give.
 *
 * Threads: join_write() starts its own and ends them.
 */
#ifndef SHEAF_JOIN_H
#define SHEAF_JOIN_H

#include "sheaf/writer.h"

enum join_use {
    JOIN_ADD,  /* its rules count */
    JOIN_TAKE, /* its rules go: they must be among those that count, and none may have a clause */
};

struct join_source {
    const struct sheaf *sheaf;
    enum join_use use;
};

struct join_opts {
    struct sheaf_id id;
    const struct feed_stats *stats;
    unsigned threads; /* at most WRITER_PARTS_MAX */
};

/*
 * Writes the sheaf to fd (open for writing, empty). ERR_DAMAGED: a source is, or more was to go than there is; ERR_LIMIT:
 * more clauses or kinds than a sheaf holds; ERR_UNSUPPORTED: a rule with a clause was to go; errors of writer_finish().
 */
ERR_CHECKED int join_write(const struct join_source *sources, size_t count, const struct join_opts *opts, int fd);

#endif
