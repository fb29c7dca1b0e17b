/* A site with a real generation and three groups of clients, for tests of what is above it. */
#ifndef NOTICE_FIXTURE_H
#define NOTICE_FIXTURE_H

#include "notice/site.h"
#include "support/generation.h"

/*
 * casino.example is blocked for all, hurt.example and games.example for pupils. 10.10/16 are juniors, 10.20/16 and
 * 127/8 pupils, 10.30/16 staff; who is outside 10/8 and 127/8 has no access.
 */
struct fixture {
    struct generation generation;
    struct site site;
    char conf[GENERATION_PATH_MAX + 16];
};

/* For cmocka: *state is the struct fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Loads the configuration again, as SIGHUP does. */
void fixture_load(struct fixture *f);

#endif
