/*
 * The inside of a policy. Internal to policy/.
 *
 *     policy.c     makes it; facts and verdicts
 *     standing.c   which profile a client has
 *     moment.c     what applies to the profiles now
 *     outlook.c    what applies now and next, for people
 *     timetable.c  the schedules, and which groups they concern
 *
 * A place is one level of one class of groups: groups that the same schedules concern are one class. Its number is
 * class * level_count + level. A profile is a place and a person's own rules: place << 16 | overlay.
 */
#ifndef POLICY_INSIDE_H
#define POLICY_INSIDE_H

#include "policy/client_table.h"
#include "policy/moment.h"
#include "policy/name_table.h"
#include "policy/person_table.h"
#include "policy/policy.h"
#include "policy/timetable.h"

struct overlay {
    uint64_t block, allow;
};

struct policy {
    struct policy_level *levels;
    size_t level_count;
    struct group {
        char *name;
        uint16_t level;
        uint16_t class;
        bool acceptance;
    } * groups; /* one more than group_count: that of clients in no group */
    size_t group_count;
    size_t class_count;
    struct person {
        int64_t until_s; /* 0: no end */
        uint16_t group, level;
        uint16_t overlay;  /* index in overlays */
        uint16_t stricter; /* the same without what it opens */
        bool accepted;
    } * people;
    size_t person_count;
    struct overlay *overlays; /* [0] is none */
    size_t overlay_count;
    uint16_t restricted_level;
    struct timetable *timetable; /* NULL: no schedules */
    uint64_t nxdomain;
    bool zones_lead_to_notice;
    uint32_t version, fingerprint;
    struct client_table *clients;
    struct name_table *names;
    struct person_table *users;
};

/* people and overlays of opts. ERR_NOMEM, ERR_INVAL, ERR_LIMIT. */
ERR_CHECKED int standing_take_people(struct policy *policy, const struct policy_opts *opts);

#endif
