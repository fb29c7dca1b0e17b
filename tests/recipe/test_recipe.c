#include "recipe/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "belisha/category.h"

static const char *const formats[] = {"hosts", "domains", "ut1", "urls", NULL};

struct fixture {
    char path[64];
    struct config_errors errors;
    struct recipe *recipe;
};

static int load(struct fixture *f, const char *text)
{
    strcpy(f->path, "/tmp/belisha-recipe-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    f->errors = (struct config_errors){0};
    f->recipe = NULL;
    int err = recipe_load(f->path, formats, &f->recipe, &f->errors);
    unlink(f->path);
    return err;
}

static void finish(struct fixture *f)
{
    recipe_free(f->recipe);
    config_errors_done(&f->errors);
}

static void recipe_fills_in_what_is_not_said(void **state)
{
    struct fixture f;
    (void)state;
    assert_int_equal(load(&f, "feeds:\n  - {name: a, source: 'file:lists/a', format: hosts, category: malware}\n"), 0);
    const struct recipe_feed *feed = &f.recipe->feeds[0];
    assert_int_equal(f.recipe->feed_count, 1);
    assert_int_equal(f.recipe->keep, 5);
    assert_null(f.recipe->out);
    assert_string_equal(feed->name, "a");
    assert_string_equal(feed->source, "/tmp/lists/a"); /* relative to the recipe */
    assert_int_equal(feed->format, 0);
    assert_true(feed->categories == CATEGORY_BIT(CATEGORY_MALWARE));
    assert_true(feed->subdomains);
    assert_false(feed->single_labels);
    assert_false(feed->public_suffixes);
    assert_string_equal(feed->licence, "");
    assert_int_equal(feed->every_s, 20 * 3600);
    assert_int_equal(feed->limits.bytes, 512 << 20);
    assert_int_equal(feed->limits.min, 1);
    finish(&f);
}

static void recipe_takes_every_key(void **state)
{
    struct fixture f;
    (void)state;
    assert_int_equal(load(&f, "out: /var/lists\n"
                              "keep: 3\n"
                              "protected_help: more.txt\n"
                              "feeds:\n"
                              "  - name: b\n"
                              "    source: https://lists.example.org/b\n"
                              "    format: domains\n"
                              "    category: [gambling, gaming]\n"
                              "    subdomains: false\n"
                              "    allow_single_labels: true\n"
                              "    allow_public_suffix: true\n"
                              "    licence: CC0\n"
                              "    every: 2d\n"
                              "    limits: {bytes: 1MiB, lines: 10, min: 2, max: 9, change: 30}\n"
                              "  - name: tree\n"
                              "    source: file:///lists/tree.tar.gz\n"
                              "    format: ut1\n"
                              "    categories: {adult: pornography, porn: pornography}\n"),
                     0);
    const struct recipe_feed *feed = &f.recipe->feeds[0];
    assert_string_equal(f.recipe->out, "/var/lists");
    assert_string_equal(f.recipe->protected_help, "/tmp/more.txt");
    assert_int_equal(f.recipe->keep, 3);
    assert_string_equal(feed->source, "https://lists.example.org/b");
    assert_true(feed->categories == (CATEGORY_BIT(CATEGORY_GAMBLING) | CATEGORY_BIT(CATEGORY_GAMING)));
    assert_false(feed->subdomains);
    assert_true(feed->single_labels);
    assert_true(feed->public_suffixes);
    assert_int_equal(feed->every_s, 2 * 86400);
    assert_int_equal(feed->limits.bytes, 1 << 20);
    assert_int_equal(feed->limits.lines, 10);
    assert_int_equal(feed->limits.min, 2);
    assert_int_equal(feed->limits.max, 9);
    assert_int_equal(feed->limits.change, 30);
    feed = &f.recipe->feeds[1];
    assert_string_equal(feed->source, "/lists/tree.tar.gz");
    assert_int_equal(feed->format, 2);
    assert_int_equal(feed->folder_count, 2);
    assert_string_equal(feed->folders[1].folder, "porn");
    assert_true(feed->folders[1].categories == CATEGORY_BIT(CATEGORY_PORNOGRAPHY));
    finish(&f);
}

static void recipe_says_how_a_feed_is_asked_for(void **state)
{
    struct fixture f;
    (void)state;
    assert_int_equal(
        load(&f, "proxy: 'http://proxy.school.example:3128'\n"
                 "proxy_user_file: secrets/proxy\n"
                 "feeds:\n"
                 "  - name: a\n"
                 "    source: https://lists.example.org/a\n"
                 "    format: domains\n"
                 "    category: malware\n"
                 "    credentials: {header_file: secrets/a, user_file: /etc/u, client_certificate: c.pem}\n"
                 "    limits: {time: 90s}\n"
                 "  - {name: b, source: 'https://b.example/', format: hosts, category: malware, proxy: none}\n"),
        0);
    const struct recipe_access *access = &f.recipe->feeds[0].access;
    assert_string_equal(access->header_file, "/tmp/secrets/a");
    assert_string_equal(access->user_file, "/etc/u");
    assert_string_equal(access->client_certificate, "/tmp/c.pem");
    assert_string_equal(access->client_key, "/tmp/c.pem");
    assert_string_equal(access->proxy, "http://proxy.school.example:3128");
    assert_string_equal(access->proxy_user_file, "/tmp/secrets/proxy");
    assert_int_equal(f.recipe->feeds[0].limits.time_ms, 90000);
    access = &f.recipe->feeds[1].access;
    assert_null(access->proxy); /* its own word, with no need for a user */
    assert_null(access->proxy_user_file);
    assert_null(access->header_file);
    assert_int_equal(f.recipe->feeds[1].limits.time_ms, 1800000);
    finish(&f);
}

static void recipe_says_where_and_what_would_be_right(void **state)
{
    static const struct {
        const char *text;
        const char *says[2];
    } rows[] = {
        {"keep: 3\n", {"'feeds' is missing"}},
        {"feeds: []\n", {"from 1 to 1000"}},
        {"feed:\n", {":1:1:", "did you mean 'feeds'"}},
        {"feeds:\n  - {name: a, source: /a, format: host, category: malware}\n",
         {":2:", "must be hosts, domains, ut1 or urls, not 'host'"}},
        {"feeds:\n  - {name: a, source: /a, format: hosts, category: malwar}\n", {":2:", "did you mean 'malware'"}},
        {"feeds:\n  - {name: a, source: /a, format: hosts}\n", {":2:", "'category' is missing"}},
        {"feeds:\n  - {name: a, source: /a, format: hosts, category: malware, categories: {x: malware}}\n",
         {":2:", "for feeds of folders"}},
        {"feeds:\n  - {name: a, source: /a, format: ut1, category: malware, categories: {x: malware}}\n",
         {":2:", "both"}},
        {"feeds:\n  - {name: a, source: 'http://x.example/', format: hosts, category: malware}\n", {":2:", "https://"}},
        {"feeds:\n  - {name: a, source: 'https://me:pw@x.example/', format: ut1}\n", {":2:", "belongs into a file"}},
        {"feeds:\n  - {name: a, source: /a, format: ut1, credentials: {user_file: u}}\n", {":2:", "is a file"}},
        {"feeds:\n  - {name: a, source: 'https://x.example/', format: ut1, credentials: {client_key: k}}\n",
         {":2:", "needs 'client_certificate'"}},
        {"feeds:\n  - {name: a, source: 'https://x.example/', format: ut1, proxy: 'x.example:1'}\n",
         {":2:", "not 'x.example:1'"}},
        {"feeds:\n  - {name: a, source: 'https://x.example/', format: ut1, proxy: 'http://me:pw@x.example:1'}\n",
         {":2:", "the password of a proxy belongs into a file"}},
        {"proxy_user_file: u\nfeeds:\n  - {name: a, source: 'https://x.example/', format: ut1}\n",
         {"'proxy_user_file' needs"}},
        {"feeds:\n  - {name: ../a, source: /a, format: hosts, category: malware}\n", {":2:", "letters, digits"}},
        {"feeds:\n  - {name: a, source: /a, format: ut1}\n  - {name: a, source: /b, format: ut1}\n",
         {":3:", "another feed"}},
        {"feeds:\n  - {name: a, source: /a, format: ut1, limits: {change: -1}}\n", {":2:", "change"}},
        {"feeds:\n  - {name: a, source: /a, format: hosts, category: malware, test_hosts: t.example}\n",
         {":2:", "are for format urls"}},
        {"feeds:\n  - {name: a, source: /a, format: urls, category: malware, widen: [{host: t.example}]}\n",
         {":2:", "'decided_by' is missing"}},
        {"feeds:\n  - {name: a, source: /a, format: hosts, category: malware, membership: m}\n",
         {":2:", "for 'tier: statutory' alone"}},
        {"feeds:\n  - {name: a, source: /a, format: urls, tier: statutory}\n", {":2:", "needs 'body'"}},
        {"feeds:\n  - {name: a, source: /a, format: urls, tier: statutory, body: police}\n", {":2:", "not police"}},
        {"feeds:\n  - {name: a, source: /a, format: urls, tier: statutory, body: iwf, licence: L}\n",
         {":2:", "can't be called an IWF list without 'membership'"}},
        {"feeds:\n  - {name: a, source: /a, format: urls, tier: statutory, body: ctiru, membership: M}\n",
         {":2:", "can't be called a CTIRU list without 'membership' (its id) and 'licence'"}},
        {"feeds:\n  - {name: a, source: /a, format: ut1, tier: statutory, body: other}\n",
         {":2:", "format urls, domains or hosts"}},
        {"feeds:\n  - {name: a, source: /a, format: urls, tier: statutory, body: other}\n", {"needs an ordinary feed"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        assert_int_equal(load(&f, rows[i].text), ERR_CONFIG);
        assert_null(f.recipe);
        assert_true(f.errors.count >= 1);
        for (size_t j = 0; j < 2 && rows[i].says[j] != NULL; j++) {
            if (strstr(f.errors.text[0], rows[i].says[j]) == NULL)
                print_message("row %zu: %s\n", i, f.errors.text[0]);
            assert_non_null(strstr(f.errors.text[0], rows[i].says[j]));
        }
        finish(&f);
    }
}

static void recipe_keeps_the_statutory_tier_apart(void **state)
{
    struct fixture f;
    (void)state;
    assert_int_equal(load(&f, "feeds:\n"
                              "  - name: iwf\n"
                              "    source: https://lists.example.org/urls\n"
                              "    format: urls\n"
                              "    tier: statutory\n"
                              "    body: iwf\n"
                              "    membership: M-17\n"
                              "    licence: members only\n"
                              "    max_age: 1d\n"
                              "    test_hosts: [Test.example, t2.example]\n"
                              "    widen: [{host: w.example, decided_by: R. Head, on: 2026-01-02, reason: all of it}]\n"
                              "  - {name: a, source: /a, format: hosts, category: malware}\n"),
                     0);
    const struct recipe_feed *feed = &f.recipe->statutory[0];
    assert_int_equal(f.recipe->feed_count, 1);
    assert_string_equal(f.recipe->feeds[0].name, "a");
    assert_null(f.recipe->feeds[0].statutory);
    assert_int_equal(f.recipe->statutory_count, 1);
    assert_string_equal(feed->name, "iwf");
    assert_int_equal(feed->statutory->body, RECIPE_BODY_IWF);
    assert_string_equal(feed->statutory->membership, "M-17");
    assert_int_equal(feed->statutory->max_age_s, 86400);
    assert_int_equal(feed->test_host_count, 2);
    assert_string_equal(feed->test_hosts[0], "test.example");
    assert_int_equal(feed->widen_count, 1);
    assert_string_equal(feed->widen[0].host, "w.example");
    assert_string_equal(feed->widen[0].decided_by, "R. Head");
    finish(&f);
}

static void recipe_of_the_shipped_data_is_right(void **state)
{
    static const char *const all[] = {"hosts", "domains", "adblock", "ut1", "rpz", "dnsmasq", "unbound", "urls", NULL};
    struct fixture f = {.recipe = NULL};
    (void)state;
    assert_int_equal(recipe_load("../../data/feeds.yaml", all, &f.recipe, &f.errors), 0);
    assert_int_equal(f.recipe->feed_count, 8);
    finish(&f);
}

static void recipe_says_what_feeds_are_judged_by(void **state)
{
    static const char feeds[] = "feeds:\n  - {name: a, source: /a, format: hosts, category: malware, "
                                "limits: {popular: 1000}}\n";
    struct fixture f;
    char text[1024];
    (void)state;
    snprintf(
        text, sizeof text,
        "config: belisha.yaml\nown_domains: [beacon.example, 'file:own.txt']\nlearning_platform: lp.example\n"
        "own_addresses: [203.0.113.64/28, '2001:db8::/32']\npublic_suffix_list: https://publicsuffix.example/list\n"
        "popular: {source: 'file:top.csv', every: 2d, names: 50}\n%s",
        feeds);
    assert_int_equal(load(&f, text), 0);
    assert_string_equal(f.recipe->config, "/tmp/belisha.yaml");
    assert_int_equal(f.recipe->own_domain_count, 2);
    assert_string_equal(f.recipe->own_domains[0], "beacon.example");
    assert_string_equal(f.recipe->own_domains[1], "file:/tmp/own.txt");
    assert_int_equal(f.recipe->learning_platform_count, 1);
    assert_int_equal(f.recipe->own_address_count, 2);
    assert_int_equal(f.recipe->own_addresses[0].bits, 124);
    assert_string_equal(f.recipe->public_suffix_list.source, "https://publicsuffix.example/list");
    assert_int_equal(f.recipe->public_suffix_list.every_s, 7 * 86400);
    assert_string_equal(f.recipe->popular.source, "/tmp/top.csv");
    assert_int_equal(f.recipe->popular.every_s, 2 * 86400);
    assert_int_equal(f.recipe->popular_names, 50);
    assert_int_equal(f.recipe->feeds[0].limits.popular, 1000);
    finish(&f);
    assert_int_equal(load(&f, feeds), 0);
    assert_null(f.recipe->config);
    assert_int_equal(f.recipe->own_domain_count, 0);
    assert_null(f.recipe->public_suffix_list.source);
    assert_null(f.recipe->popular.source);
    assert_int_equal(f.recipe->popular_names, 10000);
    finish(&f);
    snprintf(text, sizeof text, "popular: http://lists.example/top.csv\n%s", feeds);
    assert_int_equal(load(&f, text), ERR_CONFIG);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipe_says_what_feeds_are_judged_by),
        cmocka_unit_test(recipe_fills_in_what_is_not_said),
        cmocka_unit_test(recipe_takes_every_key),
        cmocka_unit_test(recipe_says_how_a_feed_is_asked_for),
        cmocka_unit_test(recipe_says_where_and_what_would_be_right),
        cmocka_unit_test(recipe_keeps_the_statutory_tier_apart),
        cmocka_unit_test(recipe_of_the_shipped_data_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
