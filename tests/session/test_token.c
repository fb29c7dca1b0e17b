/* Tokens: their files, and whose a token is. */
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

#include "session/token.h"

static char folder[] = "/tmp/belisha-token-XXXXXX";
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/token", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static int load(const char *text, mode_t mode, struct token_table **out, char why[SECRET_WHY_MAX])
{
    const struct token_opts opts = {.name = "portal", .file = path};
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    return token_table_new(&opts, 1, out, why);
}

static void token_find_knows_a_token_and_its_digest(void **state)
{
    struct token_table *table;
    char why[SECRET_WHY_MAX];
    (void)state;
    assert_int_equal(load("correct-horse-battery\n", 0600, &table, why), 0);
    assert_string_equal(token_find(table, "correct-horse-battery", 21)->origin, "token/portal");
    assert_null(token_find(table, "correct-horse-batterY", 21));
    assert_null(token_find(table, "correct-horse-battery", 20));
    assert_null(token_find(table, "", 0));
    token_table_free(table);
    /* printf %s correct-horse-battery | sha256sum */
    assert_int_equal(
        load("sha256:62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d\n", 0600, &table, why), 0);
    assert_non_null(token_find(table, "correct-horse-battery", 21));
    assert_null(token_find(table, "sha256:62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d", 71));
    token_table_free(table);
}

static void files_that_hold_no_good_token_are_refused(void **state)
{
    const struct {
        const char *text;
        mode_t mode;
        int err;
    } rows[] = {{"correct-horse-battery", 0644, ERR_CONFIG},
                {"short", 0600, ERR_MALFORMED},
                {"", 0600, ERR_MALFORMED},
                {"two words are no good token", 0600, ERR_MALFORMED},
                {"sha256:1234", 0600, ERR_MALFORMED},
                {"one-good-token-12345\nanother\n", 0600, ERR_MALFORMED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct token_table *table;
        char why[SECRET_WHY_MAX];
        assert_int_equal(load(rows[i].text, rows[i].mode, &table, why), rows[i].err);
        assert_non_null(strstr(why, path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_find_knows_a_token_and_its_digest),
        cmocka_unit_test(files_that_hold_no_good_token_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
