/*
 * All pages of belisha-notice, made ready once: a page shown is a row of copies into one buffer.
 *
 * Templates, style sheet, categories and help services are the shipped ones, or files of the same names in the folder
 * that the configuration names.
 *
 * Threads: immutable once made; any thread may show pages.
 */
#ifndef NOTICE_PAGES_H
#define NOTICE_PAGES_H

#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "belisha/verdict.h"
#include "config/config.h"
#include "config/errors.h"
#include "policy/policy.h"

/* X(enum suffix, template file) */
#define PAGES_LIST(X)                                                                                                  \
    X(BLOCKED_PRIMARY, "blocked-primary.html")                                                                         \
    X(BLOCKED_SECONDARY, "blocked-secondary.html")                                                                     \
    X(BLOCKED_STAFF, "blocked-staff.html")                                                                             \
    X(CARE_PRIMARY, "care-primary.html") /* blocked, and help comes before everything else */                          \
    X(CARE_SECONDARY, "care-secondary.html")                                                                           \
    X(PAUSED, "paused.html")   /* by a pause, whatever the site is */                                                  \
    X(FRAME, "frame.html")     /* a blocked name within another site's page */                                         \
    X(OPEN, "open.html")       /* the name is not blocked */                                                           \
    X(REPORT, "report.html")   /* form: should be blocked */                                                           \
    X(REQUEST, "request.html") /* form: should not be blocked */                                                       \
    X(THANKS, "thanks.html")                                                                                           \
    X(PROBLEM, "problem.html") /* what we can't do, in plain words */

enum page {
#define X(suffix, file) PAGE_##suffix,
    PAGES_LIST(X)
#undef X
        PAGE_COUNT
};

/* What differs from page to page. All texts are plain; NULL: nothing there. */
struct page_facts {
    const char *host;
    const char *code;
    const char *token;
    int64_t now_s;                  /* wall time */
    enum policy_wording wording;    /* whose help services */
    const struct verdict *verdict;  /* why it is blocked; NULL: no topic */
    const char *title, *why;        /* PAGE_PROBLEM's own; the others take the topic's */
    const char *alert;              /* what was wrong with the form */
    const char *url, *words, *name; /* what was typed in it */
};

struct pages;

/* ERR_CONFIG: errors says why. ERR_NOMEM. */
ERR_CHECKED int pages_new(const struct config_notice *opts, struct config_errors *errors, struct pages **out);
void pages_free(struct pages *pages);

/* Adds the page to out. */
void pages_write(const struct pages *pages, enum page page, const struct page_facts *facts, struct text *out);

/* The page that tells a reader of this wording about this block. */
enum page pages_blocked(const struct pages *pages, enum policy_wording wording, const struct verdict *verdict);

/* The Content-Security-Policy that fits the pages: nothing but their own style sheet and forms. */
const char *pages_csp(const struct pages *pages);

#endif
