/* How who asked may leave the machine: every way, with and without operators. */
#include "operator/log_leaving.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void each_way_is_open_or_shut(void **state)
{
    static const struct prefix client;
    static const struct {
        struct log_options o;
        bool operators;
        const char *wrong; /* a part of what is said; NULL: it may leave */
    } rows[] = {
        {{.output = "f"}, false, "encrypted only"},
        {{.output = "f"}, true, "encrypted only"},
        {{.output = NULL}, false, NULL}, /* a pipe, in a first try */
        {{.output = NULL}, true, "encrypted only"},
        {{.output = "f", .zip = true}, true, NULL},
        {{.output = NULL, .zip = true}, true, NULL},
        {{.output = "f", .without_identities = true}, true, NULL},
        {{.output = NULL, .without_identities = true}, true, NULL},
        {{.output = "f", .plain = true}, false, "--plain needs --reason"},
        {{.output = "f", .plain = true, .reason = "a,b,c,d"}, false, "--plain needs --reason"},
        {{.output = "f", .plain = true, .reason = "inspection"}, false, NULL},
        {{.output = NULL, .plain = true, .reason = "inspection"}, true, NULL},
        {{.output = "f", .reason = "inspection"}, true, "encrypted only"},
        {{.output = "f", .plain = true, .zip = true, .reason = "inspection"}, true, "is enough"},
        {{.output = "f", .without_identities = true, .zip = true}, true, "is enough"},
        {{.output = "f", .ask_password = true}, false, "belong to --zip"},
        {{.output = "f", .zip = true, .ask_password = true, .password_file = "p"}, false, "not both"},
        {{.output = "f", .without_identities = true, .user = "jones"}, false, "would hide nothing"},
        {{.output = "f", .without_identities = true, .device = "d"}, false, "would hide nothing"},
        {{.output = "f", .without_identities = true, .filter = {.client = &client}}, false, "would hide nothing"},
        {{.output = "f", .without_identities = true, .filter = {.code = "7K3M-9QPX"}}, false, "would hide nothing"},
        {{.output = "f", .zip = true, .format = GRID_PARQUET, .bom = true}, false, "--bom belongs"},
        {{.output = NULL, .format = GRID_SQLITE}, false, NULL},
    };
    const struct roles_member member = {.user = "anna"};
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    FILE *out = fdopen(ends[1], "w");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct roles roles = {.members = &member, .member_count = rows[i].operators};
        const char *wrong = log_leaving_wrong(&rows[i].o, &roles, out);
        if ((wrong == NULL) != (rows[i].wrong == NULL) || (wrong != NULL && strstr(wrong, rows[i].wrong) == NULL))
            fail_msg("row %zu: %s", i, wrong == NULL ? "may leave" : wrong);
    }
    fclose(out);
    close(ends[0]);
}

static void a_terminal_shows_rows_and_no_binary_files(void **state)
{
    const struct roles_member member = {.user = "anna"};
    const struct roles roles = {.members = &member, .member_count = 1};
    const struct log_options rows = {.format = GRID_CSV}, zip = {.zip = true}, parquet = {.format = GRID_PARQUET};
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    (void)state;
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal) | unlockpt(terminal), 0);
    FILE *out = fopen(ptsname(terminal), "w");
    assert_non_null(out);
    assert_null(log_leaving_wrong(&rows, &roles, out));
    assert_non_null(strstr(log_leaving_wrong(&zip, &roles, out), "nothing for a terminal"));
    assert_non_null(strstr(log_leaving_wrong(&parquet, &roles, out), "nothing for a terminal"));
    fclose(out);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_is_open_or_shut),
        cmocka_unit_test(a_terminal_shows_rows_and_no_binary_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
