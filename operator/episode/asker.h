/*
 * Who asks, as surely as the log says it: users, devices and addresses by numbers of our own, with what they did last.
 *
 * Memory:  heap, owned by the struct, about 300 bytes for each and its key; bounded. Begins as {0}.
 * Threads: one.
 */
#ifndef EPISODE_ASKER_H
#define EPISODE_ASKER_H

#include "episode/episode.h"
#include "qlog/dict.h"

#define ASKERS_MAX   200000u /* further ones are nobody of their group */
#define ASKER_LEADS  6
#define ASKER_ECHOES 4

/* A look-up of a site that somebody may have wanted to see. */
struct asker_lead {
    int64_t time_ns;
    uint32_t site;
};

struct asker {
    uint8_t kind; /* enum episode_who_kind */
    bool crowded;
    uint32_t user, device;    /* of kind */
    struct ipaddr client;     /* of kind */
    uint32_t group;           /* EPISODE_NOBODY: number in groups */
    int64_t background_ns[2]; /* the last two questions of programs and pages */
    int64_t graver_ns;        /* the last block of weight; 0: none */
    int64_t minute;           /* in which leads are counted */
    uint32_t minute_leads;
    uint8_t crowd_minutes; /* with more leads than one person makes */
    uint8_t lead_next;
    struct asker_lead leads[ASKER_LEADS]; /* the last ones, of different sites in a row */
    uint32_t pending;                     /* 1 + strand that was just begun; 0: none */
    int64_t pending_ns;
    uint8_t pending_others; /* leads of other sites since */
    uint8_t echo_next;
    struct asker_lead echoes[ASKER_ECHOES]; /* visits that are left out, see episode/around.h */
};

struct askers {
    struct dict keys;
    struct dict groups; /* words, with closing zero */
    int64_t *help_ns;   /* by group: when somebody of it last asked for help */
    uint32_t help_cap;
    struct asker *items; /* by number in keys */
    uint32_t cap;
    uint32_t max; /* 0: ASKERS_MAX */
};

/* What a row says of who asked. */
struct asker_said {
    uint8_t grade; /* enum qlog_grade */
    uint32_t user, device;
    const struct ipaddr *client;
    uint32_t group; /* askers_group() */
};

/* The number of a group's name. ERR_NOMEM. */
ERR_CHECKED int64_t askers_group(struct askers *askers, const char *name);
/* Somebody of the group asked for help. ERR_NOMEM. */
ERR_CHECKED int askers_help(struct askers *askers, uint32_t group, int64_t time_ns);
/* When that was the last time; 0: never. */
int64_t askers_help_ns(const struct askers *askers, uint32_t group);
const char *askers_group_name(const struct askers *askers, uint32_t number);

/* The number of who asked; when there is no more room, that of nobody of the group. ERR_NOMEM. */
ERR_CHECKED int64_t askers_put(struct askers *askers, const struct asker_said *said);
void askers_done(struct askers *askers);

/* What a row says that it is: the kind, and a key of it that is the same in every run. */
enum episode_who_kind asker_kind(const struct asker_said *said);

#endif
