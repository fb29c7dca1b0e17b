/* The clients of a scenario: what they ask and what they get. Words: scenario.c. */
#ifndef TESTS_QUERY_CLIENTS_H
#define TESTS_QUERY_CLIENTS_H

#include "query/script.h"

void client_asks(const struct line *l);
void client_sends(const struct line *l);

void client_gets(const struct line *l, const struct block *b);
void client_is_answered(const struct line *l);

#endif
