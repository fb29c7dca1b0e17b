/*
 * Real generation files for tests: rules in, a published file in a folder of its own out.
 *
 *     static const struct generation_rule RULES[] = {
 *         {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
 *     };
 *     struct generation g;
 *     generation_init(&g, RULES, 1);      then blockdb_open(g.path, ...) or blockdb_open(g.current, ...)
 *     generation_done(&g);
 *
 * Whatever goes wrong ends the test program with a message.
 */
#ifndef SUPPORT_GENERATION_H
#define SUPPORT_GENERATION_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/blockdb_format.h"
#include "belisha/category.h"

#define GENERATION_PATH_MAX 256

enum generation_scope {
    GENERATION_EXACT,      /* the name alone */
    GENERATION_SUBDOMAINS, /* the name and all below it */
    GENERATION_BELOW       /* all below it */
};

enum generation_action { GENERATION_BLOCK, GENERATION_ALLOW, GENERATION_IMPORTANT_BLOCK, GENERATION_IMPORTANT_ALLOW };

/* What makes a clause of a rule; zeros and NULLs say nothing. */
struct generation_clause {
    enum blockdb_clause_kind kind;
    uint8_t flags;       /* IMPORTANT, OTHER, ZONE */
    const char *pattern; /* PCRE2 */
    const char *literal; /* of a rule without a name */
    uint16_t type;       /* the only one it holds for, or with OTHER the only one it does not */
    const char *left_out;
    uint16_t record_type; /* with the next two, of a BLOCKDB_CLAUSE_RECORD */
    const void *rdata;
    size_t rdata_len;
};

struct generation_rule {
    const char *
        name; /* master file text; an address or prefix: "@192.0.2.0/24", of clients "@@10.0.0.0/8"; NULL: of a clause that hangs on no name */
    enum generation_scope scope;
    enum generation_action action;
    uint64_t categories;
    uint16_t feed; /* row of the feed table; its name is "feed-<n>" and it has the categories of its rules */
};

/* A rule with a clause. */
struct generation_clause_rule {
    struct generation_rule rule;            /* its action is of no matter */
    const struct generation_clause *clause; /* NULL: scope and action of the rule say all */
};

struct generation {
    char folder[GENERATION_PATH_MAX];  /* temporary, removed by generation_done */
    char current[GENERATION_PATH_MAX]; /* the link */
    char path[GENERATION_PATH_MAX];    /* the newest file */
    uint64_t number;
};

/* Makes a folder and publishes generation 1 in it. */
void generation_init(struct generation *g, const struct generation_rule *rules, size_t count);
void generation_init_clauses(struct generation *g, const struct generation_clause_rule *rules, size_t count);
/* Publishes the next one in the same folder; the last three stay. */
void generation_next(struct generation *g, const struct generation_rule *rules, size_t count);
void generation_next_clauses(struct generation *g, const struct generation_clause_rule *rules, size_t count);
/* Removes the folder with all that is in it. */
void generation_done(struct generation *g);

#endif
