/* The stage that a scenario is played on; there is one. */
#ifndef TESTS_QUERY_PLAY_H
#define TESTS_QUERY_PLAY_H

#include "query/stage.h"

extern struct stage stage;

#endif
