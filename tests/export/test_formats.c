#include "export/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "belisha/category.h"
#include "belisha/verdict.h"
#include "export/compiled.h"

static const struct blockdb_view everything = {UINT64_MAX, VERDICT_NO_FEED};

/* One list, and what becomes of it in each form. */
static void assert_body(const char *list_format, const char *list, const char *format, const char *expected)
{
    struct compiled_feed feed = {list_format, list, CATEGORY_BIT(CATEGORY_MALWARE), false};
    struct compiled c;
    compiled_init(&c, &feed, 1);
    char *body = compiled_body(&c, format, &everything);
    if (strcmp(body, expected) != 0)
        print_message("%s from %s:\n%s", format, list, body);
    assert_string_equal(body, expected);
    free(body);
    compiled_done(&c);
}

static void each_form_has_its_own_words(void **state)
{
    static const struct {
        const char *list, *format, *expected;
    } rows[] = {
        {"||a.example^", "rpz", "a.example IN CNAME .\n*.a.example IN CNAME .\n"},
        {"||a.example^", "hosts", "0.0.0.0 a.example\n"},
        {"||a.example^", "domains", "a.example\n*.a.example\n"},
        {"||a.example^", "unbound", "server:\nlocal-zone: \"a.example.\" always_nxdomain\n"},
        {"|a.example^", "rpz", "a.example IN CNAME .\n"},
        {"|a.example^", "domains", "a.example\n"},
        {"|a.example^", "unbound",
         "server:\nlocal-zone: \"a.example.\" transparent\nlocal-data: \"a.example. 10 IN A 0.0.0.0\"\n"
         "local-data: \"a.example. 10 IN AAAA ::\"\n"},
        {"*.a.example^", "rpz", "*.a.example IN CNAME .\n"},
        {"*.a.example^", "hosts", ""},
        {"*.a.example^", "domains", "*.a.example\n"},
        {"*.a.example^", "unbound", "server:\n"},
        {"||a.example^\n@@||b.a.example^", "unbound",
         "server:\nlocal-zone: \"a.example.\" always_nxdomain\nlocal-zone: \"b.a.example.\" always_transparent\n"},
        {"||a.example^\n@@||b.a.example^", "domains", "a.example\n*.a.example\n"},
        {"|a.example^\n|b.a.example^\n@@|b.a.example^", "hosts", "0.0.0.0 a.example\n"},
        {"||a.example^$dnsrewrite=192.0.2.7", "hosts", "192.0.2.7 a.example\n"},
        {"||a.example^$dnsrewrite=192.0.2.7", "unbound",
         "server:\nlocal-zone: \"a.example.\" redirect\nlocal-data: 'a.example. 10 IN A 192.0.2.7'\n"},
        {"||a.example^$dnsrewrite=b.example", "rpz",
         "a.example 10 IN CNAME b.example.\n*.a.example 10 IN CNAME b.example.\n"},
        {"||a.example^$dnsrewrite=NOERROR;TXT;a \"quote\"; and \\", "rpz",
         "a.example 10 IN TXT \"a \\034quote\\034; and \\092\"\n*.a.example 10 IN TXT \"a \\034quote\\034; and "
         "\\092\"\n"},
        /* would be read as an exception */
        {"|a.example^$dnsrewrite=a.example", "rpz", "a.example IN CNAME .\n"},
        {"203.0.113.0/24\n203.0.113.9", "rpz", "24.0.113.0.203.rpz-ip IN CNAME .\n"},
        {"203.0.113.0/24", "hosts", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_body("adblock", rows[i].list, rows[i].format, rows[i].expected);
}

static void addresses_are_owners_of_their_own(void **state)
{
    (void)state;
    assert_body("domains", "2001:db8::/32\n2001:db8:0:1::1\n2001:db9:1:2:3:4:5:6\n198.51.100.0/24\n", "rpz",
                "32.zz.db8.2001.rpz-ip IN CNAME .\n24.0.100.51.198.rpz-ip IN CNAME .\n"
                "128.6.5.4.3.2.1.db9.2001.rpz-ip IN CNAME .\n");
    assert_body("domains", "2001:db8:0:1::1\n", "rpz", "128.1.zz.1.0.db8.2001.rpz-ip IN CNAME .\n");
}

static void what_lies_in_a_tree_says_so_itself(void **state)
{
    (void)state;
    /* Without c.b.a.example a reader of wildcards would let x.c.b.a.example through. */
    assert_body("adblock", "||a.example^\n@@||d.c.b.a.example^\n@@||e.c.b.a.example^", "rpz",
                "a.example IN CNAME .\n*.a.example IN CNAME .\n"
                "b.a.example IN CNAME .\n*.b.a.example IN CNAME .\n"
                "c.b.a.example IN CNAME .\n*.c.b.a.example IN CNAME .\n"
                "d.c.b.a.example IN CNAME rpz-passthru.\n*.d.c.b.a.example IN CNAME rpz-passthru.\n"
                "e.c.b.a.example IN CNAME rpz-passthru.\n*.e.c.b.a.example IN CNAME rpz-passthru.\n");
    assert_body("adblock", "*.a.example^\n@@|x.a.example^", "rpz",
                "*.a.example IN CNAME .\nx.a.example IN CNAME rpz-passthru.\n*.x.a.example IN CNAME .\n");
}

static void a_zone_comes_back_as_it_was(void **state)
{
    static const char zone[] =
        "a.example IN CNAME .\n*.b.example IN CNAME *.\nc.example IN CNAME rpz-drop.\nd.example IN CNAME "
        "rpz-tcp-only.\n"
        "e.example 60 IN A 192.0.2.1\ne.example 60 IN AAAA 2001:db8::1\ne.example 60 IN MX 10 mail.e.example.\n"
        "_s._tcp.f.example 60 IN SRV 0 5 443 f.example.\n*.g.example 60 IN CNAME *.garden.example.\n"
        "24.0.2.0.192.rpz-ip IN CNAME .\n32.1.2.0.192.rpz-ip IN CNAME rpz-passthru.\n"
        "48.zz.8.db8.2001.rpz-ip IN CNAME .\n32.1.0.0.10.rpz-client-ip IN CNAME rpz-drop.\n";
    static const char sorted[] =
        "a.example IN CNAME .\n*.b.example IN CNAME *.\nc.example IN CNAME rpz-drop.\nd.example IN CNAME "
        "rpz-tcp-only.\n"
        "e.example 60 IN A 192.0.2.1\ne.example 60 IN AAAA 2001:db8::1\ne.example 60 IN MX 10 mail.e.example.\n"
        "_s._tcp.f.example 60 IN SRV 0 5 443 f.example.\n*.g.example 60 IN CNAME *.garden.example.\n"
        "48.zz.8.db8.2001.rpz-ip IN CNAME .\n24.0.2.0.192.rpz-ip IN CNAME .\n32.1.2.0.192.rpz-ip IN CNAME "
        "rpz-passthru.\n"
        "32.1.0.0.10.rpz-client-ip IN CNAME rpz-drop.\n";
    (void)state;
    assert_body("rpz", zone, "rpz", sorted);
}

static void the_head_names_licences_and_losses(void **state)
{
    struct compiled_feed feed = {"adblock", "||a.example^\n/^ads[0-9]+\\./\n@@/^ok[0-9]+\\./\n||t.example^$dnstype=A\n",
                                 CATEGORY_BIT(CATEGORY_MALWARE), false};
    static const char *const expected[] = {
        "; Generation 1 of a Belisha blocklist, built 2023-11-14T22:13:20Z",
        ";   feed-0: licence CC0\n",
        ";   1 patterns and regular expressions, left out\n;       /^ads[0-9]+\\./\n",
        ";   1 exceptions under such a condition, left out",
        ";   1 rules for some record types only, left out\n;       t.example\n",
        "\n@ IN SOA localhost. nobody.invalid. 1 "};
    struct compiled c;
    (void)state;
    compiled_init(&c, &feed, 1);
    char *text = compiled_export(&c, "rpz", &everything);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        if (strstr(text, expected[i]) == NULL)
            print_message("%s\nis not in\n%s", expected[i], text);
        assert_non_null(strstr(text, expected[i]));
    }
    free(text);
    compiled_done(&c);
}

static void a_part_is_what_was_chosen(void **state)
{
    struct compiled_feed feeds[] = {{"domains", "a.example\nboth.example\n", CATEGORY_BIT(CATEGORY_MALWARE), false},
                                    {"domains", "b.example\nboth.example\n", CATEGORY_BIT(CATEGORY_GAMBLING), true},
                                    {"domains", "secret.example\n", CATEGORY_BIT(CATEGORY_ILLEGAL), false}};
    static const struct {
        struct blockdb_view view;
        const char *expected;
    } rows[] = {
        {{UINT64_MAX, VERDICT_NO_FEED}, "a.example\n*.a.example\nb.example\nboth.example\n*.both.example\n"},
        {{CATEGORY_BIT(CATEGORY_MALWARE), VERDICT_NO_FEED}, "a.example\n*.a.example\nboth.example\n*.both.example\n"},
        {{CATEGORY_BIT(CATEGORY_GAMBLING), VERDICT_NO_FEED}, "b.example\nboth.example\n"},
        {{UINT64_MAX, 1}, "b.example\nboth.example\n"},
        {{CATEGORY_BIT(CATEGORY_ILLEGAL), VERDICT_NO_FEED}, ""},
    };
    struct compiled c;
    (void)state;
    compiled_init(&c, feeds, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *body = compiled_body(&c, "domains", &rows[i].view);
        assert_string_equal(body, rows[i].expected);
        free(body);
    }
    compiled_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_has_its_own_words), cmocka_unit_test(what_lies_in_a_tree_says_so_itself),
        cmocka_unit_test(a_zone_comes_back_as_it_was), cmocka_unit_test(the_head_names_licences_and_losses),
        cmocka_unit_test(a_part_is_what_was_chosen),   cmocka_unit_test(addresses_are_owners_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
