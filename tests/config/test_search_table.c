/* The table of search engines: the shipped one, and what is wrong with others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/search_table.h"
#include "dns/name.h"

/* ---- tables ---- */

struct reading {
    struct arena *arena;
    struct config_errors errors;
    struct search_table table;
    int rc;
};

static void begin(struct reading *r, const char *text, const char *added)
{
    struct schema_list rows = {0}, more = {0};
    *r = (struct reading){.arena = arena_new()};
    assert_non_null(r->arena);
    r->rc = search_table_parse(r->arena, "table.yaml", text, strlen(text), &r->errors, &rows);
    if (r->rc == 0 && added != NULL)
        r->rc = search_table_parse(r->arena, "added.yaml", added, strlen(added), &r->errors, &more);
    if (r->rc == 0)
        r->rc = search_table_build(r->arena, &rows, &more, &r->errors, &r->table);
}

static void end(struct reading *r)
{
    config_errors_done(&r->errors);
    arena_free(r->arena);
}

static const struct query_search *engine_of(const struct search_table *table, const char *name)
{
    for (size_t i = 0; i < table->search_count; i++)
        if (strcmp(table->searches[i].name, name) == 0)
            return &table->searches[i];
    return NULL;
}

static bool has_host(const struct search_table *table, const char *engine, const char *host)
{
    uint8_t name[NAME_MAX_LEN];
    assert_true(name_from_text(host, strlen(host), name) > 0);
    for (size_t i = 0; i < table->host_count; i++)
        if (name_equal(table->hosts[i].name, name))
            return strcmp(table->searches[table->hosts[i].index].name, engine) == 0;
    return false;
}

static void check_name(const struct query_target *target, const char *expected)
{
    char text[NAME_TEXT_MAX];
    assert_non_null(target->name);
    assert_string_equal(name_to_text(target->name, text), expected);
}

static void the_shipped_table_is_whole(void **state)
{
    static const char *const engines[] = {"google", "youtube", "bing",  "duckduckgo", "ecosia",
                                          "brave",  "pixabay", "qwant", "yandex"};
    char text[64 * 1024];
    struct reading r;
    (void)state;
    assert_true(search_table_shipped_len < sizeof text);
    memcpy(text, search_table_shipped, search_table_shipped_len);
    text[search_table_shipped_len] = '\0';
    begin(&r, text, NULL);
    config_errors_print(&r.errors, stderr);
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.errors.count, 0);
    assert_int_equal(r.table.search_count, sizeof engines / sizeof engines[0]);
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++)
        assert_non_null(engine_of(&r.table, engines[i]));
    check_name(&engine_of(&r.table, "google")->strict, "forcesafesearch.google.com");
    check_name(&engine_of(&r.table, "google")->moderate, "forcesafesearch.google.com");
    check_name(&engine_of(&r.table, "youtube")->strict, "restrict.youtube.com");
    check_name(&engine_of(&r.table, "youtube")->moderate, "restrictmoderate.youtube.com");
    check_name(&engine_of(&r.table, "bing")->strict, "strict.bing.com");
    assert_int_equal(engine_of(&r.table, "yandex")->strict.address_count, 1);
    assert_true(has_host(&r.table, "google", "www.google.co.uk"));
    assert_true(has_host(&r.table, "google", "www.google.co.za"));
    assert_true(has_host(&r.table, "google", "www.google.co.zm"));
    assert_true(has_host(&r.table, "google", "www.google.co.zw"));
    assert_true(has_host(&r.table, "youtube", "youtubei.googleapis.com"));
    assert_true(has_host(&r.table, "bing", "edgeservices.bing.com"));
    assert_false(has_host(&r.table, "google", "google.com"));
    assert_false(has_host(&r.table, "google", "images.google.com"));
    end(&r);
}

#define YOUTUBE "  - { name: youtube, hosts: [www.tube.test], strict: tight.tube.test }\n"

static void engines_are_added_and_replaced(void **state)
{
    struct reading r;
    (void)state;
    begin(&r,
          "engines:\n" YOUTUBE "  - { name: find, hosts: [a.test, b.test], strict: safe.test, moderate: mild.test }\n",
          "engines:\n  - { name: find, hosts: c.test, strict: [192.0.2.1, 2001:db8::1] }\n"
          "  - { name: more, hosts: [a.test], strict: other.test }\n");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.errors.count, 0);
    assert_int_equal(r.table.search_count, 3);
    assert_int_equal(engine_of(&r.table, "find")->strict.address_count, 2);
    assert_int_equal(engine_of(&r.table, "find")->moderate.address_count, 2);
    assert_true(has_host(&r.table, "find", "c.test"));
    assert_true(has_host(&r.table, "more", "a.test"));
    assert_false(has_host(&r.table, "find", "b.test"));
    end(&r);
}

static void a_mistake_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"", "'engines' is missing"},
        {"engines: []\n", "no 'youtube'"},
        {"engines:\n  - { name: find, hosts: [a.test], strict: safe.test }\n", "no 'youtube'"},
        {"engines:\n" YOUTUBE "  - { hosts: [a.test], strict: safe.test }\n",
         "table.yaml:3:5: error: 'name' is missing"},
        {"engines:\n" YOUTUBE "  - { name: find, strict: safe.test }\n", "'hosts' is missing"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [], strict: safe.test }\n", "'find' has no hosts"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test] }\n", "'strict' is missing"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: [] }\n", "strict of 'find' leads nowhere"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: [b.test, c.test] }\n",
         "strict of 'find' must be one name, or addresses"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: b.test, moderate: [192.0.2.1, c.test] }\n",
         "moderate of 'find' must be one name, or addresses"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: a..test }\n",
         "strict must be a name such as safe.engine.example, or an address, not 'a..test'"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: . }\n", "'.' is no host"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [.], strict: a.test }\n", "'.' is no host"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test, A.Test], strict: b.test }\n",
         "this host is given twice, first of 'find'"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [www.tube.test], strict: b.test }\n",
         "this host is given twice, first of 'youtube'"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: a.test }\n",
         "'find' leads to a host that is led elsewhere itself"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: b.test, moderate: www.tube.test }\n",
         "'find' leads to a host that is led elsewhere itself"},
        {"engines:\n" YOUTUBE YOUTUBE, "search engine 'youtube' is given twice, first in line 2"},
        {"engines:\n" YOUTUBE "  - { name: others, hosts: [a.test], strict: b.test }\n", "'others' means engines that"},
        {"engines:\n" YOUTUBE "  - { name: 'A B', hosts: [a.test], strict: b.test }\n", "small letters, digits and -"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: b.test, verified: yesterday }\n",
         "must be a date such as 2026-11-29, not 'yesterday'"},
        {"engines:\n" YOUTUBE "  - { name: find, hosts: [a.test], stirct: b.test }\n", "did you mean 'strict'?"},
        {"engines:\n" YOUTUBE
         "  - { name: find, hosts: [a.test], strict: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, "
         "1.1.1.6, 1.1.1.7, 1.1.1.8, 1.1.1.9] }\n",
         "strict of 'find' has more than 8 addresses"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading r;
        begin(&r, rows[i].text, NULL);
        if (r.errors.count == 0 || strstr(r.errors.text[0], rows[i].told) == NULL)
            fail_msg("row %zu: '%s' is not told, but '%s'", i, rows[i].told,
                     r.errors.count == 0 ? "nothing" : r.errors.text[0]);
        end(&r);
    }
}

static void a_table_has_bounds(void **state)
{
    char *text = malloc(1 << 20);
    struct reading r;
    (void)state;
    size_t len = (size_t)sprintf(text, "engines:\n" YOUTUBE);
    for (unsigned i = 0; i < POLICY_ENGINES_MAX; i++)
        len += (size_t)sprintf(text + len, "  - { name: e%u, hosts: [h%u.test], strict: s%u.test }\n", i, i, i);
    begin(&r, text, NULL);
    assert_non_null(strstr(r.errors.text[0], "more than 64 search engines"));
    end(&r);
    len = (size_t)sprintf(text, "engines:\n" YOUTUBE "  - { name: many, strict: s.test, hosts: [");
    for (unsigned i = 0; i < SEARCH_HOSTS_MAX; i++)
        len += (size_t)sprintf(text + len, "h%u.test, ", i);
    sprintf(text + len, "h.test] }\n");
    begin(&r, text, NULL);
    assert_non_null(strstr(r.errors.text[0], "more than 4096 hosts of search engines"));
    end(&r);
    free(text);
}

/* ---- the configuration ---- */

static struct config *load(const char *text, struct config_errors *errors)
{
    char path[] = "/tmp/belisha-search-XXXXXX";
    struct config *config = NULL;
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    const char *files[] = {path};
    int rc = config_load(files, 1, &config, errors);
    unlink(path);
    assert_true(rc == 0 || (rc == ERR_CONFIG && config == NULL));
    return config;
}

static uint64_t bit_of(const struct config *config, const char *engine)
{
    for (size_t i = 0; i < config->query.search_count; i++)
        if (strcmp(config->query.searches[i].name, engine) == 0)
            return UINT64_C(1) << i;
    fail_msg("no engine %s", engine);
    return 0;
}

static enum policy_safe_mode mode_of(const struct config *config, size_t level, const char *engine)
{
    const struct policy_level *l = &config->policy.levels[level];
    assert_true((l->safe_strict & l->safe_moderate) == 0);
    return l->safe_strict & bit_of(config, engine)     ? POLICY_SAFE_STRICT
           : l->safe_moderate & bit_of(config, engine) ? POLICY_SAFE_MODERATE
                                                       : POLICY_SAFE_OFF;
}

static void a_level_says_how_for_all_engines_or_for_each(void **state)
{
    struct config_errors errors = {0};
    struct config *config = load("policy:\n"
                                 "  levels:\n"
                                 "    - { name: silent }\n"
                                 "    - { name: plain, safe_search: moderate, youtube: off }\n"
                                 "    - { name: each, safe_search: { google: off, bing: moderate, others: off } }\n"
                                 "    - { name: some, safe_search: { bing: off } }\n"
                                 "    - { name: none, safe_search: off, youtube: moderate }\n",
                                 &errors);
    (void)state;
    config_errors_print(&errors, stderr);
    assert_non_null(config);
    assert_int_equal(mode_of(config, 0, "google"), POLICY_SAFE_STRICT);
    assert_int_equal(mode_of(config, 0, "youtube"), POLICY_SAFE_STRICT);
    assert_int_equal(mode_of(config, 1, "google"), POLICY_SAFE_MODERATE);
    assert_int_equal(mode_of(config, 1, "youtube"), POLICY_SAFE_OFF);
    assert_int_equal(mode_of(config, 2, "google"), POLICY_SAFE_OFF);
    assert_int_equal(mode_of(config, 2, "bing"), POLICY_SAFE_MODERATE);
    assert_int_equal(mode_of(config, 2, "yandex"), POLICY_SAFE_OFF);
    assert_int_equal(mode_of(config, 2, "youtube"), POLICY_SAFE_STRICT);
    assert_int_equal(mode_of(config, 3, "bing"), POLICY_SAFE_OFF);
    assert_int_equal(mode_of(config, 3, "google"), POLICY_SAFE_STRICT);
    assert_int_equal(mode_of(config, 4, "google"), POLICY_SAFE_OFF);
    assert_int_equal(mode_of(config, 4, "youtube"), POLICY_SAFE_MODERATE);
    config_free(config);
}

static void a_configuration_without_a_policy_is_safe(void **state)
{
    struct config_errors errors = {0};
    struct config *config = load("workers: 1\n", &errors);
    (void)state;
    assert_non_null(config);
    assert_int_equal(mode_of(config, 0, "google"), POLICY_SAFE_STRICT);
    assert_int_equal(mode_of(config, 0, "youtube"), POLICY_SAFE_STRICT);
    config_free(config);
}

static void a_level_with_a_mistake_is_refused(void **state)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"policy: { levels: [ { name: a, safe_search: strikt } ] }\n", "must be off, moderate or strict, not 'strikt'"},
        {"policy: { levels: [ { name: a, safe_search: { goggle: off } } ] }\n", "'goggle' is no search engine"},
        {"policy: { levels: [ { name: a, safe_search: { youtube: off } } ] }\n", "'youtube' is a key of its own"},
        {"policy: { levels: [ { name: a, youtube: maybe } ] }\n", "must be off, moderate or strict, not 'maybe'"},
        {"policy: { levels: [ { name: a, safe_search: [strict] } ] }\n", "safe_search must be a mapping"},
        {"safe_search: /nowhere/at/all.yaml\n", "safe_search must be a mapping or a file that can be read"},
        {"safe_search: { shipped: false }\n", "no 'youtube'"},
        {"safe_search: { engines: [ { name: brave, hosts: [www.google.com], strict: s.test } ] }\n",
         "this host is given twice, first of 'google'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config_errors errors = {0};
        assert_null(load(rows[i].text, &errors));
        if (errors.count == 0 || strstr(errors.text[0], rows[i].told) == NULL)
            fail_msg("row %zu: '%s' is not told, but '%s'", i, rows[i].told,
                     errors.count == 0 ? "nothing" : errors.text[0]);
        config_errors_done(&errors);
    }
}

static void a_file_can_say_it(void **state)
{
    char path[] = "/tmp/belisha-table-XXXXXX";
    static const char table[] =
        "shipped: false\nengines:\n" YOUTUBE "  - { name: find, hosts: [a.test], strict: safe.test }\n";
    char text[200], *written = NULL;
    size_t written_len;
    struct config_errors errors = {0};
    int file = mkstemp(path);
    (void)state;
    assert_int_equal(write(file, table, sizeof table - 1), sizeof table - 1);
    close(file);
    snprintf(text, sizeof text, "safe_search: %s\npolicy: { levels: [ { name: a, safe_search: { find: off } } ] }\n",
             path);
    struct config *config = load(text, &errors);
    unlink(path);
    config_errors_print(&errors, stderr);
    assert_non_null(config);
    assert_int_equal(config->query.search_count, 2);
    assert_int_equal(mode_of(config, 0, "find"), POLICY_SAFE_OFF);
    /* what is in force is in the text that versions of the policy are made of */
    FILE *to = open_memstream(&written, &written_len);
    config_write(config, to);
    fclose(to);
    assert_non_null(strstr(written, "safe.test"));
    free(written);
    config_free(config);
}

/* The installed file can be copied, changed, and named. */
static void the_shipped_file_can_be_named(void **state)
{
    struct config_errors errors = {0};
    struct config *config = load("safe_search: " BELISHA_DATA "/safesearch.yaml\n", &errors);
    (void)state;
    config_errors_print(&errors, stderr);
    assert_non_null(config);
    assert_int_equal(config->query.search_count, 9);
    assert_int_equal(mode_of(config, 0, "google"), POLICY_SAFE_STRICT);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_table_is_whole),
        cmocka_unit_test(engines_are_added_and_replaced),
        cmocka_unit_test(a_mistake_is_told_with_its_line),
        cmocka_unit_test(a_table_has_bounds),
        cmocka_unit_test(a_level_says_how_for_all_engines_or_for_each),
        cmocka_unit_test(a_configuration_without_a_policy_is_safe),
        cmocka_unit_test(a_level_with_a_mistake_is_refused),
        cmocka_unit_test(a_file_can_say_it),
        cmocka_unit_test(the_shipped_file_can_be_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
