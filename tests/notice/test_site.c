#include "notice/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "decision/docket.h"
#include "notice/fixture.h"
#include "support/statutory_list.h"

#define NOW   1795300000
#define PUPIL "10.20.3.4"
#define STAFF "10.30.0.1"

/* A request with the headers of a browser that opens a page; tests change what they are about. */
static struct site_request browser(const char *method, const char *host, const char *path, const char *client)
{
    struct site_request r = {.method = method, .host = host, .path = path, .now_s = NOW, .now_ms = 5000};
    r.accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    assert_int_equal(ipaddr_from_text(client, &r.client), 0);
    return r;
}

static struct site_reply answer(struct fixture *f, const struct site_request *request)
{
    struct site_reply reply = {0};
    site_answer(&f->site, request, &reply);
    assert_true(text_ok(&reply.body));
    return reply;
}

static void assert_has(const struct site_reply *reply, const char *words)
{
    if (reply->body.bytes == NULL || strstr(reply->body.bytes, words) == NULL)
        fail_msg("'%s' is not in the reply of status %u:\n%s", words, reply->status, reply->body.bytes);
}

static void assert_has_not(const struct site_reply *reply, const char *words)
{
    if (reply->body.bytes != NULL && strstr(reply->body.bytes, words) != NULL)
        fail_msg("'%s' is in the reply of status %u", words, reply->status);
}

static int add_entry(void *ctx, uint64_t id, const char *json, size_t json_len)
{
    (void)id;
    strncat(ctx, json, json_len);
    return 0;
}

static void site_tells_each_reader_in_words_that_fit(void **state)
{
    static const struct {
        const char *client, *host, *words[3];
    } rows[] = {
        {"10.10.0.1", "casino.example", {"This website is closed here", "You are not in trouble", "grown-up"}},
        {PUPIL, "www.casino.example:80", {"blocked at school", "you are not in trouble", "which is only for adults"}},
        {STAFF, "CASINO.example", {"The school filter blocked", "<p class=\"topic\">gambling", "0344 381 4772"}},
        {PUPIL, "hurt.example", {"tel:08001111", "tel:116123", "class=\"help care\""}},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct site_request request = browser("GET", rows[i].host, "/any/path", rows[i].client);
        struct site_reply reply = answer(f, &request);
        assert_int_equal(reply.status, 403);
        for (size_t w = 0; w < 3; w++)
            assert_has(&reply, rows[i].words[w]);
        assert_has(&reply, "Beacon &amp; Hill School");
        assert_has(&reply, "Mrs Okafor, room 12");
        assert_has(&reply, "tel:999");
        assert_has(&reply, "name=\"kind\" value=\"unblock\"");
        assert_has(&reply, "name=\"kind\" value=\"concern\"");
        assert_has_not(&reply, "feed-");
        assert_true(reply.body.len < 50000);
        text_done(&reply.body);
    }
}

static void site_gives_the_place_its_page_and_its_status(void **state)
{
    static const struct {
        const char *client, *method, *host, *path;
        unsigned status;
        const char *words;
    } rows[] = {
        {PUPIL, "GET", "games.example", "/", 403, "games"},
        {STAFF, "GET", "games.example", "/", 404, "not blocked for you"},
        {PUPIL, "GET", "free.example", "/x", 404, "not blocked for you"},
        {PUPIL, "GET", "free.example", "/report", 200, "I saw something"},
        {PUPIL, "GET", "childline.org.uk", "/", 404, "not blocked for you"},
        {PUPIL, "GET", "casino.example", "/report", 403, "blocked at school"},
        {PUPIL, "POST", "casino.example", "/login", 403, "blocked at school"},
        {PUPIL, "GET", "why.school.example", "/", 200, "I saw something"},
        {PUPIL, "GET", "WHY.school.example:80", "/report", 200, "I saw something"},
        {PUPIL, "GET", "why.school.example", "/other", 404, "no such page"},
        {PUPIL, "GET", "127.0.0.1:8053", "/", 200, "I saw something"},
        {PUPIL, "GET", NULL, "/", 400, "can&#39;t be read"},
        {PUPIL, "GET", "<script>", "/", 404, "&lt;script&gt;"},
        {PUPIL, "GET", "..", "/", 400, "can&#39;t be read"},
        {PUPIL, "POST", "free.example", "/", 405, "does not work"},
        {PUPIL, "DELETE", "casino.example", "/", 405, "does not work"},
        {PUPIL, "BREW", "casino.example", "/", 405, "does not work"},
        {"192.0.2.9", "GET", "casino.example", "/", 403, "for the school network"},
        {"192.0.2.9", "POST", "casino.example", "/report", 403, "for the school network"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct site_request request = browser(rows[i].method, rows[i].host, rows[i].path, rows[i].client);
        struct site_reply reply = answer(f, &request);
        assert_int_equal(reply.status, rows[i].status);
        assert_has(&reply, rows[i].words);
        assert_has_not(&reply, "<script");
        assert_int_equal(reply.allow != NULL, rows[i].status == 405);
        text_done(&reply.body);
    }
}

static void site_sends_no_page_where_none_is_wanted(void **state)
{
    static const struct {
        const char *accept, *fetch_dest;
        bool empty;
        const char *words;
    } rows[] = {
        {"text/html,*/*;q=0.8", NULL, false, "blocked at school"},
        {NULL, NULL, false, "blocked at school"},
        {"image/avif,image/webp,*/*;q=0.8", NULL, true, NULL},
        {"text/css,*/*;q=0.1", NULL, true, NULL},
        {"*/*", NULL, false, "Blocked by the school filter"},
        {"*/*", "document", false, "blocked at school"},
        {"text/html", "iframe", false, "this part of the page stays empty"},
        {"text/html", "image", true, NULL},
        {"text/html", "empty", true, NULL},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct site_request request = browser("GET", "casino.example", "/", PUPIL);
        request.accept = rows[i].accept;
        request.fetch_dest = rows[i].fetch_dest;
        struct site_reply reply = answer(f, &request);
        assert_int_equal(reply.status, 403);
        assert_int_equal(reply.body.len == 0, rows[i].empty);
        if (!rows[i].empty)
            assert_has(&reply, rows[i].words);
        text_done(&reply.body);
    }
}

/* ---- forms ---- */

static char *token_on(struct fixture *f, const char *client, char out[TOKEN_TEXT_MAX])
{
    struct site_request request = browser("GET", "casino.example", "/", client);
    struct site_reply reply = answer(f, &request);
    const char *at = strstr(reply.body.bytes, "name=\"token\" value=\"");
    assert_non_null(at);
    memcpy(out, at + strlen("name=\"token\" value=\""), TOKEN_TEXT_MAX - 1);
    out[TOKEN_TEXT_MAX - 1] = '\0';
    text_done(&reply.body);
    return out;
}

static struct site_reply post(struct fixture *f, struct site_request *request, const char *body)
{
    request->content_type = "application/x-www-form-urlencoded";
    request->body = body;
    request->body_len = strlen(body);
    return answer(f, request);
}

static size_t inbox_size(struct fixture *f)
{
    size_t count;
    assert_int_equal(inbox_count(f->site.inbox, &count), 0);
    return count;
}

static int see(void *ctx, uint64_t id, const char *json, size_t json_len)
{
    (void)id;
    snprintf(ctx, 4096, "%.*s", (int)json_len, json);
    return 0;
}

static void site_keeps_what_a_form_tells(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_TEXT_MAX];
    char body[256];
    char json[4096] = "";
    struct site_request request = browser("POST", "www.casino.example", "/report", PUPIL);
    request.origin = "null";
    snprintf(body, sizeof body, "kind=unblock&token=%s&words=for+%%3Chistory%%3E&name=", token_on(f, PUPIL, token));
    struct site_reply reply = post(f, &request, body);
    assert_int_equal(reply.status, 200);
    assert_has(&reply, "Thank you");
    text_done(&reply.body);
    assert_int_equal(inbox_walk(f->site.inbox, 0, see, json), 0);
    assert_non_null(strstr(json, "\"kind\":\"unblock\""));
    assert_non_null(strstr(json, "\"host\":\"www.casino.example\""));
    assert_non_null(strstr(json, "\"client\":\"10.20.3.4\""));
    assert_non_null(strstr(json, "\"group\":\"pupils\""));
    assert_non_null(strstr(json, "\"words\":\"for <history>\""));
    assert_null(strstr(json, "\"code\":\"\""));
}

static void site_keeps_nothing_of_a_form_that_is_not_its_own(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_TEXT_MAX];
    char good[256];
    char other[256];
    snprintf(good, sizeof good, "kind=unblock&token=%s&words=x", token_on(f, PUPIL, token));
    snprintf(other, sizeof other, "kind=unblock&token=%s&words=typed+before", token_on(f, STAFF, token));
    const struct {
        const char *body, *origin;
        unsigned status;
        const char *words;
    } rows[] = {
        {other, NULL, 403, "typed before</textarea>"},
        {"kind=unblock&words=typed+before", NULL, 403, "typed before</textarea>"},
        {good, "http://evil.example", 403, "another website"},
        {good, "http://casino.example.evil.example", 403, "another website"},
        {"kind=unblock&words=%4", NULL, 400, "whole"},
        {"kind=other&words=x", NULL, 400, "whole"},
        {"", NULL, 400, "whole"},
        {"kind=unblock&words=+", NULL, 422, "few words"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct site_request request = browser("POST", "casino.example", "/report", PUPIL);
        request.origin = rows[i].origin;
        struct site_reply reply = post(f, &request, rows[i].body);
        assert_int_equal(reply.status, rows[i].status);
        assert_has(&reply, rows[i].words);
        text_done(&reply.body);
    }
    assert_int_equal(inbox_size(f), 0);
}

static void site_bounds_bodies_and_rates(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_TEXT_MAX];
    char body[256];
    struct site_request request = browser("POST", "casino.example", "/report", PUPIL);
    snprintf(body, sizeof body, "kind=concern&about=other&token=%s&words=x", token_on(f, PUPIL, token));
    request.body_too_long = true;
    struct site_reply reply = post(f, &request, body);
    assert_int_equal(reply.status, 413);
    text_done(&reply.body);
    request.body_too_long = false;
    request.content_type = "text/plain";
    reply = answer(f, &request);
    assert_int_equal(reply.status, 415);
    text_done(&reply.body);
    for (int i = 0; i < SITE_POST_BURST; i++) {
        reply = post(f, &request, body);
        assert_int_equal(reply.status, 200);
        text_done(&reply.body);
    }
    reply = post(f, &request, body);
    assert_int_equal(reply.status, 429);
    assert_int_equal(reply.retry_s, SITE_POST_EVERY_MS / 1000);
    text_done(&reply.body);
    assert_int_equal(inbox_size(f), SITE_POST_BURST);
}

static void site_takes_up_a_new_generation_and_a_new_configuration(void **state)
{
    static const struct generation_rule fresh[] = {
        {"fresh.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0}};
    struct fixture *f = *state;
    struct site_request request = browser("GET", "fresh.example", "/", PUPIL);
    struct site_reply reply = answer(f, &request);
    assert_int_equal(reply.status, 404);
    assert_true(reply.close);
    text_done(&reply.body);
    assert_int_equal(site_follow(&f->site, NULL, 0), CURRENT_SAME);
    generation_next(&f->generation, fresh, 1);
    assert_int_equal(site_follow(&f->site, NULL, 0), CURRENT_NEW);
    fixture_load(f);
    reply = answer(f, &request);
    assert_int_equal(reply.status, 403);
    text_done(&reply.body);
}

static void site_without_a_generation_says_that_it_is_starting(void **state)
{
    struct fixture *f = *state;
    struct site_request request = browser("GET", "casino.example", "/", PUPIL);
    current_done(&f->site.current);
    struct site_reply reply = answer(f, &request);
    assert_int_equal(reply.status, 503);
    assert_true(reply.retry_s > 0);
    text_done(&reply.body);
}

static void site_writes_down_no_statutory_host(void **state)
{
    static const char *const hosts[] = {"secret.example"};
    struct fixture *f = *state;
    char folder[GENERATION_PATH_MAX + 16], path[GENERATION_PATH_MAX + 48], token[64], body[512];
    struct site_request local = browser("GET", "www.secret.example", "/", PUPIL);
    struct site_reply reply = answer(f, &local);
    assert_int_equal(reply.status, 404);
    text_done(&reply.body);
    snprintf(folder, sizeof folder, "%s/statutory", f->generation.folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    statutory_list_write(folder, "current", hosts, 1, 1);
    assert_int_equal(site_follow_tier(&f->site, NULL, 0), CURRENT_NEW);
    reply = answer(f, &local);
    assert_int_equal(reply.status, 403);
    assert_has(&reply, "Your school has decided to block this website");
    assert_has_not(&reply, "statutory");
    const char *at = strstr(reply.body.bytes, "name=\"token\" value=\"");
    assert_non_null(at);
    snprintf(token, sizeof token, "%.*s", (int)strcspn(at + 20, "\""), at + 20);
    text_done(&reply.body);
    struct site_request told = browser("POST", "www.secret.example", "/report", PUPIL);
    told.content_type = "application/x-www-form-urlencoded";
    snprintf(body, sizeof body, "kind=unblock&token=%s&words=please&url=http%%3A%%2F%%2Fa%%40secret.example%%3A80%%2Fx",
             token);
    told.body = body;
    told.body_len = strlen(body);
    reply = answer(f, &told);
    assert_int_equal(reply.status, 200);
    text_done(&reply.body);
    char entries[4096] = "";
    assert_int_equal(inbox_walk(f->site.inbox, 0, add_entry, entries), 0);
    assert_non_null(strstr(entries, ".statutory.invalid\",\"url\":\""));
    assert_null(strstr(entries, "secret.example"));
    snprintf(path, sizeof path, "%s/current", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/key", folder);
    unlink(path);
    rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* As belishad records one, and publishes what is in force. */
static void decide(struct docket *docket, const char *name, enum decision_kind kind, const char *group,
                   const char *published)
{
    struct decision d = {
        .kind = kind, .below = true, .made_s = NOW - 10, .until_s = NOW + 60, .reason = "told by Anna"};
    uint32_t id;
    assert_true(name_from_text(name, strlen(name), d.name) > 0);
    snprintf(d.whom, sizeof d.whom, "%s", group);
    d.scope = group[0] == '\0' ? DECISION_EVERYONE : DECISION_GROUP;
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    assert_int_equal(docket_publish(docket, published, NOW, NULL), 0);
}

static unsigned status_of(struct fixture *f, const char *host, const char *client, int64_t now_s)
{
    struct site_request request = browser("GET", host, "/", client);
    request.now_s = now_s;
    struct site_reply reply = answer(f, &request);
    assert_has_not(&reply, "Anna");
    text_done(&reply.body);
    return reply.status;
}

static void site_knows_what_was_decided_on_the_spot(void **state)
{
    struct fixture *f = *state;
    struct docket *docket = NULL;
    char path[GENERATION_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/state", f->generation.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/state/decisions", f->generation.folder);
    assert_int_equal(docket_open(path, NOW, NULL, NULL, &docket), 0);
    assert_int_equal(site_follow_decisions(&f->site, NULL, 0), CURRENT_SAME);
    decide(docket, "bad.example", DECISION_BLOCK, "", f->site.config->decisions_public);
    decide(docket, "casino.example", DECISION_ALLOW, "staff", f->site.config->decisions_public);
    assert_int_equal(status_of(f, "www.bad.example", PUPIL, NOW), 404);
    assert_int_equal(site_follow_decisions(&f->site, NULL, 0), CURRENT_NEW);
    assert_int_equal(status_of(f, "www.bad.example", PUPIL, NOW), 403);
    assert_int_equal(status_of(f, "www.bad.example", PUPIL, NOW + 60), 404);
    assert_int_equal(status_of(f, "casino.example", STAFF, NOW), 404);
    assert_int_equal(status_of(f, "casino.example", PUPIL, NOW), 403);
    fixture_load(f); /* a reload keeps them */
    assert_int_equal(status_of(f, "www.bad.example", PUPIL, NOW), 403);
    docket_close(docket);
}

static void site_says_kindly_that_a_group_is_paused(void **state)
{
    struct fixture *f = *state;
    struct docket *docket = NULL;
    struct decision d = {.kind = DECISION_SUSPEND,
                         .scope = DECISION_GROUP,
                         .whom = "staff",
                         .below = true,
                         .made_s = NOW - 10,
                         .until_s = NOW + 60,
                         .by = "jones",
                         .reason = "told by Anna"};
    char path[GENERATION_PATH_MAX + 32];
    uint32_t id;
    snprintf(path, sizeof path, "%s/state", f->generation.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/state/decisions", f->generation.folder);
    assert_int_equal(docket_open(path, NOW, NULL, NULL, &docket), 0);
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    assert_int_equal(docket_publish(docket, f->site.config->decisions_public, NOW, NULL), 0);
    assert_int_equal(site_follow_decisions(&f->site, NULL, 0), CURRENT_NEW);
    struct site_request request = browser("GET", "any.example", "/", STAFF);
    struct site_reply reply = answer(f, &request);
    assert_int_equal(reply.status, 403);
    assert_has(&reply, "This is paused for you");
    assert_has(&reply, "is suspended for this user or device");
    assert_has_not(&reply, "This should not be blocked");
    assert_has_not(&reply, "Anna");
    assert_has_not(&reply, "jones");
    text_done(&reply.body);
    assert_int_equal(status_of(f, "any.example", PUPIL, NOW), 404);
    assert_int_equal(status_of(f, "any.example", STAFF, NOW + 60), 404);
    docket_close(docket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(site_tells_each_reader_in_words_that_fit),
        TEST(site_gives_the_place_its_page_and_its_status),
        TEST(site_sends_no_page_where_none_is_wanted),
        TEST(site_keeps_what_a_form_tells),
        TEST(site_keeps_nothing_of_a_form_that_is_not_its_own),
        TEST(site_bounds_bodies_and_rates),
        TEST(site_takes_up_a_new_generation_and_a_new_configuration),
        TEST(site_writes_down_no_statutory_host),
        TEST(site_knows_what_was_decided_on_the_spot),
        TEST(site_says_kindly_that_a_group_is_paused),
        TEST(site_without_a_generation_says_that_it_is_starting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
