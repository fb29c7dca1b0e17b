/*
 * An episode that is being made: counts that grow question by question, in a fixed number of bytes.
 *
 * Threads: one. Memory: strands belong to the table, which is bounded; names to its pool.
 */
#ifndef EPISODE_STRAND_H
#define EPISODE_STRAND_H

#include "episode/episode.h"
#include "dns/name.h"
#include "qlog/dict.h"

#define STRAND_COURSE 8u /* parts of the period in which visits are counted */
#define STRAND_RECENT 4u /* names of which it is known when they were looked up last */

struct strand {
    uint32_t who, site; /* numbers of askers and sites */
    uint8_t category, verdict;
    uint8_t reason;
    uint8_t best, worst;
    uint8_t score;
    uint16_t others;      /* other sites of the same who and category, when all are there */
    uint32_t group;       /* of the last question */
    uint32_t device;      /* the last one not 0 */
    struct ipaddr client; /* of the last question */
    uint32_t flags;       /* enum episode_flag, those that a question can tell; and STRAND_... */
    int64_t first_ns, last_ns;
    int64_t visit_ns;  /* the visit that is on began then */
    int64_t lookup_ns; /* the last burst of look-ups began then */
    uint64_t days;     /* a bit for each day of the period, the 64th for all behind */
    uint32_t questions, lookups, visits;
    uint32_t visit_lookups; /* of the visit that is on */
    uint32_t singles;       /* visits of one look-up that are over */
    uint16_t night, lesson, with_page, previews;
    uint16_t course[STRAND_COURSE];
    uint32_t hours; /* a bit for each hour of the day */
    uint32_t gaps;  /* between bursts of look-ups */
    uint32_t alone; /* bursts without another site near */
    uint64_t gap_sum_s, gap_squares;
    uint64_t name_bits[2]; /* of all names' hashes */
    struct {
        uint32_t hash, at_s; /* s since 1970 */
    } recent[STRAND_RECENT];
    uint32_t examples[EPISODE_NAMES_MAX]; /* 1 + number in the pool; 0: none */
    uint32_t example_hash[EPISODE_NAMES_MAX];
    uint32_t matched; /* 1 + number in the pool */
    uint8_t recent_next, example_count;
};

/* Flags beside those of enum episode_flag. */
#define STRAND_SEVERAL_DEVICES (UINT32_C(1) << 30)
#define STRAND_SEVERAL_GROUPS  (UINT32_C(1) << 31)

/* One question, with what is going on around it. */
struct strand_asked {
    int64_t time_ns;
    uint32_t name_hash;
    uint32_t group, device;
    const struct ipaddr *client;
    uint8_t grade;
    uint8_t reason;
    bool alias;
    bool with_page;   /* pages of other sites were being loaded */
    bool preview;     /* several other sites were looked up at once */
    bool alone;       /* no other site for a minute */
    bool after_block; /* soon after a block of weight */
};

/* What the period and the clocks say of a moment. */
struct strand_moment {
    unsigned day;    /* of the period */
    unsigned course; /* below STRAND_COURSE */
    unsigned hour;   /* by the school's clocks */
    bool night, lesson;
};

/* Whether the question begins a visit. */
bool strand_begins(const struct strand *strand, int64_t time_ns);
/* Counts a question. Returns whether a name of it is new to the strand, and may be kept as an example. */
bool strand_add(struct strand *strand, const struct strand_asked *asked, const struct strand_moment *moment);
/* Whether a program asks: as regular as no person, or all day and night. */
bool strand_is_machine(const struct strand *strand);
/* Different names. */
uint32_t strand_names(const struct strand *strand);

/* ---- the table ---- */

struct strand_key {
    uint32_t who, site;
    uint8_t category, verdict;
};

struct strands {
    struct strand *items;
    uint32_t *slots; /* open addressing: 1 + index */
    size_t count, cap, max;
    uint32_t slot_count;
    struct dict names; /* the pool */
};

void strands_init(struct strands *strands, size_t max);
void strands_done(struct strands *strands);
/* NULL: there is none. */
struct strand *strands_find(struct strands *strands, const struct strand_key *key);
/* A new one, all zero but for its key; there must be room. NULL: no memory. Others may move. */
struct strand *strands_put(struct strands *strands, const struct strand_key *key);
bool strands_are_full(const struct strands *strands);
/* Keeps a name in the pool. 1 + its number. ERR_NOMEM. */
ERR_CHECKED int64_t strands_name_put(struct strands *strands, const uint8_t *name);
const uint8_t *strands_name(const struct strands *strands, uint32_t number_1); /* 0: NULL */
/* Removes those whose score is the lowest, the oldest first, until keep are left. Others move. ERR_NOMEM. */
ERR_CHECKED int strands_thin(struct strands *strands, size_t keep);

#endif
