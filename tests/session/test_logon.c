/* What logon scripts and captive portals say, and what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "session/logon.h"

#define NOW INT64_C(1795913000)

static struct session_book *book;
static const struct logon_limits limits = {.ttl_s = 3600, .ttl_max_s = 36000};
static struct prefix wifi;
static struct ipaddr peer;
static const struct speaker portal = {.origin = "token/portal"};
static struct speaker of_wifi = {.origin = "token/wifi", .networks = &wifi, .network_count = 1};
static const struct speaker script = {.origin = "token/script", .own_address = true};

static int make_book(void **state)
{
    const struct session_book_opts opts = {.sessions_max = 3000, .seed = 1};
    (void)state;
    if (prefix_from_text("10.20.0.0/16", &wifi) < 0 || ipaddr_from_text("10.20.0.9", &peer) < 0)
        return -1;
    return session_book_new(&opts, &book);
}

static int free_book(void **state)
{
    (void)state;
    session_book_free(book);
    return 0;
}

static char answer_text[8192];

static unsigned say_at(const struct speaker *speaker, enum logon_op op, const char *body, bool over_network,
                       int64_t now_s)
{
    struct logon_answer answer = {0};
    const struct logon_call call = {.op = op,
                                    .speaker = speaker,
                                    .peer = over_network ? &peer : NULL,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .now_s = now_s};
    logon_take(book, &limits, &call, &answer);
    assert_true(text_ok(&answer.body));
    snprintf(answer_text, sizeof answer_text, "%s", answer.body.bytes);
    text_done(&answer.body);
    return answer.status;
}

static unsigned say(const struct speaker *speaker, enum logon_op op, const char *body)
{
    return say_at(speaker, op, body, true, NOW);
}

static const struct session *at(const char *text)
{
    struct ipaddr address;
    assert_int_equal(ipaddr_from_text(text, &address), 0);
    return session_book_at(book, SESSION_LOGON, &address, NULL);
}

static void a_logon_is_there_until_its_time_or_its_end(void **state)
{
    (void)state;
    assert_int_equal(
        say(&portal, LOGON_ON,
            "{\"user\": \"anna\", \"address\": \"10.20.0.7\", \"mac\": \"0A-1B-2C-3D-4E-5F\", \"host\": \"pc\"}"),
        201);
    assert_string_equal(answer_text,
                        "{\"session\": 1, \"user\": \"anna\", \"address\": \"10.20.0.7\", \"mac\": "
                        "\"0a:1b:2c:3d:4e:5f\", \"host\": \"pc\", \"from_s\": 1795913000, \"until_s\": 1795916600}\n");
    assert_string_equal(at("10.20.0.7")->user, "anna");
    assert_int_equal(say_at(&portal, LOGON_ON, "{\"user\":\"anna\",\"address\":\"10.20.0.7\"}", true, NOW + 60), 200);
    assert_int_equal(at("10.20.0.7")->number, 1);
    assert_int_equal(at("10.20.0.7")->from_s, NOW);
    assert_int_equal(at("10.20.0.7")->until_s, NOW + 60 + 3600);
    assert_int_equal(say(&portal, LOGON_ON, "{\"user\":\"ben\",\"address\":\"10.20.0.7\"}"), 201);
    assert_string_equal(at("10.20.0.7")->user, "ben");
    assert_int_equal(at("10.20.0.7")->number, 2);
    assert_int_equal(say(&portal, LOGON_OFF, "{\"user\":\"anna\",\"address\":\"10.20.0.7\"}"), 404);
    assert_int_equal(say(&portal, LOGON_OFF, "{\"address\":\"10.20.0.7\"}"), 200);
    assert_null(at("10.20.0.7"));
    assert_int_equal(say(&portal, LOGON_OFF, "{\"address\":\"10.20.0.7\"}"), 404);
}

static void without_a_place_the_caller_is_meant(void **state)
{
    (void)state;
    assert_int_equal(say(&script, LOGON_ON, "{\"user\":\"anna\"}"), 201);
    assert_string_equal(at("10.20.0.9")->user, "anna");
    assert_int_equal(say(&script, LOGON_OFF, "{}"), 200);
    assert_null(at("10.20.0.9"));
    assert_int_equal(say_at(&portal, LOGON_ON, "{\"user\":\"anna\"}", false, NOW), 400);
}

static void a_speaker_speaks_for_its_own(void **state)
{
    const struct {
        const struct speaker *speaker;
        const char *body;
        unsigned status;
    } rows[] = {
        {&script, "{\"user\":\"a\",\"address\":\"10.20.0.9\"}", 201},
        {&script, "{\"user\":\"a\",\"address\":\"10.20.0.8\"}", 403},
        {&script, "{\"user\":\"a\",\"mac\":\"0a1b2c3d4e5f\"}", 403},
        {&script, "{\"user\":\"a\",\"address\":\"10.20.0.9\",\"mac\":\"0a1b2c3d4e5f\"}", 403},
        {&of_wifi, "{\"user\":\"a\",\"address\":\"10.20.255.255\"}", 201},
        {&of_wifi, "{\"user\":\"a\",\"address\":\"10.21.0.0\"}", 403},
        {&of_wifi, "{\"user\":\"a\",\"address\":\"::ffff:10.21.0.0\"}", 403},
        {&of_wifi, "{\"user\":\"a\",\"mac\":\"0a1b2c3d4e5f\"}", 403},
        {&portal, "{\"user\":\"a\",\"mac\":\"0a1b2c3d4e5f\"}", 201},
        {&portal, "{\"user\":\"a\",\"address\":\"fe80::1\"}", 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (say(rows[i].speaker, LOGON_ON, rows[i].body) != rows[i].status)
            fail_msg("%s: %s", rows[i].body, answer_text);
    /* ... and ends no session of another */
    assert_int_equal(say(&portal, LOGON_OFF, "{\"address\":\"10.20.0.9\"}"), 404);
    assert_int_equal(say(&script, LOGON_OFF, "{\"address\":\"10.20.0.9\"}"), 200);
}

static void what_cannot_be_is_refused_with_the_reason(void **state)
{
    const struct {
        const char *body, *says;
    } rows[] = {
        {"", "JSON object"},
        {"[]", "JSON object"},
        {"{\"user\":\"a\"", "JSON object"},
        {"{\"user\":\"a\",\"user\":\"b\"}", "JSON object"},
        {"{}", "say who"},
        {"{\"user\":\"\"}", "say who"},
        {"{\"user\":1}", "user must be"},
        {"{\"user\":\"a\\u0000b\"}", "JSON object"},
        {"{\"user\":\"a\\nb\"}", "user must be"},
        {"{\"user\":\"a\\u0085b\"}", "user must be"},
        {"{\"user\":\"a\",\"adress\":\"10.0.0.1\"}", "only user"},
        {"{\"user\":\"a\",\"address\":\"10.0.0\"}", "address must be"},
        {"{\"user\":\"a\",\"address\":7}", "address must be"},
        {"{\"user\":\"a\",\"mac\":\"ff:ff:ff:ff:ff:ff\"}", "mac must be"},
        {"{\"user\":\"a\",\"ttl\":0}", "ttl must be"},
        {"{\"user\":\"a\",\"ttl\":-5}", "ttl must be"},
        {"{\"user\":\"a\",\"ttl\":\"8 hours\"}", "ttl must be"},
        {"{\"user\":\"a\",\"ttl\":\"-8h\"}", "ttl must be"},
        {"{\"user\":\"a\",\"ttl\":1.5}", "ttl must be"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (say(&portal, LOGON_ON, rows[i].body) != 400 || strstr(answer_text, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].body, answer_text);
        assert_non_null(strstr(answer_text, "{\"error\": \"bad_request\", \"message\": \""));
    }
    char big[LOGON_BODY_MAX + 2];
    memset(big, ' ', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(say(&portal, LOGON_ON, big), 413);
    assert_int_equal(session_book_count(book), 0);
}

static void how_long_it_holds_is_bounded(void **state)
{
    const struct {
        const char *ttl;
        int64_t holds_s;
    } rows[] = {{"60", 60},   {"\"45m\"", 2700}, {"\"1h\"", 3600},     {"\"90s\"", 90},
                {"\"5\"", 5}, {"\"1d\"", 36000}, {"1000000000", 36000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"user\":\"a\",\"ttl\":%s}", rows[i].ttl);
        assert_in_range(say(&portal, LOGON_ON, body), 200, 201);
        assert_int_equal(at("10.20.0.9")->until_s, NOW + rows[i].holds_s);
    }
}

static void a_list_shows_ones_own(void **state)
{
    (void)state;
    assert_int_equal(say(&portal, LOGON_LIST, ""), 200);
    assert_string_equal(answer_text, "{\"sessions\": [], \"left_out\": 0}\n");
    assert_int_equal(say(&portal, LOGON_ON, "{\"user\":\"anna\",\"address\":\"10.0.0.1\",\"ttl\":60}"), 201);
    assert_int_equal(say(&of_wifi, LOGON_ON, "{\"user\":\"ben\",\"address\":\"10.20.0.1\"}"), 201);
    assert_int_equal(say(&portal, LOGON_LIST, ""), 200);
    assert_non_null(strstr(answer_text, "anna"));
    assert_null(strstr(answer_text, "ben"));
    assert_int_equal(say_at(&portal, LOGON_LIST, "", true, NOW + 60), 200);
    assert_null(strstr(answer_text, "anna"));
    for (int i = 0; i < LOGON_LIST_MAX + 5; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"user\":\"u\",\"address\":\"10.20.%d.%d\"}", 1 + i / 200, 1 + i % 200);
        assert_int_equal(say(&of_wifi, LOGON_ON, body), 201);
    }
    struct logon_answer answer = {0};
    const struct logon_call call = {.op = LOGON_LIST, .speaker = &of_wifi, .now_s = NOW};
    logon_take(book, &limits, &call, &answer);
    assert_non_null(strstr(answer.body.bytes, "\"left_out\": 6"));
    text_done(&answer.body);
}

static void a_full_book_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"user\":\"u\",\"address\":\"10.%d.%d.1\"}", i / 250, i % 250);
        assert_int_equal(say(&portal, LOGON_ON, body), 201);
    }
    assert_int_equal(say(&portal, LOGON_ON, "{\"user\":\"u\",\"address\":\"10.99.0.1\"}"), 503);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_book, free_book)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_logon_is_there_until_its_time_or_its_end),
        TEST(without_a_place_the_caller_is_meant),
        TEST(a_speaker_speaks_for_its_own),
        TEST(what_cannot_be_is_refused_with_the_reason),
        TEST(how_long_it_holds_is_bounded),
        TEST(a_list_shows_ones_own),
        TEST(a_full_book_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
