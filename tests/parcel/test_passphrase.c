/* Passwords of zips: those that are made, those that are refused. */
#include "parcel/passphrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void made_ones_are_good_and_never_alike(void **state)
{
    char first[PASSPHRASE_MAX], second[PASSPHRASE_MAX];
    (void)state;
    passphrase_make(second);
    for (int i = 0; i < 1000; i++) {
        passphrase_make(first);
        assert_int_equal(strlen(first), 24);
        assert_null(strpbrk(first, "01ilo"));
        assert_null(passphrase_wrong(first));
        assert_string_not_equal(first, second);
        strcpy(second, first);
    }
}

static void weak_ones_are_refused(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", false},
        {"short1!", false},
        {"12characters", true},
        {"11character", false},
        {"aaaaaaaaaaaaaaaaaaaa", false},
        {"ababababababababab", false},
        {"123456789012", false},
        {"password1234", false},
        {"SchoolPassword2026", false},
        {"Safeguarding2026!", false},
        {"qwertyuiop12", false},
        {"abcdefghijkl", false},
        {"correct horse battery", true},
        {"caf\xc3\xa9 au lait im Regen", false},
        {"tab\tinside the word", false},
        {"85 paper boats drift", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((passphrase_wrong(rows[i].text) == NULL) != rows[i].good)
            fail_msg("'%s' is %s", rows[i].text, rows[i].good ? "refused" : "taken");
}

static void it_is_read_from_a_file_that_others_may_not_read(void **state)
{
    char path[] = "/tmp/belisha-passphrase-XXXXXX";
    char out[PASSPHRASE_MAX];
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "85 paper boats drift\r\n", 22), 22);
    close(fd);
    assert_null(passphrase_read(path, out));
    assert_string_equal(out, "85 paper boats drift");
    passphrase_wipe(out);
    assert_string_equal(out, "");
    chmod(path, 0604);
    assert_non_null(strstr(passphrase_read(path, out), "everybody"));
    unlink(path);
    assert_non_null(passphrase_read(path, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_ones_are_good_and_never_alike),
        cmocka_unit_test(weak_ones_are_refused),
        cmocka_unit_test(it_is_read_from_a_file_that_others_may_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
