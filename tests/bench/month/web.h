/*
 * The sites that a school visits, what a page of each asks for, and what devices ask for by themselves.
 *
 * About 120 well-known sites with their own hosts (web_sites.c), some thousands of small ones, whose popularity falls as
 * 1/rank, and for each serious category a score of sites of our own making.
 *
 * Threads: one.
 */
#ifndef MONTH_WEB_H
#define MONTH_WEB_H

#include "book.h"
#include "dice.h"

enum web_audience { WEB_LESSON, WEB_FREE, WEB_STAFF, WEB_AUDIENCES };

#define WEB_HOSTS_MAX   12
#define WEB_FOREIGN_MAX 48

struct web_site {
    char domain[64];
    uint8_t category;
    bool searches; /* a search engine: links to others follow */
    uint8_t host_count;
    uint8_t foreign_count;
    uint32_t hosts[WEB_HOSTS_MAX];     /* names, the first is that of the page */
    uint32_t foreign[WEB_FOREIGN_MAX]; /* names of others that a page needs: scripts, fonts, counters, advertisements */
};

enum web_system { WEB_WINDOWS, WEB_CHROME, WEB_APPLE, WEB_ANDROID, WEB_THING, WEB_SYSTEMS };

struct web {
    struct book *book;
    struct web_site *sites;
    uint32_t count, cap;
    struct dice_urn urns[WEB_AUDIENCES];        /* of all visits but the serious ones */
    uint32_t serious_at[64], serious_count[64]; /* sites by category, outside the urns */
    uint32_t *pulse[WEB_SYSTEMS];               /* names that a device asks for by itself */
    uint32_t pulse_count[WEB_SYSTEMS];
    uint32_t *nonsense; /* names that do not exist: browsers probe with them */
    uint32_t nonsense_count;
};

/* small: how many small sites. */
void web_init(struct web *web, struct book *book, struct dice *dice, uint32_t small);
/* The site of the domain, made when there is none: two hosts, few strangers. */
uint32_t web_site(struct web *web, const char *domain, uint8_t category, enum book_kind kind);
void web_done(struct web *web);

/* ---- web_sites.c: what is known by heart ---- */

struct web_known {
    const char *domain;
    const char *hosts; /* blanks between; "=": not below the domain */
    int category;      /* -1: none */
    uint16_t weight[WEB_AUDIENCES];
    uint8_t foreign;
};

extern const struct web_known web_known[];
extern const uint32_t web_known_count;
/* Hosts that pages of others need, the popular ones first; those behind the first `plain` are advertisers. */
extern const char *const web_foreign[];
extern const uint32_t web_foreign_count, web_foreign_plain;
extern const char *const web_pulse[WEB_SYSTEMS][40];

#endif
