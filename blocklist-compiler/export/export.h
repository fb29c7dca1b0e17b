/*
 * A published generation, or a part of it, in a form that other resolvers read.
 *
 *   export_write()   what the whole list would lose in this form (a first walk), then head and body (a second one)
 *     nodes.c        walks the entries in their order: for each name what becomes of it, of those below it, and of the
 *                    names around it, exceptions already taken off
 *     <format>.c     says that in its own words, or counts what it can't say (loss.h)
 *
 * Nothing of the list is held in memory but the parents of the name in hand. Illegal content is never in it: its lists
 * live elsewhere, and a feed that claims the category is passed over.
 *
 * Threads: one export belongs to one thread.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdio.h>

#include "belisha/err.h"
#include "dns/name.h"
#include "export/outcome.h"
#include "export/loss.h"

struct export_opts {
    const struct blockdb *db;
    const struct export_format *format;
    struct blockdb_view view;
    const uint8_t *zone; /* rpz: wire name of the zone; NULL: owners stay relative to whatever the reader calls it */
};

struct export_result {
    uint64_t written; /* rules */
    struct losses losses;
};

/* One in progress; for the files of this folder. */
struct export
{
    struct export_opts opts;
    FILE *to; /* NULL: a first walk, which only counts */
    struct export_result result;
};

/* A name of the list, or one between two names of it (export_format.between). */
struct export_node {
    char text[NAME_TEXT_MAX];
    unsigned wire_len; /* of the name */
    bool escaped;      /* text has a backslash */
    struct outcome self, below;
    struct outcome around; /* what the name would be told if it was not in the list */
};

struct export_format {
    const char *name;
    const char *title;
    const char *comment;             /* what starts a comment */
    bool between;                    /* also wants the unlisted names that lie between a tree and a node */
    bool all;                        /* also wants names of which their parents say as much */
    void (*begin)(struct export *e); /* what stands before the rules; NULL */
    void (*node)(struct export *e, const struct export_node *node);
    void (*address)(struct export *e, const struct blockdb_address *address, const struct outcome *outcome);
};

/* NULL when there is none of that name. */
const struct export_format *export_format_find(const char *name);

/* ERR_DAMAGED, ERR_NOMEM; ERR_IO, ERR_NOSPACE where `to` can't be written. */
ERR_CHECKED int export_write(const struct export_opts *opts, FILE *to, struct export_result *out);

/* Writes the counts and samples of what was lost, each line behind `before`. */
void export_write_losses(const struct losses *losses, const char *before, FILE *to);

/* ---- for the formats ---- */

extern const struct export_format export_domains, export_hosts, export_rpz, export_unbound;

/* One rule, which is a line or more. */
void export_rule(struct export *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void export_lose(struct export *e, enum loss loss, const char *text);
void export_lose_address(struct export *e, const struct blockdb_address *address);

/* ---- nodes.c, rdata.c ---- */

/* Calls the format for every node. ERR_DAMAGED, ERR_NOMEM. */
ERR_CHECKED int nodes_walk(struct export *e);

#define RDATA_TEXT_MAX 4096

/* Data of a record in master file form (RFC 1035, 5), names absolute. false: of another type, or not well-formed. */
bool rdata_to_text(const struct blockdb_clause *record, char out[RDATA_TEXT_MAX]);

#endif
