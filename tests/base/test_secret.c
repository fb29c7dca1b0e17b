#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/belisha-secret-XXXXXX";

static void write_secret(const char *bytes, size_t len, mode_t mode)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void secret_read_gives_the_text_without_its_last_line_ends(void **state)
{
    static const char *const texts[] = {"anna:swordfish", "anna:swordfish\n", "anna:swordfish\r\n\n"};
    struct secret secret;
    char why[SECRET_WHY_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_secret(texts[i], strlen(texts[i]), 0600);
        assert_int_equal(secret_read(path, &secret, why), 0);
        assert_string_equal(secret.text, "anna:swordfish");
    }
    write_secret("A: b\nC: d\n", 10, 0640);
    assert_int_equal(secret_read(path, &secret, why), 0);
    assert_string_equal(secret.text, "A: b\nC: d");
}

static void secret_read_refuses_what_everybody_may_read(void **state)
{
    static const mode_t modes[] = {0644, 0604, 0602, 0601};
    struct secret secret;
    char why[SECRET_WHY_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_secret("swordfish", 9, modes[i]);
        assert_int_equal(secret_read(path, &secret, why), ERR_CONFIG);
        assert_non_null(strstr(why, path));
        assert_null(strstr(why, "swordfish"));
        assert_int_equal(secret_check(path, why), ERR_CONFIG);
    }
}

static void secret_read_refuses_what_is_no_text(void **state)
{
    static char bytes[SECRET_MAX + 1];
    static const struct {
        const char *bytes;
        size_t len;
        int err;
    } rows[] = {
        {"", 0, ERR_MALFORMED},       {"\n\n", 2, ERR_MALFORMED},     {"a\0b", 3, ERR_MALFORMED},
        {"a\r\nb", 4, ERR_MALFORMED}, {bytes, SECRET_MAX, ERR_LIMIT}, {bytes, SECRET_MAX + 1, ERR_LIMIT},
        {bytes, SECRET_MAX - 1, 0},
    };
    struct secret secret;
    char why[SECRET_WHY_MAX];
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_secret(rows[i].bytes, rows[i].len, 0600);
        assert_int_equal(secret_read(path, &secret, why), rows[i].err);
    }
    assert_int_equal(secret_read("/tmp", &secret, why), ERR_CONFIG);
    assert_int_equal(secret_read("/tmp/belisha/no/such", &secret, why), ERR_NOENT);
}

static void secret_wipe_leaves_nothing(void **state)
{
    static const struct secret nothing;
    struct secret secret;
    char why[SECRET_WHY_MAX];
    (void)state;
    write_secret("swordfish", 9, 0600);
    assert_int_equal(secret_read(path, &secret, why), 0);
    secret_wipe(&secret);
    assert_memory_equal(&secret, &nothing, sizeof secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_read_gives_the_text_without_its_last_line_ends),
        cmocka_unit_test(secret_read_refuses_what_everybody_may_read),
        cmocka_unit_test(secret_read_refuses_what_is_no_text),
        cmocka_unit_test(secret_wipe_leaves_nothing),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
