/*
 * What a sheet tells, before it is a page: gathered from the log, the inbox, the ledger and the compiler's records by
 * operator/report_*.c, written by weekly.h, daily.h, governors.h (HTML) and visits_csv.h.
 *
 * Three readers have three sheets. The safeguarding lead has the weekly one, with who it was, as far as that is known;
 * whoever looks in each morning the daily one; governors have one of numbers alone, in which small ones are not told.
 *
 * A line of a sheet never says more than the log: a device asked for a name. Who it was has its grade in words, and
 * where nobody knows, that is what it says. Nothing here tells of help services: their questions are in `asked` alone,
 * the number of all questions of a day.
 *
 * Times are UTC seconds; pages show those of the school's clocks. Texts are UTF-8 and hostile; "" where nothing is
 * known.
 *
 * Memory:  all of it belongs to whoever filled it (one arena). Threads: pure data.
 */
#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/category.h"
#include "sheet/period.h"

#define SHEET_TOP_MAX     10  /* entries on the first page */
#define SHEET_SITES_MAX   3   /* websites named in one entry; the number of all is there too */
#define SHEET_LISTED_MAX  200 /* lines of a list in the page; the CSV has all */
#define SHEET_WEEKS_MAX   60
#define SHEET_GRADES      6 /* enum qlog_grade */
#define SHEET_REASONS_MAX 3
#define SHEET_HOURS       24
#define SHEET_SMALL       5 /* a number below this is not told to governors */

/* Who it was, as far as is known. */
struct sheet_who {
    uint8_t grade; /* enum qlog_grade */
    const char *user, *device, *address;
    const char *group;
    const char *year; /* of school, where the people file says so */
    bool crowded;     /* the address had several people at once */
};

/* What one person or device did on one kind of website. */
struct sheet_entry {
    struct sheet_who who;
    const char *topic;                  /* the category in plain words */
    const char *sites[SHEET_SITES_MAX]; /* most visited first */
    size_t site_count;
    uint64_t visits, questions;
    int64_t first_s, last_s;
    unsigned days;                          /* on which it was, at least */
    bool blocked;                           /* all of it; else some was open to them */
    bool statutory;                         /* sites are numbers, never names */
    const char *reasons[SHEET_REASONS_MAX]; /* why it is on the sheet, a phrase each; NULL: no more */
    const char *means;                      /* what it may mean */
    const char *advice;                     /* what might be done */
    double concern;                         /* 0 to 100 */
};

/* The same in full: one website, for the list and the CSV. */
struct sheet_visit {
    struct sheet_who who;
    const char *site;
    const char *category; /* as in exports; "" none */
    const char *topic;
    uint64_t visits, questions;
    int64_t first_s, last_s;
    bool blocked, statutory;
    bool is_concern; /* of its category */
    double concern;
    const char *reason;
};

/* A website with what became of it. */
struct sheet_site {
    const char *site, *topic; /* topic "": no list has it */
    uint64_t visits;
    uint64_t askers;  /* people or devices; 0 of a newly seen one: one or two */
    const char *hint; /* of a newly seen one: what it may be; "" */
    int64_t first_s;  /* ... */
};

/* One day of the period. */
struct sheet_day {
    int32_t day;
    uint64_t asked;              /* questions, all */
    uint64_t concerning;         /* blocked visits in a category of concern */
    uint64_t other;              /* other blocked visits */
    uint64_t hours[SHEET_HOURS]; /* blocked visits of both kinds, by the hour of the clock */
};

/* Blocked visits of one category, most first. */
struct sheet_topic {
    const char *topic;
    uint64_t visits;
    uint64_t askers;
    bool is_concern, is_statutory;
};

/* One week, for the trend; the last is that of the sheet. */
struct sheet_week {
    int32_t first_day;
    bool known; /* false: the log does not reach back so far */
    uint64_t asked, concerning, other;
    uint64_t requests;
};

enum sheet_request_kind { SHEET_UNBLOCK, SHEET_CONCERN };

/* What somebody told the school through the notice page. */
struct sheet_request {
    uint64_t number;
    enum sheet_request_kind kind;
    int64_t time_s;
    const char *site, *about, *words, *name, *group;
    int64_t answered_s; /* 0: not yet */
    const char *answer; /* "allowed", "blocked", or the words of who answered */
    const char *answered_by;
};

struct sheet_feed {
    const char *name, *state, *problem; /* state: as in the compiler's report */
    int64_t age_s;                      /* -1: there is no copy */
    bool is_trouble;
};

/* Something that was looked at by a person or a timer. */
struct sheet_check {
    int64_t time_s;
    const char *what, *result;
    bool good;
};

/* An entry of the ledger, in words. */
struct sheet_change {
    int64_t time_s;
    const char *what, *by, *reason;
    unsigned version;   /* of the policy that came into force; 0: it is a decision on the spot */
    unsigned approvals; /* ... of which so many people approved */
};

/* Who looked into the log, and how often. */
struct sheet_reader {
    const char *by, *how;
    uint64_t times;
    int64_t last_s;
};

/* When nothing was recorded. */
struct sheet_gap {
    int64_t from_s, to_s;
    uint64_t lost; /* records that are known to be lost; 0: the log is silent */
};

/* How the sheet came about. */
struct sheet_origin {
    int64_t made_s;
    const char *by, *version, *node;
    uint64_t rows, damaged_blocks, closed_blocks;
    uint64_t first_segment, last_segment; /* 0: all rows are still in journals */
    const char *chain;                    /* of the last, hex */
    uint64_t verify_faults, signed_segments;
    bool verified;          /* the chain was checked */
    unsigned ledger_faults; /* lines of the ledger that do not fit */
    bool ledger_unread;     /* it is there and could not be read */
    bool inbox_unread;
    const char *state;  /* of the running resolver: "" it is well, else what is wrong */
    const char *policy; /* "version 12" */
    uint64_t generation;
};

struct sheet {
    struct period period;
    const struct calendar *calendar;
    const char *school, *contact; /* "" */

    struct sheet_entry *entries; /* most concerning first */
    size_t entry_count;
    struct sheet_visit *visits; /* the same order */
    size_t visit_count;
    struct sheet_day *days;
    size_t day_count;
    struct sheet_topic *topics;
    size_t topic_count;
    struct sheet_week *weeks; /* oldest first */
    size_t week_count;
    struct sheet_site *top_blocked, *newly_seen;
    size_t top_blocked_count, newly_seen_count;
    size_t newly_seen_all;          /* how many there were */
    bool newly_unknown;             /* nothing is known of the time before, so that none can be told to be new */
    struct sheet_request *requests; /* of the period, and older ones that wait; newest first */
    size_t request_count;
    struct sheet_feed *feeds;
    size_t feed_count;
    struct sheet_check *checks;
    size_t check_count;
    struct sheet_change *changes;
    size_t change_count;
    struct sheet_reader *readers;
    size_t reader_count;
    struct sheet_gap *gaps;
    size_t gap_count;
    const char *const *alerts; /* raised in the period, and messages that failed: a line each */
    size_t alert_count;
    bool alerts_off; /* there is no register of any */

    uint64_t asked, blocked_questions;     /* questions of the period */
    uint64_t graded[SHEET_GRADES];         /* questions by how sure it is who asked; none of help services */
    uint64_t concerning, other;            /* blocked visits */
    uint64_t machine_visits;               /* ... that programs make, again and again; in no other number */
    uint64_t background;                   /* questions of programs, left out of visits */
    bool is_full;                          /* a bound was reached: some visits are not told apart */
    uint64_t term_hours, term_hours_heard; /* hours of school in which it should and did record */
    struct sheet_origin origin;
};

#endif
