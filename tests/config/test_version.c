/* The text of a policy: written, read again, laid over the files. */
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

#include "change/versions.h"
#include "config/config.h"

static char folder[64], path[128], message[2048];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-version-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/belisha.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "state_dir: %s\n%s", folder, text);
    fclose(file);
}

/* NULL: refused, message says why. */
static struct config *load(enum config_policy_kind kind, const char *text)
{
    struct config_errors errors = {0};
    struct config *config = NULL;
    const char *const files[] = {path};
    const struct config_policy policy = {kind, "proposal", text, text == NULL ? 0 : strlen(text)};
    int rc = config_load_policy(files, 1, &policy, &config, &errors);
    snprintf(message, sizeof message, "%s", errors.count > 0 ? errors.text[0] : "");
    config_errors_done(&errors);
    return rc == 0 ? config : NULL;
}

#define FILES                                                                                                          \
    "policy:\n  levels: [{name: pupils, block: [gambling, video]}] # a remark\n"                                       \
    "  groups: [{name: year-9, networks: [10.1.0.0/16], level: pupils}]\n"                                             \
    "block: [games.example]\nallow: [maths.example]\n"
#define CONTROLLED "operators: [{user: a, roles: [x]}]\nchange_control: {approvals: [x]}\n"

/* Puts a text in force, as belishad does. */
static void put_in_force(const char *text)
{
    char dir[128];
    snprintf(dir, sizeof dir, "%s/state", folder);
    mkdir(dir, 0755);
    strcat(dir, "/policy");
    mkdir(dir, 0755);
    assert_int_equal(versions_put(dir, 7, text, strlen(text)), 0);
    assert_int_equal(versions_set_current(dir, 7), 0);
}

static void a_text_reads_back_as_the_same_policy(void **state)
{
    (void)state;
    write_file(FILES);
    struct config *config = load(CONFIG_POLICY_FILES, NULL);
    assert_non_null(config);
    assert_non_null(strstr(config->policy_text, "block: [games.example]"));
    assert_null(strstr(config->policy_text, "remark"));
    assert_null(strstr(config->policy_text, "state_dir"));
    struct config *again = load(CONFIG_POLICY_TEXT, config->policy_text);
    assert_non_null(again);
    assert_string_equal(again->policy_text, config->policy_text);
    assert_int_equal(again->policy.group_count, 1);
    config_free(again);
    config_free(config);
}

static void a_policy_alone_replaces_the_policy_alone(void **state)
{
    (void)state;
    write_file(FILES);
    struct config *config = load(CONFIG_POLICY_TEXT, "levels: [{name: other, block: [all]}]\n");
    assert_non_null(config);
    assert_string_equal(config->policy.levels[0].name, "other");
    assert_int_equal(config->policy.group_count, 0);
    assert_non_null(strstr(config->policy_text, "games.example"));
    config_free(config);
    config = load(CONFIG_POLICY_TEXT, "policy: {levels: [{name: other, block: [all]}]}\n");
    assert_non_null(config);
    assert_null(strstr(config->policy_text, "games.example"));
    config_free(config);
}

static void with_change_control_the_version_in_force_goes_before_the_files(void **state)
{
    (void)state;
    write_file(FILES CONTROLLED);
    struct config *config = load(CONFIG_POLICY_IN_FORCE, NULL);
    assert_string_equal(config->policy.levels[0].name, "pupils"); /* none is kept yet */
    assert_true(config->policy.version & CONFIG_NO_VERSION);
    config_free(config);
    config = load(CONFIG_POLICY_TEXT, "policy: {levels: [{name: approved, block: [all]}]}\n");
    put_in_force(config->policy_text);
    config_free(config);
    config = load(CONFIG_POLICY_IN_FORCE, NULL);
    assert_string_equal(config->policy.levels[0].name, "approved");
    assert_int_equal(config->policy.version, 7);
    config_free(config);
    config = load(CONFIG_POLICY_FILES, NULL);
    assert_string_equal(config->policy.levels[0].name, "pupils");
    config_free(config);
    write_file(FILES "change_control: none\n");
    config = load(CONFIG_POLICY_IN_FORCE, NULL);
    assert_string_equal(config->policy.levels[0].name, "pupils");
    assert_true(config->policy.version & CONFIG_NO_VERSION);
    config_free(config);
}

static void other_settings_do_not_change_the_version_but_the_fingerprint(void **state)
{
    (void)state;
    write_file(FILES);
    struct config *config = load(CONFIG_POLICY_FILES, NULL);
    put_in_force(config->policy_text);
    uint32_t fingerprint = config->policy.fingerprint;
    config_free(config);
    write_file(FILES "records: [{name: a.example, type: A, value: 10.0.0.1}]\n");
    config = load(CONFIG_POLICY_FILES, NULL);
    assert_int_equal(config->policy.version, 7);
    assert_int_not_equal(config->policy.fingerprint, fingerprint);
    config_free(config);
}

static void a_text_changes_nothing_else(void **state)
{
    (void)state;
    write_file(FILES);
    assert_null(load(CONFIG_POLICY_TEXT, "policy: {}\noperators: [{user: eve, roles: [technical]}]\n"));
    assert_non_null(strstr(message, "proposal:2:1: error: 'operators' is not part of the policy"));
    assert_null(load(CONFIG_POLICY_TEXT, ""));
    assert_non_null(strstr(message, "must be a mapping"));
    assert_null(load(CONFIG_POLICY_TEXT, "levels: [{name: a, block: [gaming, gambling, malwear]}]\n"));
    assert_non_null(strstr(message, "proposal:1:"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_text_reads_back_as_the_same_policy),
        TEST(a_policy_alone_replaces_the_policy_alone),
        TEST(with_change_control_the_version_in_force_goes_before_the_files),
        TEST(other_settings_do_not_change_the_version_but_the_fingerprint),
        TEST(a_text_changes_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
