/* What workers note of devices that ask. */
#include "identity/hearing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "identity/claims.h"
#include "identity/presence.h"
#include "identity/sightings.h"
#include "query/stage.h"

static struct stage stage;
static struct sightings sightings;
static const struct query_forwarder forwarder = {
    .network = {.addr = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9}}, .bits = 128}, .mac = true};

static uint32_t number(void *ctx, const char *name)
{
    (void)ctx;
    return name[0] == '\0' ? 0 : 7;
}

static uint32_t nobody(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return PRESENCE_NOBODY;
}

static const uint8_t *wire(const char *text)
{
    static uint8_t names[8][NAME_MAX_LEN];
    static size_t next;
    uint8_t *out = names[next++ % 8];
    assert_true(name_from_text(text, strlen(text), out) > 0);
    return out;
}

/* 10.0.0.7 is device 7; of 10.0.0.8 nobody knows anything. */
static int set_up(void **state)
{
    struct claims *claims;
    struct presence *presence;
    struct claim claim = {
        .source = CLAIM_LEASE, .has_address = true, .has_mac = true, .mac = {2, 0, 0, 0, 0, 7}, .key = "7"};
    const struct presence_opts opts = {.user = number, .device = number, .person = nobody};
    (void)state;
    stage_init(&stage);
    assert_int_equal(ipaddr_from_text("10.0.0.7", &claim.address), 0);
    assert_int_equal(claims_new(10, 7, &claims), 0);
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_int_equal(presence_new(claims, &opts, stage.now.wall_ns / 1000000000, &presence), 0);
    claims_free(claims);
    stage.presence = presence;
    memset(&sightings, 0, sizeof sightings);
    stage.sightings = &sightings;
    stage.opts.forwarders = &forwarder;
    stage.opts.forwarder_count = 1;
    assert_int_equal(hearing_new(10, &stage.hearing), 0);
    stage.names[0] = (struct policy_name){.name = wire("help.test"), .below = true, .special = POLICY_SPECIAL_HELP};
    stage.names[1] = (struct policy_name){.name = wire("use-application-dns.net"), .special = POLICY_SPECIAL_NXDOMAIN};
    stage.names[2] = (struct policy_name){.name = wire("onion"), .special = POLICY_SPECIAL_NXDOMAIN};
    stage.policy_opts.name_count = 3;
    stage.rules[0] =
        (struct generation_rule){.name = stage_text(&stage, "games.test"), .categories = CATEGORY_BIT(CATEGORY_GAMING)};
    stage.rules[1] = (struct generation_rule){.name = stage_text(&stage, "vpn.test"),
                                              .categories = CATEGORY_BIT(CATEGORY_CIRCUMVENTION)};
    stage.rule_count = 2;
    stage_start(&stage);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stage_done(&stage); /* frees the presence too */
    hearing_free(stage.hearing);
    return 0;
}

static struct heard ask(const char *client, const char *name)
{
    uint8_t msg[12 + NAME_MAX_LEN + 4] = {0, 1, 1, 0, 0, 1};
    struct query_source source = {.transport = QLOG_UDP};
    const uint8_t *question = wire(name);
    size_t len = name_len(question);
    memcpy(msg + 12, question, len);
    memcpy(msg + 12 + len, (const uint8_t[]){0, 1, 0, 1}, 4);
    assert_int_equal(ipaddr_from_text(client, &source.client.addr), 0);
    size_t before = stage.log_count;
    stage_ask(&stage, &source, msg, 12 + len + 4);
    assert_int_equal(stage.log_count, before + 1); /* answered at once */
    return hearing_of(stage.hearing, 7);
}

static int64_t this_minute(void)
{
    return stage.now.wall_ns / 1000000000 / 60 * 60;
}

static void a_device_that_asks_is_heard(void **state)
{
    (void)state;
    struct heard heard = ask("10.0.0.7", "games.test");
    assert_int_equal(heard.asked_s, this_minute());
    assert_int_equal(heard.evaded_s, 0);
    int64_t before_s = heard.asked_s;
    stage_move_clock(&stage, 120000);
    heard = ask("10.0.0.7", "games.test");
    assert_int_equal(heard.asked_s, before_s + 120);
}

static void who_is_no_device_is_not(void **state)
{
    (void)state;
    assert_int_equal(ask("10.0.0.8", "games.test").asked_s, 0);
}

static void a_question_for_help_is_not_heard(void **state)
{
    uint8_t msg[12 + NAME_MAX_LEN + 4] = {0, 1, 1, 0, 0, 1};
    struct query_source source = {.transport = QLOG_UDP};
    const uint8_t *question = wire("www.help.test");
    size_t len = name_len(question);
    (void)state;
    memcpy(msg + 12, question, len);
    memcpy(msg + 12 + len, (const uint8_t[]){0, 1, 0, 1}, 4);
    assert_int_equal(ipaddr_from_text("10.0.0.7", &source.client.addr), 0);
    stage_ask(&stage, &source, msg, 12 + len + 4);
    stage_move_clock(&stage, 10000); /* no upstream answers: the client is told */
    assert_int_equal(stage.log_count, 1);
    assert_int_equal(stage.last_log.verdict.reason, REASON_PROTECTED_HELP);
    assert_int_equal(hearing_of(stage.hearing, 7).asked_s, 0);
}

/* A forwarder asks for a client of whose card nobody knows. */
static void ask_for_card(const char *name)
{
    static const uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 10, 0xfd, 0xe9, 0, 6, 2, 0, 0, 0, 0, 8};
    uint8_t msg[12 + NAME_MAX_LEN + 4 + sizeof opt] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    struct query_source source = {.transport = QLOG_UDP};
    const uint8_t *question = wire(name);
    size_t len = name_len(question);
    memcpy(msg + 12, question, len);
    memcpy(msg + 12 + len, (const uint8_t[]){0, 1, 0, 1}, 4);
    memcpy(msg + 16 + len, opt, sizeof opt);
    assert_int_equal(ipaddr_from_text("10.0.0.9", &source.client.addr), 0);
    stage_ask(&stage, &source, msg, 16 + len + sizeof opt);
}

static void a_card_is_not_noted_for_asking_for_help(void **state)
{
    uint8_t card[6];
    size_t from = 0;
    (void)state;
    ask_for_card("www.help.test");
    assert_false(sightings_take(&sightings, &from, card));
    ask_for_card("games.test");
    from = 0;
    assert_true(sightings_take(&sightings, &from, card));
    assert_int_equal(card[5], 8);
}

static void ways_round_us_are_noted(void **state)
{
    (void)state;
    assert_int_equal(ask("10.0.0.7", "hidden.onion").evaded_s, 0);
    assert_int_equal(ask("10.0.0.7", "use-application-dns.net").evaded_s, this_minute());
    stage_move_clock(&stage, 60000);
    int64_t before_s = this_minute();
    assert_int_equal(ask("10.0.0.7", "vpn.test").evaded_s, before_s);
    stage_move_clock(&stage, 60000);
    assert_int_equal(ask("10.0.0.7", "games.test").evaded_s, before_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_that_asks_is_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_no_device_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_for_help_is_not_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_card_is_not_noted_for_asking_for_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ways_round_us_are_noted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
