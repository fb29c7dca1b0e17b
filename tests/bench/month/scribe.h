/*
 * Writes the rows: what each question was answered with, through the log's own writer, sealed and signed as in a school.
 *
 * The resolver's cache is played along, so are upstream servers, lists made every night, a changed policy, a restart in
 * one night and a minute in which the log could not be written.
 *
 * Threads: one.
 */
#ifndef MONTH_SCRIBE_H
#define MONTH_SCRIBE_H

#include "agenda.h"
#include "qlog/writer.h"
#include "rules.h"
#include "truth.h"

struct scribe {
    struct qlog_opts opts;
    struct qlog *log;
    struct book *book;
    const struct school *school;
    struct truth *truth;
    struct dice dice;
    uint32_t first_day; /* since 1970 */
    uint64_t unflushed;
    int64_t *flight_until_ns; /* by name: when the answer comes that others wait for */
    uint32_t flight_count;
    char dir[512], key[512], keys[512];
    bool restarted;
};

#define SCRIBE_GENERATION 412u
#define SCRIBE_POLICY     77u

/* Makes the log below dir. Negative enum err. */
int scribe_open(struct scribe *scribe, const char *dir);
/* The generation in force then. */
uint64_t scribe_generation(const struct scribe *scribe, int64_t time_ns);
/* Negative enum err. */
int scribe_write(struct scribe *scribe, const struct ask *ask);
/* Ends a segment, as the clock would each hour. */
int scribe_hour(struct scribe *scribe);
int scribe_close(struct scribe *scribe);

#endif
