/* The upstream servers of a scenario: what they are asked, what they answer, and forgeries. Words: scenario.c. */
#ifndef TESTS_QUERY_UPSTREAMS_H
#define TESTS_QUERY_UPSTREAMS_H

#include "query/script.h"

void upstream_line(const struct line *l, const struct block *b);
void upstream_nobody_asked(void);

#endif
