#include "policy/client_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct prefix prefix_of(const char *text)
{
    struct prefix p;
    assert_int_equal(prefix_from_text(text, &p), 0);
    return p;
}

static void the_longest_network_decides(void **state)
{
    static const char *const networks[] = {"10.0.0.0/8",    "10.1.0.0/16", "10.1.2.0/24",     "10.1.2.3",
                                           "10.255.0.0/16", "0.0.0.0/1",   "fd00::/8",        "fd00:0:0:1::/64",
                                           "::/0",          "ff00::/8",    "255.255.255.255", "203.0.113.0/24"};
    static const struct {
        const char *client;
        uint16_t group; /* index in networks */
    } rows[] = {
        {"10.0.0.0", 0},
        {"10.1.0.0", 1},
        {"10.1.2.2", 2},
        {"10.1.2.3", 3},
        {"10.1.2.4", 2},
        {"10.1.3.0", 1},
        {"10.2.0.0", 0},
        {"10.254.255.255", 0},
        {"10.255.0.0", 4},
        {"10.255.255.255", 4},
        {"11.0.0.0", 5},
        {"127.255.255.255", 5},
        {"0.0.0.0", 5},
        {"fd00::1", 6},
        {"fd00:0:0:1::1", 7},
        {"fd00:0:0:2::", 6},
        {"2001:db8::1", 8},
        {"fe80::1", 8},
        {"ff02::1", 9},
        {"::1", 8},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9},
        {"255.255.255.255", 10},
        {"203.0.113.255", 11},
        {"203.0.114.0", POLICY_GROUP_DEFAULT},
        {"128.0.0.0", POLICY_GROUP_DEFAULT},
        {"255.255.255.254", POLICY_GROUP_DEFAULT},
    };
    enum { COUNT = sizeof networks / sizeof networks[0] };
    struct prefix prefixes[COUNT];
    struct policy_group groups[COUNT];
    const struct prefix access[] = {prefix_of("0.0.0.0/0"), prefix_of("::/0")};
    struct client_table *table;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        prefixes[i] = prefix_of(networks[i]);
        groups[i] = (struct policy_group){.name = "g", .networks = &prefixes[i], .network_count = 1};
    }
    const struct policy_opts opts = {.groups = groups, .group_count = COUNT, .access = access, .access_count = 2};
    assert_int_equal(client_table_new(&opts, &table), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ipaddr client;
        assert_int_equal(ipaddr_from_text(rows[i].client, &client), 0);
        uint16_t group = client_table_find(table, &client);
        if (group != rows[i].group)
            fail_msg("%s: %u, wanted %u", rows[i].client, group, rows[i].group);
    }
    client_table_free(table);
}

static void nobody_may_ask_without_access(void **state)
{
    const struct prefix networks[] = {prefix_of("0.0.0.0/0"), prefix_of("::/0")};
    const struct policy_group group = {.name = "g", .networks = networks, .network_count = 2};
    const struct policy_opts opts = {.groups = &group, .group_count = 1};
    static const char *const clients[] = {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "fd00::1"};
    struct client_table *table;
    (void)state;
    assert_int_equal(client_table_new(&opts, &table), 0);
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        struct ipaddr client;
        assert_int_equal(ipaddr_from_text(clients[i], &client), 0);
        assert_int_equal(client_table_find(table, &client), POLICY_GROUP_DENIED);
    }
    client_table_free(table);
}

static void access_to_all_of_ipv6_is_no_access_to_ipv4(void **state)
{
    const struct prefix access = prefix_of("::/0");
    const struct policy_opts opts = {.access = &access, .access_count = 1};
    struct client_table *table;
    struct ipaddr client;
    (void)state;
    assert_int_equal(client_table_new(&opts, &table), 0);
    assert_int_equal(ipaddr_from_text("10.0.0.1", &client), 0);
    assert_int_equal(client_table_find(table, &client), POLICY_GROUP_DENIED);
    assert_int_equal(ipaddr_from_text("2001:db8::1", &client), 0);
    assert_int_equal(client_table_find(table, &client), POLICY_GROUP_DEFAULT);
    client_table_free(table);
}

static void a_network_is_one_where_no_other_begins_or_ends_in_it(void **state)
{
    const struct prefix access[] = {prefix_of("10.0.0.0/8"), prefix_of("2001:db8::/32")};
    const struct prefix staff[] = {prefix_of("10.20.0.0/28"), prefix_of("2001:db8:1::/64")};
    const struct policy_group group = {.name = "staff", .networks = staff, .network_count = 2};
    const struct policy_opts opts = {.groups = &group, .group_count = 1, .access = access, .access_count = 2};
    static const struct {
        const char *network;
        bool one;
    } rows[] = {{"10.20.0.0/28", true},      {"10.20.0.0/32", true},      {"10.20.0.0/27", false},
                {"10.20.0.0/24", false},     {"10.20.1.0/24", true},      {"10.16.0.0/12", false},
                {"10.0.0.0/8", false},       {"0.0.0.0/0", false},        {"192.0.2.0/24", true},
                {"2001:db8:1::/64", true},   {"2001:db8:1::/56", false},  {"2001:db8:2::/48", true},
                {"2001:db8:1::7/128", true}, {"2001:db8:1::/80", true},   {"::/0", false}};
    struct client_table *table;
    (void)state;
    assert_int_equal(client_table_new(&opts, &table), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct prefix network = prefix_of(rows[i].network);
        if (client_table_is_one(table, &network) != rows[i].one)
            fail_msg("%s", rows[i].network);
    }
    client_table_free(table);
}

/* ---- against a look-up that tries every network ---- */

enum { RANDOM_NETWORKS = 1000, RANDOM_ACCESS = 50 };

static struct prefix random_prefix(void)
{
    struct prefix p = {.bits = (uint8_t)(rand() % 4 == 0 ? rand() % 129 : 96 + rand() % 33)};
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
    for (size_t i = 0; i < 16; i++)
        p.addr.bytes[i] = (uint8_t)(rand() & 0x83);
    if (p.bits >= 96)
        memcpy(p.addr.bytes, mapped, sizeof mapped);
    for (unsigned bit = p.bits; bit < 128; bit++)
        p.addr.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return p;
}

static bool holds(const struct prefix *p, const struct ipaddr *client)
{
    bool p_is_v4 = p->bits >= 96 && ipaddr_is_v4(&p->addr);
    return p_is_v4 == ipaddr_is_v4(client) && prefix_contains(p, client);
}

static uint16_t naive_find(const struct policy_opts *opts, const struct ipaddr *client, bool *out_tie)
{
    const struct prefix *best = NULL;
    uint16_t group = POLICY_GROUP_DEFAULT;
    bool allowed = false;
    *out_tie = false;
    for (size_t i = 0; i < opts->access_count; i++)
        allowed |= holds(&opts->access[i], client);
    for (uint16_t g = 0; g < opts->group_count; g++) {
        const struct prefix *p = opts->groups[g].networks;
        if (!holds(p, client))
            continue;
        if (best != NULL && best->bits == p->bits)
            *out_tie = true;
        if (best == NULL || p->bits > best->bits) {
            *out_tie = false;
            best = p;
            group = g;
        }
    }
    return allowed ? group : POLICY_GROUP_DENIED;
}

static void a_thousand_networks_give_what_trying_each_gives(void **state)
{
    static struct prefix networks[RANDOM_NETWORKS];
    static struct policy_group groups[RANDOM_NETWORKS];
    struct prefix access[RANDOM_ACCESS];
    struct client_table *table;
    (void)state;
    srand(20260101);
    for (size_t i = 0; i < RANDOM_NETWORKS; i++) {
        networks[i] = random_prefix();
        groups[i] = (struct policy_group){.name = "g", .networks = &networks[i], .network_count = 1};
    }
    for (size_t i = 0; i < RANDOM_ACCESS; i++)
        access[i] = random_prefix();
    const struct policy_opts opts = {
        .groups = groups, .group_count = RANDOM_NETWORKS, .access = access, .access_count = RANDOM_ACCESS};
    assert_int_equal(client_table_new(&opts, &table), 0);
    for (int i = 0; i < 4000; i++) {
        /* mostly at and just behind the edges of networks, where mistakes live */
        struct ipaddr client = i % 2 == 0 ? networks[rand() % RANDOM_NETWORKS].addr : random_prefix().addr;
        bool tie;
        client.bytes[15] = (uint8_t)(client.bytes[15] + rand() % 3 - 1);
        uint16_t wanted = naive_find(&opts, &client, &tie);
        if (!tie)
            assert_int_equal(client_table_find(table, &client), wanted);
    }
    client_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_network_decides),
        cmocka_unit_test(nobody_may_ask_without_access),
        cmocka_unit_test(access_to_all_of_ipv6_is_no_access_to_ipv4),
        cmocka_unit_test(a_network_is_one_where_no_other_begins_or_ends_in_it),
        cmocka_unit_test(a_thousand_networks_give_what_trying_each_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
