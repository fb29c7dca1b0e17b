/* Who may send accounting. */
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

#include "radius/nas.h"

static char folder[] = "/tmp/belisha-nas-XXXXXX";

static const char *write_secret(const char *name, const char *text, mode_t mode)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    return strdup(path);
}

static struct prefix prefix_of(const char *text)
{
    struct prefix prefix;
    assert_int_equal(prefix_from_text(text, &prefix), 0);
    return prefix;
}

static const struct radius_nas *find(const struct radius_nas_table *table, const char *text)
{
    struct ipaddr address;
    assert_int_equal(ipaddr_from_text(text, &address), 0);
    return radius_nas_find(table, &address);
}

static void radius_nas_find_takes_the_longest_network(void **state)
{
    const struct prefix campus[] = {prefix_of("10.0.0.0/8"), prefix_of("2001:db8::/32")};
    const struct prefix one[] = {prefix_of("10.0.0.5")};
    const char *a = write_secret("a", "secret a\n", 0600), *b = write_secret("b", "secret b", 0640);
    const struct radius_nas_opts opts[] = {
        {.name = "campus", .networks = campus, .network_count = 2, .secret_file = a, .lifetime_s = 60},
        {.name = "one", .networks = one, .network_count = 1, .secret_file = b, .message_authenticator = true}};
    struct radius_nas_table *table;
    char why[SECRET_WHY_MAX];
    (void)state;
    assert_int_equal(radius_nas_table_new(opts, 2, &table, why), 0);
    assert_string_equal(find(table, "10.0.0.6")->secret, "secret a");
    assert_string_equal(find(table, "10.0.0.5")->secret, "secret b");
    assert_true(find(table, "10.0.0.5")->message_authenticator);
    assert_string_equal(find(table, "2001:db8::1")->name, "campus");
    assert_null(find(table, "192.0.2.1"));
    assert_null(find(table, "::1"));
    radius_nas_table_free(table);
    free((void *)(uintptr_t)a);
    free((void *)(uintptr_t)b);
}

static void radius_nas_table_new_takes_no_secret_that_everybody_may_read(void **state)
{
    const struct prefix all[] = {prefix_of("0.0.0.0/0")};
    const char *path = write_secret("open", "secret", 0644);
    const struct radius_nas_opts opts = {.name = "x", .networks = all, .network_count = 1, .secret_file = path};
    struct radius_nas_table *table;
    char why[SECRET_WHY_MAX];
    (void)state;
    assert_int_equal(radius_nas_table_new(&opts, 1, &table, why), ERR_CONFIG);
    assert_non_null(strstr(why, "chmod o="));
    assert_null(strstr(why, "secret'")); /* names the file, not what is in it */
    free((void *)(uintptr_t)path);
}

static void radius_nas_table_new_has_a_bound(void **state)
{
    struct prefix *many = calloc(RADIUS_NAS_COUNT_MAX + 1, sizeof *many);
    const char *path = write_secret("many", "secret", 0600);
    struct radius_nas_opts opts = {
        .name = "x", .networks = many, .network_count = RADIUS_NAS_COUNT_MAX, .secret_file = path};
    struct radius_nas_table *table;
    char why[SECRET_WHY_MAX];
    (void)state;
    assert_int_equal(radius_nas_table_new(&opts, 1, &table, why), 0);
    radius_nas_table_free(table);
    opts.network_count++;
    assert_int_equal(radius_nas_table_new(&opts, 1, &table, why), ERR_LIMIT);
    free(many);
    free((void *)(uintptr_t)path);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(radius_nas_find_takes_the_longest_network),
        cmocka_unit_test(radius_nas_table_new_takes_no_secret_that_everybody_may_read),
        cmocka_unit_test(radius_nas_table_new_has_a_bound),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
