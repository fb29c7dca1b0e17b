/*
 * What a replay counts: for each change of a group's verdict, how many questions, of which names, by whom.
 *
 *     change ── group, level before and after ── questions, clients
 *                  └─ name ── questions, clients
 *
 * Bounds: TALLY_CELLS_MAX, TALLY_NAMES_MAX, TALLY_PAIRS_MAX. What is beyond them is still counted as a question; what is
 * said of names or clients is then too low, and full says so.
 *
 * Memory: heap. Threads: one.
 */
#ifndef OPERATOR_TALLY_H
#define OPERATOR_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "belisha/verdict.h"
#include "dns/name.h"

#define TALLY_CELLS_MAX 4096u
#define TALLY_NAMES_MAX (1u << 18)
#define TALLY_PAIRS_MAX (1u << 21) /* of clients with a cell or a name */

enum tally_change {
    TALLY_ALLOWED,   /* was blocked, is not */
    TALLY_BLOCKED,   /* was not, is */
    TALLY_SAFER,     /* a search engine is held to safe results, or to safer ones */
    TALLY_LESS_SAFE, /* it is no more, or to less safe ones */
    TALLY_CHANGE_COUNT,
};

/* Whom a change concerns. Numbers and texts are the caller's to understand: equal cells are equal in all of it. */
struct tally_cell {
    enum tally_change change;
    uint16_t group_before, group_after;
    const char *level_before, *level_after; /* compared as pointers */
    uint64_t questions;
    uint32_t clients; /* different ones of whom something is known */
    uint32_t names;
};

struct tally_client {
    uint32_t user;         /* 0: not known */
    struct ipaddr address; /* all zero: not known */
};

struct tally_name {
    uint32_t cell;
    uint64_t questions;
    uint32_t clients;
    struct verdict before, after; /* of the first question */
    const uint8_t *name;          /* wire */
};

/* A client with the questions of one cell. */
struct tally_person {
    uint32_t cell;
    struct tally_client client;
    uint64_t questions;
};

struct tally;

ERR_CHECKED int tally_new(struct tally **out);
void tally_free(struct tally *tally);

/* cell: change, groups and levels. ERR_NOMEM. */
ERR_CHECKED int tally_add(struct tally *tally, const struct tally_cell *cell, const struct tally_client *client,
                          const uint8_t *name, const struct verdict *before, const struct verdict *after);

/* Puts all in order: cells by change and questions, names and people by cell and questions, most first. Then nothing is
 * added. ERR_NOMEM. */
ERR_CHECKED int tally_sort(struct tally *tally);

const struct tally_cell *tally_cells(const struct tally *tally, size_t *out_count);
/* Those of one cell. */
const struct tally_name *tally_names(const struct tally *tally, size_t cell, size_t *out_count);
const struct tally_person *tally_people(const struct tally *tally, size_t cell, size_t *out_count);

/* Of a change in all cells. */
struct tally_sum {
    uint64_t questions;
    uint32_t names;   /* different ones */
    uint32_t clients; /* different ones */
};

struct tally_sum tally_sum(const struct tally *tally, enum tally_change change);
/* Whether a bound was reached. */
bool tally_is_full(const struct tally *tally);

#endif
