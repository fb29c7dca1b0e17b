/*
 * Where a name comes from: every line of every feed that concerns it, found by reading the kept copies again with the
 * parsers that made the list. A generation keeps no line numbers, so that they cost the resolver nothing.
 *
 *     copies ──▶ reading ──▶ rules ────▶ of the name, of a parent with all below it, or by a pattern that matches
 *                       └──▶ refusals ─▶ lines that speak of the name or a parent and did not become a rule
 *
 * Threads: provenance_new() starts its own; what it makes is immutable.
 */
#ifndef PROVENANCE_PROVENANCE_H
#define PROVENANCE_PROVENANCE_H

#include "feed/guard.h"
#include "feed/intake.h"
#include "feed/normalise.h"
#include "fetch/store.h"
#include "recipe/recipe.h"

#define PROVENANCE_RULES_MAX   1000 /* lines of one feed that are told; more are counted */
#define PROVENANCE_REFUSED_MAX 20   /* the same of refused ones */
#define PROVENANCE_THREADS_MAX 64

enum provenance_effect { PROVENANCE_BLOCKS, PROVENANCE_ALLOWS, PROVENANCE_REFUSED };
enum provenance_extent { PROVENANCE_EXACT, PROVENANCE_TREE, PROVENANCE_BELOW, PROVENANCE_PATTERN };

/* All texts: printable ASCII, owned by the provenance. */
struct provenance_line {
    enum provenance_effect effect;
    enum provenance_extent extent; /* not of a refused line */
    enum refusal refusal;          /* of a refused line */
    bool important;                /* $important */
    bool spared;                   /* the rule leaves this very name out ($denyallow) */
    uint64_t categories;           /* not of a refused line */
    const char *member;            /* file inside of an archive or a folder; "" when the copy is one file */
    uint32_t line;                 /* from 1 */
    const char *listed;            /* the listed name; "" for a pattern that hangs on none, and for a refused line */
    const char *text;              /* as it is written */
};

enum provenance_copy {
    PROVENANCE_COPY_KEPT,    /* the last good copy */
    PROVENANCE_COPY_SOURCE,  /* none is kept: the source itself, which is a file or a folder */
    PROVENANCE_COPY_MISSING, /* nothing to read */
};

struct provenance_feed {
    const struct recipe_feed *feed;
    enum provenance_copy copy;
    char path[STORE_PATH_MAX]; /* of what was read; "" when it is missing */
    int64_t written_s;         /* wall time when that was written */
    int err;                   /* why it could not be read to its end; 0 */
    uint64_t line_count;       /* read */
    struct provenance_line *lines;
    size_t count;
    uint64_t more, more_refused; /* that were not kept */
    struct arena *arena;
};

struct provenance {
    struct provenance_feed *feeds; /* as in the recipe */
    size_t feed_count;
};

struct provenance_opts {
    const struct recipe_feed *feeds;
    size_t feed_count;
    const char *copies; /* folder of the kept copies; NULL: none are kept */
    const struct guard *guard;
    const struct listed_name *name;
    unsigned threads;
};

/* A copy that can't be read is noted with its feed. ERR_NOMEM. */
ERR_CHECKED int provenance_new(const struct provenance_opts *opts, struct provenance **out);
void provenance_free(struct provenance *provenance);

#endif
