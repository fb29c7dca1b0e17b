/* What tests of episodes share: rows of the log in a few words, and a builder that reads them. */
#ifndef TESTS_EPISODE_STORY_H
#define TESTS_EPISODE_STORY_H

#include "episode/builder.h"

#define STORY_SECOND INT64_C(1000000000)
#define STORY_MINUTE (60 * STORY_SECOND)
#define STORY_HOUR   (60 * STORY_MINUTE)
#define STORY_DAY    (24 * STORY_HOUR)
#define STORY_BEGIN  (INT64_C(1795996800) * STORY_SECOND) /* Monday 2026-11-30, 00:00 UTC */

struct story {
    struct tables *tables;
    struct site_finder *finder;
    struct episode_opts opts;
    struct episode_builder *builder;
    struct qlog_row row; /* the next one: change what is to differ, then story_ask() */
};

/* A week from STORY_BEGIN; user 7 of group "pupils", grade A, asks from 10.20.0.7, device 3. */
void story_begin(struct story *story);
void story_end(struct story *story);

/* Rows of one name. at_ns: from STORY_BEGIN. */
void story_ask(struct story *story, int64_t at_ns, const char *name);                        /* plain */
void story_blocked(struct story *story, int64_t at_ns, const char *name, unsigned category); /* by category */
void story_logged(struct story *story, int64_t at_ns, const char *name, unsigned category);
void story_reason(struct story *story, int64_t at_ns, const char *name, unsigned category, enum verdict_reason reason,
                  enum verdict_action action);
/* A, AAAA and HTTPS, as a browser asks. */
void story_opens(struct story *story, int64_t at_ns, const char *name, unsigned category);
/* Changes who asks. */
void story_user(struct story *story, uint32_t user, uint8_t grade);
void story_device(struct story *story, uint32_t device);
void story_address(struct story *story, const char *address);

/* Ends the story; returns the number of episodes. */
size_t story_tell(struct story *story);
struct episode story_episode(struct story *story, size_t index);
/* The episode of that site; fails when there is none. */
struct episode story_find(struct story *story, const char *site);
/* Points that a reason gave; 0: none. */
int story_points(const struct episode *episode, enum episode_reason reason);

#endif
