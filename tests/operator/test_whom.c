#include "operator/whom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PUPILS, STAFF, GROUPS };

static struct config config;
static struct explain explain;
static struct prefix networks[GROUPS], everyone;
static const struct policy_level levels[GROUPS] = {{.name = "young"}, {.name = "grown"}};
static const struct policy_person people[] = {
    {.user = "ann", .group = STAFF, .level = POLICY_NO_LEVEL},
};

static int begin(void **state)
{
    static struct policy_group groups[GROUPS] = {
        {.name = "pupils", .level = PUPILS, .networks = &networks[PUPILS], .network_count = 1},
        {.name = "staff", .level = STAFF, .networks = &networks[STAFF], .network_count = 1},
    };
    (void)state;
    assert_int_equal(prefix_from_text("10.1.0.0/16", &networks[PUPILS]), 0);
    assert_int_equal(prefix_from_text("10.2.0.0/16", &networks[STAFF]), 0);
    assert_int_equal(prefix_from_text("10.0.0.0/8", &everyone), 0);
    config.policy = (struct policy_opts){.levels = levels,
                                         .level_count = GROUPS,
                                         .groups = groups,
                                         .group_count = GROUPS,
                                         .people = people,
                                         .person_count = 1,
                                         .access = &everyone,
                                         .access_count = 1};
    explain = (struct explain){.config = &config};
    assert_int_equal(policy_new(&config.policy, &explain.policy), 0);
    assert_int_equal(roster_new(&explain.roster), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(explain.policy);
    roster_close(explain.roster);
    return 0;
}

static struct ipaddr address(const char *text)
{
    struct ipaddr out;
    assert_int_equal(ipaddr_from_text(text, &out), 0);
    return out;
}

static struct whom find(const struct whom_asked *asked)
{
    struct text why = {0};
    struct whom whom;
    assert_int_equal(whom_find(&explain, asked, &whom, &why), 0);
    return whom;
}

static void a_client_stands_by_its_address_and_a_person_by_his_entry(void **state)
{
    (void)state;
    assert_int_equal(find(&(struct whom_asked){.has_client = true, .client = address("10.1.0.1")}).client.group,
                     PUPILS);
    assert_int_equal(find(&(struct whom_asked){.user = "SCHOOL\\Ann"}).client.group, STAFF);
    assert_int_equal(
        find(&(struct whom_asked){.user = "ann", .has_client = true, .client = address("10.1.0.1")}).client.group,
        STAFF);
    assert_int_equal(find(&(struct whom_asked){.group = "pupils"}).client.group, PUPILS);
    assert_int_equal(find(&(struct whom_asked){.user = NULL}).client.group, POLICY_GROUP_DEFAULT);
    assert_int_equal(find(&(struct whom_asked){.has_client = true, .client = address("192.0.2.1")}).client.group,
                     POLICY_GROUP_DENIED);
}

static void who_is_not_known_is_told(void **state)
{
    static const struct whom_asked asked[] = {{.user = "bob"}, {.group = "year-99"}};
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct text why = {0};
        struct whom whom;
        assert_int_equal(whom_find(&explain, &asked[i], &whom, &why), ERR_NOENT);
        assert_non_null(strstr(why.bytes, i == 0 ? "'bob'" : "'year-99'"));
        text_done(&why);
    }
}

static void a_user_is_found_without_domain_and_case(void **state)
{
    (void)state;
    uint32_t first = roster_number(explain.roster, ROSTER_USER, "OLD\\ann");
    uint32_t second = roster_number(explain.roster, ROSTER_USER, "ann@school.example");
    uint32_t other = roster_number(explain.roster, ROSTER_USER, "annabel");
    assert_int_equal(whom_user(&explain, "OLD\\ann"), first);
    assert_int_equal(whom_user(&explain, "Ann"), second);
    assert_int_equal(whom_user(&explain, "ANNABEL"), other);
    assert_int_equal(whom_user(&explain, "an"), 0);
    config.policy.users = POLICY_USERS_WHOLE;
    assert_int_equal(whom_user(&explain, "Ann"), 0);
    assert_int_equal(whom_user(&explain, NULL), 0);
    assert_int_equal(whom_device(&explain, "toms-ipad"), 0);
}

static void a_row_is_understood_by_its_numbers(void **state)
{
    struct witness row = {.group = "staff"};
    struct whom whom;
    char text[WHOM_TEXT_MAX];
    (void)state;
    row.record.user = roster_number(explain.roster, ROSTER_USER, "ann");
    row.record.device = roster_number(explain.roster, ROSTER_DEVICE, "toms-ipad");
    row.record.client = address("10.1.0.1");
    whom_of_row(&explain, &row, &whom);
    assert_int_equal(whom.client.group, STAFF);
    assert_true(whom.is_person);
    assert_string_equal(whom_to_text(&whom, NULL, text), "10.1.0.1, user ann, device toms-ipad");
    /* protected help, or a day whose key is gone */
    row = (struct witness){.group = "pupils"};
    whom_of_row(&explain, &row, &whom);
    assert_int_equal(whom.client.group, PUPILS);
    assert_string_equal(whom_to_text(&whom, "pupils", text), "any in group pupils");
    row.record.user = 99;
    row.record.client = address("10.2.0.1");
    whom_of_row(&explain, &row, &whom);
    assert_null(whom.user);
    assert_int_equal(whom.client.group, STAFF);
}

int main(void)
{
#define WHOM_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        WHOM_TEST(a_client_stands_by_its_address_and_a_person_by_his_entry),
        WHOM_TEST(who_is_not_known_is_told),
        WHOM_TEST(a_user_is_found_without_domain_and_case),
        WHOM_TEST(a_row_is_understood_by_its_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
