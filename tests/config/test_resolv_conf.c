#include "config/resolv_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static size_t read_text(const char *text, struct endpoint out[RESOLV_CONF_MAX])
{
    char path[] = "/tmp/belisha-resolv-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    size_t count = resolv_conf_read(path, out);
    unlink(path);
    return count;
}

static void name_servers_are_read_and_the_rest_is_passed_over(void **state)
{
    struct endpoint out[RESOLV_CONF_MAX];
    char text[ENDPOINT_TEXT_MAX];
    (void)state;
    size_t count = read_text("# made by hand\nsearch school.example\nnameserver 10.0.0.1\nnameserver\tfd00::1 \n"
                             "nameserver nonsense\nnameserver\noptions edns0\nnameservers 10.0.0.9",
                             out);
    assert_int_equal(count, 2);
    assert_string_equal(endpoint_to_text(&out[0], text), "10.0.0.1:53");
    assert_string_equal(endpoint_to_text(&out[1], text), "[fd00::1]:53");
}

static void further_servers_than_the_bound_are_left_out(void **state)
{
    struct endpoint out[RESOLV_CONF_MAX];
    char text[512] = "";
    (void)state;
    for (int i = 0; i < RESOLV_CONF_MAX + 2; i++)
        strcat(text, "nameserver 10.0.0.1\n");
    assert_int_equal(read_text(text, out), RESOLV_CONF_MAX);
}

static void a_missing_file_names_none(void **state)
{
    struct endpoint out[RESOLV_CONF_MAX];
    (void)state;
    assert_int_equal(resolv_conf_read("/nowhere/resolv.conf", out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_servers_are_read_and_the_rest_is_passed_over),
        cmocka_unit_test(further_servers_than_the_bound_are_left_out),
        cmocka_unit_test(a_missing_file_names_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
