/* What is kept of a scenario's questions: rows of the log, counters, dnstap. Words: scenario.c. */
#ifndef TESTS_QUERY_RECORDS_H
#define TESTS_QUERY_RECORDS_H

#include "query/script.h"

void records_logged(const struct line *l);
void records_counted(const struct line *l);
void records_told(const struct line *l);
void records_nothing_told(void);

#endif
