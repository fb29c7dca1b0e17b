/*
 * One feed's way through a run: fetched, read, judged; its rules wait in a sheaf.
 *
 *   job_fetch()  the copy and its digest
 *   job_read()   the rules of that copy; a candidate that is not believable gives way to the last good copy
 *
 * Threads: a job belongs to one thread at a time; different jobs may run at once.
 */
#ifndef COMPILER_JOB_H
#define COMPILER_JOB_H

#include "blocklist-compiler/binding.h"
#include "blocklist-compiler/digest.h"
#include "feed/format.h"
#include "fetch/fetch.h"
#include "recipe/recipe.h"
#include "report/report.h"

struct job_env {
    const struct guard *guard;
    const struct popular *popular; /* names whose block is flagged; NULL: none */
    struct fetch_opts fetch;
    struct reader *reader; /* NULL: copies are read in this process */
    bool falls_back;       /* on the copy from before, when the new one can't be had or believed */
    unsigned threads;      /* that read one large copy */
};

struct job {
    const struct recipe_feed *feed;
    const struct feed_format *format;
    const struct job_env *env;
    struct fetch_copy copy;
    struct digest digest; /* of the copy; zero for a missing one */
    struct feed_stats stats;
    struct sheaf *sheaf; /* the rules; NULL: there are none, or they are in the list */
    uint64_t categories; /* every one that a rule gives */
    enum report_feed_state state;
    char why[512]; /* what was wrong with the new copy; "" */
    bool read;     /* stats and categories are those of the copy */
    int err;       /* what no other copy can help against (ERR_NOMEM); 0 */
};

void job_init(struct job *job, const struct recipe_feed *feed, const struct job_env *env);
void job_done(struct job *job);

void job_fetch(struct job *job);
void job_read(struct job *job);

/* What the recipe says, in the words of fetch/. */
struct download_access job_access(const struct recipe_access *access);
/* How patient downloads are. turns: may be NULL. */
struct download_opts job_patience(const char *ca_file, struct turns *turns);

/* Accepted rules. */
uint64_t job_names(const struct job *job);

/* Gives the rules back, when they are in the list; what reading came to stays. */
void job_drop_rules(struct job *job);

#endif
