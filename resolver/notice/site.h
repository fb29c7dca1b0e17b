/*
 * The site: one request in, one reply out, whatever host, method and path it names.
 *
 *     http ── site_answer(request) ──▶ whose page is it?   a name that policy blocks for this client
 *                                                           the school's own name for reports
 *                                                           any other name that led here
 *
 * It reads the same configuration and the same generation as belishad and asks the same policy, so the page and the
 * answer agree about why.
 *
 * Status of a page that says "blocked": 403, not 200, so that nothing takes our page for the site's own: programs that
 * fetch updates or feeds, and caches. Browsers show the page of a 403 as they would any other. What is not a page
 * (pictures, scripts, styles) gets the same status with an empty body.
 *
 * Threads: one. Clocks are the caller's.
 */
#ifndef NOTICE_SITE_H
#define NOTICE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/rate.h"
#include "base/text.h"
#include "belisha/err.h"
#include "config/config.h"
#include "config/errors.h"
#include "decision/table.h"
#include "notice/current.h"
#include "notice/inbox.h"
#include "notice/pages.h"
#include "notice/token.h"
#include "policy/moment.h"
#include "policy/policy.h"

/* Posts of one address: many classrooms sit behind one, so a class may post at once. */
#define SITE_POST_BURST    32
#define SITE_POST_EVERY_MS 5000

struct site {
    struct config *config;
    struct policy *policy;
    struct policy_moment *moment; /* what applies now; renewed by visits */
    struct pages *pages;
    struct current current;  /* struct blockdb */
    struct current tier;     /* struct statutory; there need be none */
    struct current docket;   /* struct docket, the copy for everyone; the same */
    struct current presence; /* struct bulletin: who is where, numbers only; the same */
    struct table *decided;   /* of it, for the groups of the policy; NULL: nothing */
    struct inbox *inbox;
    struct rate rate;
    uint8_t token_key[TOKEN_KEY_LEN];
};

/* Header texts are NULL when they are missing. */
struct site_request {
    const char *method;
    const char *path; /* decoded, without query */
    const char *host;
    const char *accept;
    const char *fetch_dest; /* Sec-Fetch-Dest */
    const char *origin;
    const char *content_type;
    struct ipaddr client;
    const char *body;
    size_t body_len;
    bool body_too_long; /* body holds its beginning */
    int64_t now_s;      /* wall time */
    int64_t now_ms;     /* monotonic */
};

struct site_reply {
    unsigned status;
    const char *content_type;
    const char *allow; /* with 405 */
    int64_t retry_s;   /* with 429 and 503; 0: not said */
    bool close;        /* the browser should ask the DNS again before it comes back */
    struct text body;  /* the caller's to free */
};

/*
 * Loads count configuration files with policy and pages. What is loaded already stays as it is when this fails.
 * ERR_CONFIG: errors says why.
 */
ERR_CHECKED int site_load(struct site *site, const char *const files[], size_t count, struct config_errors *errors);
/* Opens the inbox that the loaded configuration names; once, before the first answer. Errors of inbox_open(). */
ERR_CHECKED int site_open_inbox(struct site *site);
void site_done(struct site *site);

/* Takes up a new generation; returns and fills why as current_follow() does. */
enum current_news site_follow(struct site *site, char *why, size_t why_cap);
/* The same for what was decided on the spot, */
enum current_news site_follow_decisions(struct site *site, char *why, size_t why_cap);
/* ... and for the statutory list. */
enum current_news site_follow_tier(struct site *site, char *why, size_t why_cap);

/* reply begins as {0}. */
void site_answer(struct site *site, const struct site_request *request, struct site_reply *reply);

#endif
