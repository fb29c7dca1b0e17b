/*
 * What another policy would have said: the questions of the query log, each judged by two policies.
 *
 * Every question is judged twice, at its own time and for who asked it: by the policy in force and by the one that is
 * proposed, both with the lists and decisions of today. What both say alike is only counted. The verdict that was logged is
 * not looked at, since lists and decisions have changed since; but a name that an alias led to, and that decided then, is
 * judged with the one that was asked.
 *
 * Memory:  bounded: facts of names and standings of clients are kept in places that new ones take over, results are those
 *          of a tally.
 * Threads: one.
 */
#ifndef OPERATOR_REPLAY_H
#define OPERATOR_REPLAY_H

#include "operator/judge.h"
#include "operator/tally.h"

struct replay_opts {
    const char *log_dir;
    int64_t from_ns, to_ns;       /* [from, to) */
    struct judge *before, *after; /* by the same list, which must be there */
    /* The user of that number, or NULL: not known any longer. NULL: nobody is known. */
    const char *(*user_name)(void *ctx, uint32_t user);
    void *ctx;
};

struct replay {
    struct tally *tally;
    uint64_t questions;        /* in the log */
    uint64_t passed_over;      /* ... of which nothing is to be judged: refused, malformed, or concealed */
    uint64_t lost;             /* gaps in the log */
    uint64_t damaged_blocks;   /* of the log */
    uint64_t closed_blocks;    /* ... of which nobody can say who asked: they count by group */
    int64_t first_ns, last_ns; /* of the questions; 0: there are none */
};

/* ERR_NOENT: there is no log. ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int replay_run(const struct replay_opts *opts, struct replay *out);
void replay_done(struct replay *replay);

#endif
