/*
 * What really happened, written beside the log: truth.json with the planted story-lines and sums, visits.tsv with every
 * visit (or only those to listed sites). Tests of reports compare with it.
 *
 * Threads: one.
 */
#ifndef MONTH_TRUTH_H
#define MONTH_TRUTH_H

#include <stdio.h>

#include "school.h"
#include "web.h"

enum truth_kind { TRUTH_VISIT, TRUTH_PREFETCH, TRUTH_MACHINE, TRUTH_KINDS };

struct truth_visit {
    int64_t time_ns;
    uint32_t person; /* NOBODY: nobody can know */
    uint32_t device;
    uint32_t site;
    uint8_t kind;  /* enum truth_kind */
    uint8_t story; /* number of the story + 1; 0: none */
    bool blocked;
    bool help; /* must never be attributed */
};

#define TRUTH_STORIES 16

struct truth_story {
    const char *name;
    const char *about; /* what a reader should make of it */
    uint32_t person, device;
    uint8_t category;
    struct truth_visit *visits;
    size_t count, cap;
};

struct truth {
    const struct school *school;
    const struct web *web;
    FILE *visits; /* NULL: none are written */
    bool all_visits;
    struct truth_story stories[TRUTH_STORIES];
    unsigned story_count;
    uint64_t visit_count[TRUTH_KINDS];
    uint64_t blocked[256], allowed[256]; /* visits by category */
    uint64_t help;
    uint64_t pulses; /* questions of devices by themselves */
    uint64_t rows, lost, unwritten;
    int64_t gap_from_ns, gap_to_ns, restart_from_ns, restart_to_ns;
    uint64_t first_generation, last_generation;
    uint32_t first_policy, last_policy;
    uint64_t seed;
    int64_t from_ns, to_ns;
};

/* The number of the new story. */
uint8_t truth_story(struct truth *truth, const char *name, const char *about, uint32_t person, uint32_t device,
                    uint8_t category);
void truth_note(struct truth *truth, const struct truth_visit *visit);
/* Writes truth.json. Negative enum err. */
int truth_write(const struct truth *truth, const char *path);
void truth_done(struct truth *truth);

#endif
