/* What the tests of the query log share: a folder of their own, records with every field set, reading all back. */
#ifndef TESTS_QLOG_FIXTURE_H
#define TESTS_QLOG_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "qlog/reader.h"
#include "qlog/writer.h"

struct fixture {
    char dir[64];
    uint64_t random;
};

void fixture_begin(struct fixture *fixture);
/* Removes the folder. */
void fixture_end(struct fixture *fixture);

uint64_t fixture_random(struct fixture *fixture);

/* Small journals, no rotation by time, words "group-<version>-<n>", "feed-<generation>-<n>", "upstream-<n>". */
struct qlog_opts fixture_opts(const struct fixture *fixture);

/* A record whose fields all differ with the number; rule holds the number itself. */
void fixture_record(uint32_t number, struct qlog_record *out);

#define FIXTURE_DAYS    10
#define FIXTURE_DAY_S   INT64_C(86400)
#define FIXTURE_FIRST_S INT64_C(1700000000) /* wall time of the first record */

/* A log of ten more days: each has one record in a segment of its own. */
void fixture_days_write(const struct qlog_opts *opts);

/* The fields the log keeps are the same. */
void fixture_assert_same(const struct qlog_record *a, const struct qlog_record *b);

/* Rows and gaps that match filter (NULL: all), at most max; returns how many there were. */
size_t fixture_read(const char *dir, const struct qlog_filter *filter, struct qlog_row *rows, size_t max,
                    struct qlog_scan_stats *out_stats);

/* Files in the folder whose name begins and ends so. */
size_t fixture_files(const char *dir, const char *begin, const char *end);

#endif
