/* Who is where: how the claims of different sources are joined, and what happens when they contradict each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "identity/presence.h"

#define SEED 99
#define NOW  1000

/* ---- a roster of our own ---- */

static char users[64][CLAIM_USER_MAX + 1], devices[64][CLAIM_HOST_MAX + 20];
static char called_host[64][CLAIM_HOST_MAX + 1];
static uint32_t user_count, device_count;
static bool roster_full;

static uint32_t number_of(char *names, size_t size, uint32_t *count, const char *name)
{
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp(names + i * size, name) == 0)
            return i + 1;
    if (roster_full)
        return 0;
    assert_true(*count < 64);
    snprintf(names + *count * size, size, "%s", name);
    return ++*count;
}

static uint32_t user_number(void *ctx, const char *name)
{
    (void)ctx;
    return number_of(users[0], sizeof users[0], &user_count, name);
}

static uint32_t device_number(void *ctx, const char *name)
{
    (void)ctx;
    return number_of(devices[0], sizeof devices[0], &device_count, name);
}

static void note_called(void *ctx, uint32_t device, const char *host)
{
    (void)ctx;
    snprintf(called_host[device], sizeof called_host[device], "%s", host);
}

/* Everyone whose name begins with p has an entry, by its length. */
static uint32_t person_of(void *ctx, const char *user)
{
    (void)ctx;
    return user[0] == 'p' ? (uint32_t)strlen(user) : PRESENCE_NOBODY;
}

/* ---- claims in one line ---- */

static struct claims *claims;
static struct presence *table;
static struct presence_opts opts;

static int begin(void **state)
{
    (void)state;
    user_count = device_count = 0;
    roster_full = false;
    memset(called_host, 0, sizeof called_host);
    table = NULL;
    opts = (struct presence_opts){.seed = SEED,
                                  .epoch = 1,
                                  .user = user_number,
                                  .device = device_number,
                                  .person = person_of,
                                  .called = note_called};
    return claims_new(100, SEED, &claims);
}

static int finish(void **state)
{
    (void)state;
    presence_free(table);
    claims_free(claims);
    return 0;
}

/* mac: the last byte, 0 for none; "" for what is not said. */
static void claim_between(enum claim_source source, const char *key, const char *address, uint8_t mac, const char *user,
                          const char *host, int64_t from_s, int64_t until_s)
{
    struct claim claim = {.source = source, .from_s = from_s, .until_s = until_s};
    if (address[0] != '\0') {
        claim.has_address = true;
        assert_int_equal(ipaddr_from_text(address, &claim.address), 0);
    }
    if (mac != 0) {
        claim.has_mac = true;
        memcpy(claim.mac, (uint8_t[6]){2, 0, 0, 0, 0, mac}, 6);
    }
    snprintf(claim.user, sizeof claim.user, "%s", user);
    snprintf(claim.host, sizeof claim.host, "%s", host);
    snprintf(claim.key, sizeof claim.key, "%s", key);
    assert_int_equal(claims_put(claims, &claim), 0);
}

static void say(enum claim_source source, const char *key, const char *address, uint8_t mac, const char *user,
                const char *host)
{
    claim_between(source, key, address, mac, user, host, NOW - 100, NOW + 100);
}

static void make(void)
{
    presence_free(table);
    table = NULL;
    opts.epoch++;
    assert_int_equal(presence_new(claims, &opts, NOW, &table), 0);
}

static struct presence_who find(const char *address, int64_t now_s)
{
    struct presence_who who;
    struct ipaddr addr;
    assert_int_equal(ipaddr_from_text(address, &addr), 0);
    (void)presence_find(table, &addr, now_s, &who);
    return who;
}

static void expect_at(const char *address, int64_t now_s, uint8_t grade, const char *user, const char *device)
{
    struct presence_who who = find(address, now_s);
    assert_int_equal(who.grade, grade);
    assert_string_equal(who.user == 0 ? "" : users[who.user - 1], user);
    assert_string_equal(who.device == 0 ? "" : devices[who.device - 1], device);
}

static void expect(const char *address, uint8_t grade, const char *user, const char *device)
{
    make();
    expect_at(address, NOW, grade, user, device);
}

/* ---- grades ---- */

static void of_an_address_alone_nothing_is_known(void **state)
{
    (void)state;
    expect("10.0.0.1", PRESENCE_ADDRESS, "", "");
    assert_int_equal(find("10.0.0.1", NOW).person, PRESENCE_NOBODY);
    assert_int_equal(presence_count(table), 0);
    assert_true(presence_next_s(table) == INT64_MAX);
}

static void a_lease_names_a_device_and_nobody(void **state)
{
    (void)state;
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "toms-ipad");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "02:00:00:00:00:01");
    assert_string_equal(called_host[1], "toms-ipad");
    expect_at("10.0.0.2", NOW, PRESENCE_ADDRESS, "", "");
    assert_int_equal(find("10.0.0.1", NOW).until_s, NOW + 100);
    assert_int_equal(presence_next_s(table), NOW + 100);
}

static void a_session_with_an_address_is_grade_a(void **state)
{
    (void)state;
    say(CLAIM_RADIUS, "s", "10.0.0.1", 1, "pupil", "");
    expect("10.0.0.1", PRESENCE_USER, "pupil", "02:00:00:00:00:01");
    assert_int_equal(find("10.0.0.1", NOW).person, 5);
}

static void a_session_without_an_address_is_found_by_the_lease_of_its_card(void **state)
{
    (void)state;
    say(CLAIM_RADIUS, "s", "", 1, "jones", "");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "");
    say(CLAIM_LEASE, "2", "2001:db8::1", 1, "", "");
    expect("10.0.0.1", PRESENCE_USER, "jones", "02:00:00:00:00:01");
    expect_at("2001:db8::1", NOW, PRESENCE_USER, "jones", "02:00:00:00:00:01");
}

static void a_logon_is_grade_b_and_a_loan_grade_c(void **state)
{
    (void)state;
    say(CLAIM_LOGON, "l", "10.0.0.1", 0, "smith", "");
    say(CLAIM_LEASE, "2", "10.0.0.2", 2, "", "");
    say(CLAIM_LOAN, "n", "", 2, "brown", "");
    expect("10.0.0.1", PRESENCE_LOGON, "smith", "");
    expect_at("10.0.0.2", NOW, PRESENCE_LOAN, "brown", "02:00:00:00:00:02");
}

static void the_best_evidence_counts(void **state)
{
    (void)state;
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "");
    say(CLAIM_STATIC, "c", "", 1, "owner", "LAP-1");
    expect("10.0.0.1", PRESENCE_LOAN, "owner", "LAP-1");
    say(CLAIM_LOAN, "n", "", 0, "brown", "lap-1");
    expect("10.0.0.1", PRESENCE_LOAN, "brown", "LAP-1");
    say(CLAIM_LOGON, "l", "10.0.0.1", 0, "smith", "");
    expect("10.0.0.1", PRESENCE_LOGON, "smith", "LAP-1");
    say(CLAIM_RADIUS, "s", "", 1, "jones", "");
    expect("10.0.0.1", PRESENCE_USER, "jones", "LAP-1");
}

static void of_equal_evidence_the_latest_counts(void **state)
{
    (void)state;
    claim_between(CLAIM_LOGON, "1", "10.0.0.1", 0, "first", "", NOW - 50, 0);
    claim_between(CLAIM_LOGON, "2", "10.0.0.1", 0, "second", "", NOW - 40, 0);
    claim_between(CLAIM_LOGON, "3", "10.0.0.1", 0, "tomorrow", "", NOW + 40, 0);
    expect("10.0.0.1", PRESENCE_LOGON, "second", "");
    assert_int_equal(presence_next_s(table), NOW + 40);
}

/* ---- contradictions ---- */

static void an_address_given_to_another_card_is_not_the_old_users(void **state)
{
    (void)state;
    claim_between(CLAIM_RADIUS, "s", "10.0.0.1", 1, "gone", "", NOW - 500, 0);
    claim_between(CLAIM_LEASE, "1", "10.0.0.1", 2, "", "", NOW - 10, 0);
    expect("10.0.0.1", PRESENCE_DEVICE, "", "02:00:00:00:00:02");
}

static void the_card_of_a_session_that_began_last_has_the_address(void **state)
{
    (void)state;
    claim_between(CLAIM_LEASE, "1", "10.0.0.1", 2, "", "", NOW - 500, 0);
    claim_between(CLAIM_RADIUS, "s", "10.0.0.1", 1, "new", "", NOW - 10, 0);
    expect("10.0.0.1", PRESENCE_USER, "new", "02:00:00:00:00:01");
}

static void behind_a_shared_address_there_is_nobody_in_person(void **state)
{
    struct prefix shared;
    (void)state;
    assert_int_equal(prefix_from_text("10.0.0.0/24", &shared), 0);
    opts.shared = &shared;
    opts.shared_count = 1;
    say(CLAIM_LOGON, "l", "10.0.0.1", 0, "pupil", "");
    say(CLAIM_STATIC, "c", "10.0.0.1", 0, "pupil", "terminal-server");
    say(CLAIM_LOGON, "m", "10.0.1.1", 0, "pupil", "");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "terminal-server");
    assert_int_equal(find("10.0.0.1", NOW).person, PRESENCE_NOBODY);
    expect_at("10.0.1.1", NOW, PRESENCE_LOGON, "pupil", "");
}

/* ---- names ---- */

static void the_configuration_names_devices_by_card_or_address(void **state)
{
    (void)state;
    say(CLAIM_STATIC, "a", "", 1, "", "LIBRARY-1");
    say(CLAIM_STATIC, "b", "10.0.0.2", 0, "", "PRINTER");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "whatever");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "LIBRARY-1");
    expect_at("10.0.0.2", NOW, PRESENCE_DEVICE, "", "PRINTER");
    assert_string_equal(called_host[1], ""); /* it has a name already */
}

static void a_loan_is_found_by_the_name_that_the_configuration_gives_a_card(void **state)
{
    (void)state;
    say(CLAIM_STATIC, "a", "", 1, "", "LAP-042");
    say(CLAIM_LOAN, "n", "", 0, "pupil", "lap-042");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "");
    expect("10.0.0.1", PRESENCE_LOAN, "pupil", "LAP-042");
}

static void a_host_name_makes_nobody_of_a_device(void **state)
{
    (void)state;
    say(CLAIM_LOAN, "n", "", 0, "pupil", "LAP-042");
    say(CLAIM_STATIC, "t", "", 0, "teacher", "STAFF-1");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "lap-042");
    say(CLAIM_LEASE, "2", "10.0.0.2", 2, "", "staff-1");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "02:00:00:00:00:01");
    expect_at("10.0.0.2", NOW, PRESENCE_DEVICE, "", "02:00:00:00:00:02");
    opts.believe_host_names = true;
    expect("10.0.0.1", PRESENCE_LOAN, "pupil", "lap-042");
    expect_at("10.0.0.2", NOW, PRESENCE_LOAN, "teacher", "staff-1");
}

static void a_host_name_that_two_cards_use_is_neithers(void **state)
{
    (void)state;
    opts.believe_host_names = true;
    say(CLAIM_STATIC, "t", "", 0, "teacher", "STAFF-1");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "staff-1");
    say(CLAIM_LEASE, "2", "10.0.0.2", 2, "", "STAFF-1");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "02:00:00:00:00:01");
    expect_at("10.0.0.2", NOW, PRESENCE_DEVICE, "", "02:00:00:00:00:02");
}

static void a_name_that_belongs_to_a_card_is_no_other_cards(void **state)
{
    (void)state;
    opts.believe_host_names = true;
    say(CLAIM_STATIC, "t", "", 9, "", "STAFF-1");
    say(CLAIM_LOAN, "n", "", 0, "teacher", "STAFF-1");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "staff-1");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "02:00:00:00:00:01");
}

static void a_lease_without_a_card_is_marked_as_hearsay(void **state)
{
    (void)state;
    say(CLAIM_LEASE, "1", "2001:db8::1", 0, "", "LIBRARY-1");
    expect("2001:db8::1", PRESENCE_DEVICE, "", "LIBRARY-1 (by DHCP)");
}

/* ---- time ---- */

static void what_ends_between_two_tables_is_over(void **state)
{
    (void)state;
    claim_between(CLAIM_RADIUS, "s", "", 1, "pupil", "", NOW - 10, NOW + 5);
    claim_between(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "", NOW - 10, NOW + 50);
    expect("10.0.0.1", PRESENCE_USER, "pupil", "02:00:00:00:00:01");
    assert_int_equal(find("10.0.0.1", NOW).until_s, NOW + 5);
    expect_at("10.0.0.1", NOW + 4, PRESENCE_USER, "pupil", "02:00:00:00:00:01");
    expect_at("10.0.0.1", NOW + 5, PRESENCE_DEVICE, "", "02:00:00:00:00:01");
    assert_int_equal(find("10.0.0.1", NOW + 5).person, PRESENCE_NOBODY);
    assert_int_equal(find("10.0.0.1", NOW + 5).until_s, NOW + 50);
    expect_at("10.0.0.1", NOW + 50, PRESENCE_ADDRESS, "", "");
    assert_int_equal(presence_next_s(table), NOW + 5);
}

static void a_session_outlives_no_lease_it_was_found_by(void **state)
{
    (void)state;
    claim_between(CLAIM_RADIUS, "s", "", 1, "pupil", "", NOW - 10, 0);
    claim_between(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "", NOW - 10, NOW + 50);
    make();
    expect_at("10.0.0.1", NOW + 49, PRESENCE_USER, "pupil", "02:00:00:00:00:01");
    expect_at("10.0.0.1", NOW + 50, PRESENCE_ADDRESS, "", "");
}

static void what_is_over_or_to_come_is_not_in_the_table(void **state)
{
    (void)state;
    claim_between(CLAIM_LOAN, "a", "", 1, "last-year", "", NOW - 100, NOW);
    claim_between(CLAIM_LOAN, "b", "", 1, "next-year", "", NOW + 1, 0);
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "");
    expect("10.0.0.1", PRESENCE_DEVICE, "", "02:00:00:00:00:01");
    assert_int_equal(presence_next_s(table), NOW + 1);
}

/* ---- cards ---- */

static void a_card_is_found_too(void **state)
{
    struct presence_who who;
    uint8_t card[6];
    struct ipaddr address;
    (void)state;
    say(CLAIM_RADIUS, "s", "", 1, "pupil", "");
    say(CLAIM_LEASE, "1", "10.0.0.1", 1, "", "");
    make();
    assert_true(presence_find_mac(table, (uint8_t[6]){2, 0, 0, 0, 0, 1}, NOW, &who));
    assert_int_equal(who.grade, PRESENCE_USER);
    assert_string_equal(users[who.user - 1], "pupil");
    assert_false(presence_find_mac(table, (uint8_t[6]){2, 0, 0, 0, 0, 2}, NOW, &who));
    assert_int_equal(who.grade, PRESENCE_ADDRESS);
    assert_int_equal(ipaddr_from_text("10.0.0.1", &address), 0);
    assert_true(presence_find_card(table, &address, NOW, card));
    assert_memory_equal(card, ((uint8_t[6]){2, 0, 0, 0, 0, 1}), 6);
    assert_false(presence_find_card(table, &address, NOW + 100, card));
}

static void without_a_number_the_persons_rules_hold_still(void **state)
{
    (void)state;
    roster_full = true;
    say(CLAIM_RADIUS, "s", "10.0.0.1", 1, "pupil", "");
    expect("10.0.0.1", PRESENCE_ADDRESS, "", "");
    assert_int_equal(find("10.0.0.1", NOW).person, 5);
}

static void every_address_can_be_listed_and_is_counted_by_grade(void **state)
{
    struct presence_who who;
    size_t seen = 0;
    (void)state;
    say(CLAIM_RADIUS, "s", "10.0.0.1", 1, "a", "");
    say(CLAIM_LOGON, "l", "10.0.0.2", 0, "b", "");
    say(CLAIM_LEASE, "3", "10.0.0.3", 3, "", "");
    say(CLAIM_LEASE, "4", "10.0.0.4", 4, "", "");
    make();
    assert_int_equal(presence_count(table), 4);
    assert_int_equal(presence_count_grade(table, PRESENCE_USER), 1);
    assert_int_equal(presence_count_grade(table, PRESENCE_LOGON), 1);
    assert_int_equal(presence_count_grade(table, PRESENCE_DEVICE), 2);
    for (size_t i = 0; i < presence_count(table); i++) {
        struct ipaddr address = presence_at(table, i, NOW, &who);
        seen |= (size_t)1 << ipaddr_v4(&address)[3];
        assert_true(who.grade < PRESENCE_ADDRESS);
    }
    assert_int_equal(seen, 0x1e);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(of_an_address_alone_nothing_is_known),
        CASE(a_lease_names_a_device_and_nobody),
        CASE(a_session_with_an_address_is_grade_a),
        CASE(a_session_without_an_address_is_found_by_the_lease_of_its_card),
        CASE(a_logon_is_grade_b_and_a_loan_grade_c),
        CASE(the_best_evidence_counts),
        CASE(of_equal_evidence_the_latest_counts),
        CASE(an_address_given_to_another_card_is_not_the_old_users),
        CASE(the_card_of_a_session_that_began_last_has_the_address),
        CASE(behind_a_shared_address_there_is_nobody_in_person),
        CASE(the_configuration_names_devices_by_card_or_address),
        CASE(a_loan_is_found_by_the_name_that_the_configuration_gives_a_card),
        CASE(a_host_name_makes_nobody_of_a_device),
        CASE(a_host_name_that_two_cards_use_is_neithers),
        CASE(a_name_that_belongs_to_a_card_is_no_other_cards),
        CASE(a_lease_without_a_card_is_marked_as_hearsay),
        CASE(what_ends_between_two_tables_is_over),
        CASE(a_session_outlives_no_lease_it_was_found_by),
        CASE(what_is_over_or_to_come_is_not_in_the_table),
        CASE(a_card_is_found_too),
        CASE(without_a_number_the_persons_rules_hold_still),
        CASE(every_address_can_be_listed_and_is_counted_by_grade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
