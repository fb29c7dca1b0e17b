/*
 * What one question is to the record of visits, judged by what was asked and answered alone. Threads: pure; any thread.
 */
#ifndef EPISODE_DEED_H
#define EPISODE_DEED_H

#include "episode/episode.h"

enum deed_way {
    DEED_HELP,       /* not to be spoken of */
    DEED_NO_VISIT,   /* nobody visits by this */
    DEED_BACKGROUND, /* a program or a page asks */
    DEED_PLAIN,      /* a visit that matters to nobody */
    DEED_EPISODE,    /* a visit of a category that matters */
    DEED_WAYS
};

#define DEED_QUIET_WEIGHT 10 /* below it, what a level allows is plain */

struct deed {
    uint8_t way;      /* enum deed_way */
    uint8_t category; /* the gravest of the name; CATEGORY_NONE */
    uint8_t verdict;  /* enum episode_verdict */
    uint8_t reason;   /* enum verdict_reason */
    bool alias;       /* the listed name is another one */
};

/* What there is to know of a question. */
struct deed_asked {
    const struct verdict *verdict;
    uint16_t type, rcode;
    enum site_kind kind; /* of the name */
};

struct deed deed_of(const struct tables *tables, const struct deed_asked *asked);

/* Whether somebody was, or wanted to be, at a site. */
static inline bool deed_is_visit(const struct deed *deed)
{
    return deed->way >= DEED_PLAIN;
}

static inline bool deed_reaches(const struct deed *deed)
{
    return deed->verdict == EPISODE_LOGGED || deed->verdict == EPISODE_ALLOWED;
}

#endif
