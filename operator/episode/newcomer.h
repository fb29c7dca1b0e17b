/*
 * Newcomers: sites that people reached in the period and that nobody of the school was seen at before.
 *
 * Most are harmless; a few are why the next category is needed. So each comes with what a name, and who came when, can hint at.
 * Sites that pages of others load (EPISODE_COMPANY) are left out, but for those with a hint. Nobody is named, and below NEWCOMER_FEW people not even how many they were.
 *
 * Memory: of the builder. Threads: plain data.
 */
#ifndef EPISODE_NEWCOMER_H
#define EPISODE_NEWCOMER_H

#include "episode/builder.h"

#define NEWCOMER_FEW 3u

enum newcomer_hint {
    NEWCOMER_AT_ONCE = 1 << 0,   /* several people of one group within minutes: a lesson, or a link that goes round */
    NEWCOMER_LOOKALIKE = 1 << 1, /* hardly to be told from a well-known name (`like`) */
    NEWCOMER_FOREIGN = 1 << 2,   /* letters of other scripts (xn--) */
    NEWCOMER_RANDOM = 1 << 3,    /* looks as if nobody had chosen it */
    NEWCOMER_WAY_ROUND = 1 << 4, /* has a word for ways round a filter: proxy, unblock, vpn... */
};

struct newcomer {
    struct site site;
    uint8_t category;          /* the gravest of its names; CATEGORY_NONE: no list has it */
    int64_t first_ns, last_ns; /* days only below NEWCOMER_FEW people: the beginning of the UTC day */
    uint32_t questions;        /* 0 below NEWCOMER_FEW people */
    uint32_t people;   /* different users, devices, addresses; 0: fewer than NEWCOMER_FEW; from 9 on an estimate */
    const char *group; /* all were of this group; NULL: of several, or fewer than NEWCOMER_FEW people */
    uint32_t hints;    /* enum newcomer_hint */
    const char *like;  /* NEWCOMER_LOOKALIKE */
};

/*
 * After episode_builder_finish(): those with hints first, then by people, then the first. 0 where opts.seen is NULL, or knows of
 * no day before the period: then all would be new.
 */
size_t newcomer_count(const struct episode_builder *builder);
void newcomer_get(const struct episode_builder *builder, size_t index, struct newcomer *out);

#endif
