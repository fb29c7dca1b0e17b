/*
 * What the people file is as a whole: for the ledger and the status, which say nothing of a single person.
 *
 * Memory: the configuration's. Threads: pure data.
 */
#ifndef CONTROL_PEOPLE_REPORT_H
#define CONTROL_PEOPLE_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define PEOPLE_TOLD_MAX 20

struct people_report {
    const char *path; /* NULL: there is none */
    uint8_t hash[32]; /* SHA-256 of its bytes */
    size_t count;     /* people */
    size_t opening;   /* people whose own rules open something */
    size_t closing;   /* ... or block something */
    size_t refused;   /* cells that do not count, since the policy does not let them (docs/decisions/0035) */
    const char *told[PEOPLE_TOLD_MAX]; /* the first of these: "FILE:LINE:COLUMN: what, and what would be right" */
    size_t told_count;
};

#endif
