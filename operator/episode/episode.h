/*
 * An episode: all that one person, device or address had to do with one site within a period, as far as DNS shows it.
 *
 * A page asks for dozens of names, each of them two or three times (A, AAAA, HTTPS). Questions for the same name within
 * seconds are one *look-up*; look-ups of one site without a pause of ten minutes are one *visit*; the visits of one who to
 * one site, decided by the same category in the same way, are one *episode*. docs/episodes.md says what that can't show.
 *
 * Who asked is never said more surely than the log does: a question counts for a user only when the row has a user with
 * grade A to C, for a device with grade D or better, else for the address. Of several grades the worst is the episode's.
 *
 * What concerns protected help is in no episode and in no time, count or list of one.
 *
 * Memory: texts belong to the builder (episode/builder.h). Threads: plain data.
 */
#ifndef EPISODE_EPISODE_H
#define EPISODE_EPISODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/text.h"
#include "belisha/category.h"
#include "belisha/verdict.h"
#include "episode/site.h"
#include "qlog/record.h"

enum episode_who_kind {
    EPISODE_USER,    /* `user` is set */
    EPISODE_DEVICE,  /* `device` is set */
    EPISODE_ADDRESS, /* `client` is set; other people may have it at other times, or share it */
    EPISODE_NOBODY,  /* of the group; who it was can't be had any more: the key of the day is gone */
};

struct episode_who {
    enum episode_who_kind kind;
    uint8_t best, worst;  /* enum qlog_grade, of the questions; the smaller the surer */
    bool several_devices; /* EPISODE_USER: from more than one device, or address where there is none */
    bool several_groups;  /* the group changed meanwhile; `group` is the last */
    bool crowded;         /* EPISODE_ADDRESS: so many sites at once that several people share it */
    uint32_t user;        /* numbers in the roster; 0: not known */
    uint32_t device;      /* EPISODE_USER: the last one */
    struct ipaddr client; /* the last one; all zero: not known */
    const char *group;
};

enum episode_verdict {
    EPISODE_BLOCKED, /* nothing was reached */
    EPISODE_HELD,    /* blocked until the school has assessed it, or but for sites that were approved */
    EPISODE_LOGGED,  /* reached; the level wants it logged */
    EPISODE_ALLOWED, /* reached; by the level, or by an exception that somebody recorded */
    EPISODE_VERDICTS
};

/* What may be behind it. None is proof. */
enum episode_flag {
    EPISODE_ACCIDENTAL = 1 << 0,  /* look-ups that came with other pages, or with a list of links; never on purpose */
    EPISODE_REPEATED = 1 << 1,    /* on two days or more, or three visits or more */
    EPISODE_RISING = 1 << 2,      /* far more visits in the second half of the period */
    EPISODE_AFTER_BLOCK = 1 << 3, /* a way round the filter was looked for, soon after a block of weight */
    EPISODE_MACHINE = 1 << 4,     /* as regular as no person: a program asks */
    EPISODE_PREVIEW = 1 << 5,     /* some visits may be a browser that looked up links of a page ahead */
    EPISODE_NEW = 1 << 6,         /* nobody of the school was seen at this site before the period */
    EPISODE_STATUTORY = 1 << 7,   /* decided by the statutory list: the site is an opaque id */
    EPISODE_ALIAS = 1 << 8,       /* some: not the name itself is listed, but where it leads (CNAME, HTTPS) */
    EPISODE_NIGHT = 1 << 9,       /* some visits between 22:00 and 06:00 by the school's clocks */
    EPISODE_LESSON = 1 << 10,     /* some in lesson time */
    EPISODE_SEVERAL_SITES = 1 << 11, /* other episodes of the same who have the same category */
    EPISODE_EXCEPTION = 1 << 12,     /* allowed by a decision that somebody recorded */
    EPISODE_COMPANY = 1 << 13,       /* the site is asked for along with others: pages load it, nobody goes there */
};

/* Why the score is what it is. */
enum episode_reason {
    EPISODE_FOR_CATEGORY,
    EPISODE_FOR_REACHED,
    EPISODE_FOR_EXCEPTION,
    EPISODE_FOR_DAYS,
    EPISODE_FOR_VISITS,
    EPISODE_FOR_NIGHT,
    EPISODE_FOR_LESSON,
    EPISODE_FOR_RISING,
    EPISODE_FOR_AFTER_BLOCK,
    EPISODE_FOR_SITES,
    EPISODE_FOR_AGE,
    EPISODE_FOR_NEW,
    EPISODE_FOR_ACCIDENT,
    EPISODE_FOR_MACHINE,
    EPISODE_FOR_COMPANY,
    EPISODE_REASONS
};

struct episode_part {
    uint8_t reason; /* enum episode_reason */
    int8_t points;
    uint16_t count; /* days, visits, sites... where the reason counts something */
};

#define EPISODE_NAMES_MAX 3

struct episode {
    uint64_t key;    /* the same who, site, category and verdict have the same one in every run with the same roster */
    uint64_t strand; /* who and site within its builder: with category and verdict, what visits of it are told with */
    struct episode_who who;
    struct site site;          /* site_to_text(): "BBC", "anna.github.io"; of the statutory list the opaque id */
    uint8_t category;          /* that decided, is only logged, or was let through; CATEGORY_NONE */
    uint8_t verdict;           /* enum episode_verdict */
    uint8_t reason;            /* enum verdict_reason of the last question */
    int64_t first_ns, last_ns; /* of its questions */
    uint32_t questions;        /* rows */
    uint32_t lookups;          /* questions for the same name within seconds are one */
    uint32_t visits;           /* EPISODE_NOBODY: of all people of the group together */
    uint32_t names;            /* different ones; above EPISODE_NAMES_MAX an estimate */
    const uint8_t *examples[EPISODE_NAMES_MAX]; /* names that were asked, wire, the first ones; NULL: no more */
    const uint8_t *matched; /* EPISODE_ALIAS: the name that is listed, of the first such question; else NULL */
    uint16_t days;          /* UTC days with questions */
    uint16_t night, lesson; /* visits that began then */
    uint16_t previews;      /* visits that may be none */
    uint32_t flags;         /* enum episode_flag */
    uint8_t score;          /* 0 to 100 */
    uint8_t part_count;
    struct episode_part parts[EPISODE_REASONS]; /* what the score is made of, in the order of enum episode_reason */
};

/* A sentence without full stop, such as "on 4 days". */
void episode_part_to_text(const struct episode *episode, const struct episode_part *part, struct text *out);

/* Word for word: "blocked", "held", "logged", "allowed". */
const char *episode_verdict_name(unsigned verdict);

#endif
