/* What a scenario sets up: servers, the list, levels, groups, times, names. Words: scenario.c. */
#ifndef TESTS_QUERY_SETUP_H
#define TESTS_QUERY_SETUP_H

#include "query/script.h"

void setup_list(const struct line *l);
void setup_unlist(const struct line *l);

/* Lines that may come under way too; they count from the next publish on. false: it is another line. */
bool setup_policy(const struct line *l);
/* Lines that come before the first question. text: the whole line. */
void setup_once(const struct line *l, const char *text);

#endif
