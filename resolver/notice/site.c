#include "identity/bulletin.h"
#include "notice/site.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/random.h"
#include "base/verdict.h"
#include "decision/docket.h"
#include "belisha/category.h"
#include "dns/key.h"
#include "notice/host.h"
#include "notice/posting.h"
#include "qlog/code.h"
#include "statutory/enrolled.h"
#include "statutory/statutory.h"

/* ---- loading ---- */

/* The path belongs to the configuration that goes away at the next load; where it leads is asked anew then. */
static void follow_path(struct current *c, const struct current_kind *kind, const char *path)
{
    if (c->path != NULL && strcmp(c->path, path) != 0)
        c->inode = 0;
    c->kind = kind;
    c->path = path;
}

static void follow_config(struct site *site)
{
    follow_path(&site->current, &current_blocklist, site->config->generation_path);
    follow_path(&site->tier, &current_statutory, site->config->statutory_path);
    follow_path(&site->docket, &current_decisions, site->config->decisions_public);
    follow_path(&site->presence, &current_presence, site->config->identity.presence_public);
}

/* The copy for everyone names users and devices by their numbers: "#17". */
static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    char *end;
    if (scope == DECISION_GROUP)
        return policy_group_find(ctx, name);
    long long value = name[0] == '#' ? strtoll(name + 1, &end, 10) : 0;
    return value > 0 && value <= UINT32_MAX && *end == '\0' ? value : -1;
}

/* Decisions are for groups by name, so another policy needs another table. Without memory for it the old one is dropped. */
static void take_decisions(struct site *site)
{
    const struct docket *docket = site->docket.list;
    table_free(site->decided);
    site->decided = NULL;
    if (docket == NULL)
        return;
    const struct table_opts opts = {.decisions = docket_all(docket),
                                    .count = docket_count(docket),
                                    .spared = site->config->learning_platform,
                                    .spared_count = site->config->learning_platform_count,
                                    .grant_never = site->config->decide.grant_never,
                                    .number = number,
                                    .ctx = site->policy};
    if (table_new(&opts, &site->decided) < 0)
        site->decided = NULL;
}

int site_load(struct site *site, const char *const files[], size_t count, struct config_errors *errors)
{
    struct site next = *site;
    next.rate.burst = SITE_POST_BURST;
    next.rate.every_ms = SITE_POST_EVERY_MS;
    int err = config_load(files, count, &next.config, errors);
    if (err < 0)
        return err;
    err = policy_new(&next.config->policy, &next.policy);
    if (err < 0)
        goto free_config;
    err = policy_moment_new(next.policy, 0, &next.moment);
    if (err < 0)
        goto free_policy;
    err = pages_new(&next.config->notice, errors, &next.pages);
    if (err < 0)
        goto free_moment;
    if (site->config == NULL)
        random_bytes(&(struct random_pool){0}, next.token_key, sizeof next.token_key);
    follow_config(&next);
    pages_free(site->pages);
    policy_moment_free(site->moment);
    policy_free(site->policy);
    config_free(site->config);
    *site = next;
    take_decisions(site);
    return 0;

free_moment:
    policy_moment_free(next.moment);
free_policy:
    policy_free(next.policy);
free_config:
    config_free(next.config);
    return err;
}

int site_open_inbox(struct site *site)
{
    const struct config_notice *opts = &site->config->notice;
    return inbox_open(opts->inbox_dir, opts->inbox_bytes, &site->inbox);
}

void site_done(struct site *site)
{
    current_done(&site->current);
    current_done(&site->tier);
    current_done(&site->docket);
    current_done(&site->presence);
    table_free(site->decided);
    inbox_close(site->inbox);
    pages_free(site->pages);
    policy_moment_free(site->moment);
    policy_free(site->policy);
    config_free(site->config);
    *site = (struct site){0};
}

enum current_news site_follow(struct site *site, char *why, size_t why_cap)
{
    return current_follow(&site->current, why, why_cap);
}

enum current_news site_follow_decisions(struct site *site, char *why, size_t why_cap)
{
    enum current_news news = current_follow(&site->docket, why, why_cap);
    if (news == CURRENT_NEW)
        take_decisions(site);
    return news;
}

enum current_news site_follow_tier(struct site *site, char *why, size_t why_cap)
{
    return current_follow(&site->tier, why, why_cap);
}

/* ---- one visit ---- */

enum place {
    PLACE_BLOCKED,   /* a name that this client may not reach */
    PLACE_OWN,       /* the school's own name for this page, or a bare address */
    PLACE_OPEN,      /* a name that is not blocked */
    PLACE_NOT_READY, /* no generation has ever been loaded */
    PLACE_STRANGER,  /* a client outside the school's networks */
};

struct visit {
    struct site *site;
    const struct site_request *request;
    struct site_reply *reply;
    struct host host;
    uint16_t group;
    uint32_t profile;
    uint32_t user, device; /* numbers; 0: unknown */
    enum place place;
    struct verdict verdict;
    uint8_t written[NAME_MAX_LEN]; /* what the log has for its name, or the name itself */
    char written_text[NAME_TEXT_MAX];
    char code[QLOG_CODE_TEXT_MAX]; /* empty: no name was looked up */
    char token[TOKEN_TEXT_MAX];
    struct page_facts facts;
    struct posting *posting; /* lives as long as the visit: facts may point into it */
};

static bool host_is_own(const struct visit *v)
{
    const struct config_notice *opts = &v->site->config->notice;
    if (v->host.is_address)
        return true;
    for (size_t i = 0; i < opts->host_count; i++)
        if (strcasecmp(opts->hosts[i], v->host.text) == 0)
            return true;
    return false;
}

/* What may be written of a name; true: it is on the statutory list, and an id takes its place. */
static bool conceal(const struct site *site, const uint8_t *name, uint8_t out[NAME_MAX_LEN])
{
    struct name_key key;
    const struct statutory *list = site->tier.list;
    name_key_make(name, &key);
    unsigned labels = list == NULL ? 0 : statutory_find(list, &key);
    if (labels == 0)
        memcpy(out, name, name_len(name));
    else
        statutory_opaque_name(list, &key, labels, out);
    return labels > 0;
}

/*
 * Looks exactly like the school's own decision, which a list that can't be read has to stand for: who is here was sent
 * here.
 */
static bool is_concealed(struct visit *v)
{
    const struct site *site = v->site;
    bool listed = conceal(site, v->host.name, v->written);
    bool unread = site->tier.list == NULL && enrolled_is_set_up(site->tier.path);
    name_to_text(v->written, v->written_text);
    if (unread)
        snprintf(v->written_text, sizeof v->written_text, "?");
    if (v->verdict.reason == REASON_PROTECTED_HELP || (!listed && (!unread || verdict_is_block(&v->verdict))))
        return false;
    v->verdict = (struct verdict){.action = VERDICT_NOTICE,
                                  .reason = REASON_LOCAL_BLOCK,
                                  .category = CATEGORY_LOCAL,
                                  .match = MATCH_QNAME,
                                  .feed = VERDICT_NO_FEED};
    return true;
}

static void overrule(struct visit *v, const struct policy_facts *facts)
{
    struct table_found found;
    if (v->site->decided == NULL)
        return;
    const struct table_who who = {.group = v->group, .user = v->user, .device = v->device};
    table_find(v->site->decided, v->host.name, &who, v->request->now_s, &found);
    const struct table_decision opening = table_opening(&found, facts->categories);
    const struct policy_decided decided = {.pause = found.pause.id,
                                           .pause_labels = found.pause.labels,
                                           .block = found.block.id,
                                           .block_labels = found.block.labels,
                                           .allow = opening.id,
                                           .allow_labels = opening.labels,
                                           .allow_lifts_safe_search = opening.lifts_safe_search};
    policy_overrule(v->site->policy, v->site->moment, v->profile, facts, &decided, &v->verdict);
}

static enum place place_of(struct visit *v)
{
    struct name_key key;
    struct policy_facts facts;
    const struct policy *policy = v->site->policy;
    if (v->group == POLICY_GROUP_DENIED)
        return PLACE_STRANGER;
    if (host_is_own(v))
        return PLACE_OWN;
    name_key_make(v->host.name, &key);
    policy_facts(policy, v->site->current.list, v->host.name, &key, DNS_TYPE_A, &facts);
    v->verdict = policy_decide(policy, v->site->moment, v->profile, &facts);
    overrule(v, &facts);
    if (is_concealed(v))
        return PLACE_BLOCKED;
    if (v->verdict.action == VERDICT_NOT_READY)
        return PLACE_NOT_READY;
    return verdict_is_block(&v->verdict) ? PLACE_BLOCKED : PLACE_OPEN;
}

/* As belishad knows him: a page for somebody else's rules would say that open is what is shut for him. */
static void find_visitor(const struct visit *v, struct presence_who *out)
{
    struct site *site = v->site;
    *out = PRESENCE_UNKNOWN;
    char why[128];
    (void)current_follow(&site->presence, why, sizeof why);
    if (site->presence.list != NULL)
        (void)bulletin_find(site->presence.list, &v->request->client, policy_version(site->policy), v->request->now_s,
                            out);
}

static void visit_stand(struct visit *v)
{
    struct policy_standing standing;
    struct presence_who who;
    find_visitor(v, &who);
    policy_standing(v->site->policy, &v->request->client, who.person, v->request->now_s, &standing);
    v->user = who.user;
    v->device = who.device;
    v->group = standing.group;
    v->profile = standing.profile;
    if (!policy_moment_holds(v->site->moment, v->request->now_s))
        policy_moment_renew(v->site->moment, v->request->now_s);
}

static void visit_begin(struct visit *v)
{
    const struct site_request *r = v->request;
    visit_stand(v);
    v->place = place_of(v);
    if (v->place == PLACE_BLOCKED || v->place == PLACE_OPEN)
        qlog_code_make(&r->client, v->written, r->now_s, v->code);
    token_make(v->site->token_key, &r->client, r->now_s, v->token);
    v->facts = (struct page_facts){
        .host = v->host.text,
        .code = v->code,
        .token = v->token,
        .now_s = r->now_s,
        .wording = policy_level_at(v->site->moment, v->profile)->wording,
        .verdict = v->place == PLACE_BLOCKED ? &v->verdict : NULL,
    };
}

static void show(struct visit *v, unsigned status, enum page page)
{
    v->reply->status = status;
    v->reply->content_type = "text/html; charset=utf-8";
    pages_write(v->site->pages, page, &v->facts, &v->reply->body);
}

/* ---- what we can't or won't do ---- */

struct problem {
    unsigned status;
    const char *title;
    const char *why;
};

static const struct problem bad_host = {400, "This address can't be read",
                                        "Your browser or app did not say which website it wants."};
static const struct problem not_found = {404, "There is no such page",
                                         "The school filter has no page at this address."};
static const struct problem bad_method = {405, "That does not work here",
                                          "The school filter only shows pages and takes its own forms."};
static const struct problem too_long = {413, "Your message is too long",
                                        "Please go back and make it shorter: 1,000 characters at most."};
static const struct problem bad_form = {400, "The form did not arrive whole", "Please go back and send it again."};
static const struct problem bad_type = {415, "The form did not arrive whole",
                                        "It was sent in a way that the school filter does not read."};
static const struct problem bad_origin = {403, "This form came from another website",
                                          "The school filter only takes messages from its own page."};
static const struct problem too_often = {429, "Too many messages at once",
                                         "Many messages came from your network just now. Please wait a little, "
                                         "then go back and send yours again."};
static const struct problem stranger = {403, "This page is for the school network",
                                        "Your device is not on one of the school's networks."};
static const struct problem not_ready = {503, "The school filter is starting",
                                         "It has not loaded its lists yet. Please try again in a minute."};
static const struct problem inbox_full = {507, "Your message could not be kept",
                                          "The school's inbox for messages is full. Please tell someone in person."};
static const struct problem broken = {500, "Your message could not be kept",
                                      "Something went wrong on our side. Please tell someone in person."};

static void show_problem(struct visit *v, const struct problem *problem)
{
    v->facts.verdict = NULL;
    v->facts.title = problem->title;
    v->facts.why = problem->why;
    show(v, problem->status, PAGE_PROBLEM);
}

/* ---- looking ---- */

enum wanted { WANTED_PAGE, WANTED_FRAME, WANTED_TEXT, WANTED_NOTHING };

/*
 * What the browser will do with the answer. Sec-Fetch-Dest says it, but browsers send that over HTTPS alone (and to
 * loopback); over HTTP the Accept header of a page load names text/html, those of pictures, styles and scripts don't.
 */
static enum wanted wanted_of(const struct site_request *r)
{
    if (r->fetch_dest != NULL) {
        if (strcmp(r->fetch_dest, "document") == 0)
            return WANTED_PAGE;
        bool frame = strcmp(r->fetch_dest, "iframe") == 0 || strcmp(r->fetch_dest, "frame") == 0;
        return frame ? WANTED_FRAME : WANTED_NOTHING;
    }
    if (r->accept == NULL || strstr(r->accept, "text/html") != NULL)
        return WANTED_PAGE;
    return strncmp(r->accept, "*/*", 3) == 0 ? WANTED_TEXT : WANTED_NOTHING;
}

static void show_text(struct visit *v, unsigned status, const char *what)
{
    v->reply->status = status;
    v->reply->content_type = "text/plain; charset=utf-8";
    text_printf(&v->reply->body, "%s (%s). Code: %s\n", what, v->host.text, v->code);
}

static void show_blocked(struct visit *v)
{
    switch (wanted_of(v->request)) {
    case WANTED_PAGE:
        show(v, 403, pages_blocked(v->site->pages, v->facts.wording, &v->verdict));
        break;
    case WANTED_FRAME:
        show(v, 403, PAGE_FRAME);
        break;
    case WANTED_TEXT:
        show_text(v, 403,
                  v->verdict.reason == REASON_SUSPENSION ? "Paused by the school; nothing is broken"
                                                         : "Blocked by the school filter; nothing is broken");
        break;
    case WANTED_NOTHING:
        v->reply->status = 403;
        break;
    }
}

static void show_open(struct visit *v)
{
    /* A browser that keeps its connection would come back here without asking the DNS again. */
    v->reply->close = true;
    if (strcmp(v->request->path, "/report") == 0)
        show(v, 200, PAGE_REPORT);
    else if (wanted_of(v->request) == WANTED_PAGE)
        show(v, 404, PAGE_OPEN);
    else if (wanted_of(v->request) == WANTED_TEXT)
        show_text(v, 404, "The school filter's own page; this name is not blocked for you");
    else
        v->reply->status = 404;
}

static void show_own(struct visit *v)
{
    const char *path = v->request->path;
    if (strcmp(path, "/") == 0 || strcmp(path, "/report") == 0)
        show(v, 200, PAGE_REPORT);
    else
        show_problem(v, &not_found);
}

static void look(struct visit *v)
{
    switch (v->place) {
    case PLACE_BLOCKED:
        show_blocked(v);
        break;
    case PLACE_OPEN:
        show_open(v);
        break;
    case PLACE_OWN:
        show_own(v);
        break;
    case PLACE_NOT_READY:
        v->reply->retry_s = 60;
        show_problem(v, &not_ready);
        break;
    case PLACE_STRANGER:
        show_problem(v, &stranger);
        break;
    }
}

/* ---- telling ---- */

/*
 * A browser names the page that a form came from in Origin, or writes "null" because our pages ask it to send no
 * referrer (Fetch standard, 3.2). Any other origin is another site's page using a pupil's browser.
 */
static bool origin_is_ours(const struct site_request *r)
{
    if (r->origin == NULL || strcmp(r->origin, "null") == 0)
        return true;
    const char *host = strstr(r->origin, "://");
    return host != NULL && r->host != NULL && strcasecmp(host + 3, r->host) == 0;
}

static bool type_is_form(const struct site_request *r)
{
    static const char form[] = "application/x-www-form-urlencoded";
    return r->content_type != NULL && strncasecmp(r->content_type, form, sizeof form - 1) == 0;
}

/* What is wrong with the request before its body is looked at; NULL: nothing. */
static const struct problem *post_refused(struct visit *v)
{
    const struct site_request *r = v->request;
    if (!type_is_form(r))
        return &bad_type;
    if (!origin_is_ours(r))
        return &bad_origin;
    if (r->body_too_long)
        return &too_long;
    return rate_take(&v->site->rate, &r->client, r->now_ms, &v->reply->retry_s) ? NULL : &too_often;
}

/* Shows the form again with what was typed, so that nobody has to write it twice. */
static void show_form_again(struct visit *v, unsigned status, const struct posting *p, const char *alert)
{
    v->facts.alert = alert;
    v->facts.url = p->report.url;
    v->facts.words = p->report.words;
    v->facts.name = p->report.name;
    show(v, status, p->report.kind == REPORT_UNBLOCK ? PAGE_REQUEST : PAGE_REPORT);
}

/* An address that somebody typed or that the form had, if its host is on the statutory list. */
static void conceal_url(const struct visit *v, struct report *report)
{
    const char *start = strstr(report->url, "://");
    start = start == NULL ? report->url : start + 3;
    char authority[REPORT_URL_MAX];
    struct host host;
    uint8_t written[NAME_MAX_LEN];
    char text[NAME_TEXT_MAX];
    snprintf(authority, sizeof authority, "%.*s", (int)strcspn(start, "/?#\\"), start);
    const char *user = strrchr(authority, '@');
    if (host_parse(user == NULL ? authority : user + 1, &host) < 0 || host.is_address ||
        !conceal(v->site, host.name, written))
        return;
    name_to_text(written, text);
    snprintf(report->url, sizeof report->url, "%.*s", (int)sizeof report->url - 1, text);
}

static void keep(struct visit *v, struct report *report)
{
    report->time_s = v->request->now_s;
    report->client = v->request->client;
    /* Longer names are cut: group and host only help the reader, the code finds the record. */
    snprintf(report->group, sizeof report->group, "%.*s", (int)sizeof report->group - 1,
             policy_group_name(v->site->policy, v->group));
    const char *host = v->place == PLACE_BLOCKED || v->place == PLACE_OPEN ? v->written_text : v->host.text;
    snprintf(report->host, sizeof report->host, "%.*s", (int)sizeof report->host - 1, host);
    conceal_url(v, report);
    memcpy(report->code, v->code, sizeof v->code);
    int err = inbox_put(v->site->inbox, report);
    if (err == 0)
        show(v, 200, PAGE_THANKS);
    else
        show_problem(v, err == ERR_NOSPACE ? &inbox_full : &broken);
}

static void tell(struct visit *v)
{
    struct posting *posting = v->posting;
    const struct site_request *r = v->request;
    const struct problem *refused = v->place == PLACE_STRANGER ? &stranger : post_refused(v);
    if (refused != NULL) {
        show_problem(v, refused);
        return;
    }
    switch (posting_parse(r->body, r->body_len, posting)) {
    case POSTING_MALFORMED:
        show_problem(v, &bad_form);
        return;
    case POSTING_TOO_LONG:
        show_problem(v, &too_long);
        return;
    case POSTING_EMPTY:
        show_form_again(v, 422, posting, "Please write a few words, so that the school knows what to do.");
        return;
    case POSTING_GOOD:
        break;
    }
    if (token_is_valid(v->site->token_key, &r->client, r->now_s, posting->token))
        keep(v, &posting->report);
    else
        show_form_again(v, 403, posting, "This page was open for a long time. Please send your message once more.");
}

void site_answer(struct site *site, const struct site_request *request, struct site_reply *reply)
{
    struct posting posting;
    struct visit v = {.site = site, .request = request, .reply = reply, .posting = &posting};
    bool form = strcmp(request->path, "/report") == 0;
    bool get = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    bool post = strcmp(request->method, "POST") == 0;
    bool known = host_parse(request->host, &v.host) == 0;
    if (!known)
        v.host = (struct host){.is_address = true};
    visit_begin(&v);
    if (!known) {
        show_problem(&v, &bad_host);
    } else if (post && form) {
        tell(&v);
    } else if (get || (post && v.place == PLACE_BLOCKED)) {
        look(&v);
    } else {
        reply->allow = form ? "GET, HEAD, POST" : "GET, HEAD";
        show_problem(&v, &bad_method);
    }
}
