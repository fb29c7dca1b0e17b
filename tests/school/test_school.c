#include "school/school.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/belisha-school-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) != EOF);
    fclose(file);
    return path;
}

static enum refusal judge(const struct guard *guard, const char *text, bool below)
{
    struct listed_name name;
    enum suffix_kind suffix;
    assert_int_equal(normalise_name(span_of(text), &name), REFUSED_NONE);
    return guard_check(guard, &name, below, false, &suffix);
}

static void school_knows_the_shipped_help_names_without_a_recipe(void **state)
{
    struct guard *guard = NULL;
    struct config_errors errors = {0};
    (void)state;
    assert_int_equal(school_guard(NULL, &errors, &guard), 0);
    assert_int_equal(judge(guard, "childline.org.uk", false), REFUSED_PROTECTED_HELP);
    assert_int_equal(judge(guard, "school.example", true), REFUSED_NONE);
    guard_free(guard);
    config_errors_done(&errors);
}

static void school_takes_names_of_the_recipe_of_files_and_of_the_configuration(void **state)
{
    char config[128], file[160];
    const char *own[] = {"beacon.example", file};
    const char *platform[] = {"classroom.google.com"};
    struct guard *guard = NULL;
    struct config_errors errors = {0};
    struct prefix address;
    (void)state;
    strcpy(config, write_file("belisha.yaml", "protected_help: [help.example]\n"
                                              "records:\n"
                                              "  - {name: welcome.school.example, type: A, value: 203.0.113.7}\n"
                                              "  - {name: printer.local, type: A, value: 10.0.0.7}\n"
                                              "zones:\n"
                                              "  - {name: ad.school.example, upstreams: [10.0.0.10]}\n"
                                              "  - {name: 10.in-addr.arpa, upstreams: [10.0.0.10]}\n"
                                              "notice: {hosts: [why.beacon.org]}\n"));
    snprintf(file, sizeof file, "file:%s", write_file("own.txt", "# ours\ntrust.example # all schools\n\n"));
    assert_int_equal(prefix_from_text("198.51.100.0/28", &address), 0);
    struct recipe recipe = {.config = config,
                            .own_domains = own,
                            .own_domain_count = 2,
                            .learning_platform = platform,
                            .learning_platform_count = 1,
                            .own_addresses = &address,
                            .own_address_count = 1};
    assert_int_equal(school_guard(&recipe, &errors, &guard), 0);
    static const struct {
        const char *name;
        enum refusal why;
    } rows[] = {
        {"beacon.example", REFUSED_OWN_DOMAIN},       {"www.trust.example", REFUSED_OWN_DOMAIN},
        {"school.example", REFUSED_OWN_DOMAIN}, /* from above */
        {"dc.ad.school.example", REFUSED_OWN_DOMAIN}, {"why.beacon.org", REFUSED_OWN_DOMAIN},
        {"help.example", REFUSED_PROTECTED_HELP},     {"google.com", REFUSED_LEARNING_PLATFORM},
        {"childline.org.uk", REFUSED_PROTECTED_HELP}, {"other.example", REFUSED_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(judge(guard, rows[i].name, true), rows[i].why);
    assert_int_equal(prefix_from_text("203.0.113.7", &address), 0);
    assert_int_equal(guard_check_address(guard, &address), REFUSED_OWN_ADDRESS);
    assert_int_equal(prefix_from_text("198.51.100.9", &address), 0);
    assert_int_equal(guard_check_address(guard, &address), REFUSED_OWN_ADDRESS);
    assert_int_equal(prefix_from_text("203.0.113.8", &address), 0);
    assert_int_equal(guard_check_address(guard, &address), REFUSED_NONE);
    guard_free(guard);
    config_errors_done(&errors);
}

static void school_says_what_is_wrong_with_a_name(void **state)
{
    char file[160];
    snprintf(file, sizeof file, "file:%s", write_file("wrong.txt", "fine.example\nnot a name\n"));
    const struct {
        const char *name, *says;
    } rows[] = {
        {"co.uk", "nobody has this name alone"},
        {"intranet", "nobody has this name alone"},
        {"not a name", "'not a name' of own_domains, line 1: not a domain name"},
        {file, "wrong.txt, line 2: not a domain name"},
        {"file:/nonexistent", "/nonexistent: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guard *guard = NULL;
        struct config_errors errors = {0};
        char said[2048] = "";
        struct recipe recipe = {.own_domains = &rows[i].name, .own_domain_count = 1};
        assert_int_equal(school_guard(&recipe, &errors, &guard), ERR_CONFIG);
        FILE *to = fmemopen(said, sizeof said, "w");
        config_errors_print(&errors, to);
        fclose(to);
        if (strstr(said, rows[i].says) == NULL)
            print_message("%s: %s\n", rows[i].name, said);
        assert_non_null(strstr(said, rows[i].says));
        assert_null(guard);
        config_errors_done(&errors);
    }
}

static void school_judges_again_by_the_suffixes_that_were_kept(void **state)
{
    struct guard *guard = NULL;
    struct config_errors errors = {0};
    struct recipe recipe = {.public_suffix_list.source = "https://publicsuffix.example/list"};
    char text[16384] = "// ===BEGIN ICANN DOMAINS===\nmine.example\n";
    (void)state;
    for (int i = 0; i < SCHOOL_SUFFIX_RULES_MIN; i++)
        snprintf(text + strlen(text), 16, "t%d\n", i);
    strcat(text, "// ===END ICANN DOMAINS===\n");
    assert_int_equal(school_guard(&recipe, &errors, &guard), 0);
    assert_int_equal(school_use_kept_suffixes(&recipe, dir, guard), 0); /* no copy yet */
    assert_int_equal(judge(guard, "co.uk", true), REFUSED_PUBLIC_SUFFIX);
    write_file(SCHOOL_SUFFIXES ".feed", text);
    assert_int_equal(school_use_kept_suffixes(&recipe, dir, guard), 0);
    assert_int_equal(judge(guard, "mine.example", true), REFUSED_PUBLIC_SUFFIX);
    assert_int_equal(judge(guard, "co.uk", true), REFUSED_NONE);
    write_file(SCHOOL_SUFFIXES ".feed", "<html>");
    assert_int_equal(school_use_kept_suffixes(&recipe, dir, guard), 0);
    assert_int_equal(judge(guard, "co.uk", true), REFUSED_PUBLIC_SUFFIX);
    guard_free(guard);
    config_errors_done(&errors);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(school_knows_the_shipped_help_names_without_a_recipe),
        cmocka_unit_test(school_takes_names_of_the_recipe_of_files_and_of_the_configuration),
        cmocka_unit_test(school_judges_again_by_the_suffixes_that_were_kept),
        cmocka_unit_test(school_says_what_is_wrong_with_a_name),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
