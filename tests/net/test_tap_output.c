#include "net/tap_output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define MESSAGES 100000

static const struct tap_opts opts = {.identity = "school", .version = "1", .types = 1u << DNSTAP_CLIENT_QUERY};
static char path[100];

static int set_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/belisha-tap-%d.sock", (int)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

/* Returns how many were taken. */
static size_t tell(struct tap *tap, size_t count)
{
    static const uint8_t msg[100];
    struct endpoint client;
    size_t taken = 0;
    assert_int_equal(endpoint_from_text("10.0.0.1", 1234, &client), 0);
    const struct dnstap_event event = {
        .type = DNSTAP_CLIENT_QUERY, .protocol = DNSTAP_UDP, .query_from = &client, .query = {msg, sizeof msg}};
    for (size_t i = 0; i < count; i++)
        taken += tap_put(tap, &event);
    return taken;
}

static void output_refuses_a_path_that_fits_no_socket(void **state)
{
    char long_path[200];
    struct tap_output *output = NULL;
    (void)state;
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(tap_output_new(long_path, &opts, 1, &output), ERR_LIMIT);
    assert_null(output);
    assert_null(tap_output_tap(NULL, 0));
    tap_output_free(NULL);
}

static void output_throws_away_what_nobody_reads(void **state)
{
    struct tap_output *output;
    (void)state;
    assert_int_equal(tap_output_new(path, &opts, 2, &output), 0);
    assert_true(tell(tap_output_tap(output, 0), MESSAGES) > 0);
    assert_true(tell(tap_output_tap(output, 1), MESSAGES) > 0);
    tap_output_free(output);
}

/* Its connection is there, but it never says a word: the queue runs full, and the end comes all the same. */
static void output_ends_before_a_reader_that_is_stuck(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct tap_output *output;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)state;
    strcpy(address.sun_path, path);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(tap_output_new(path, &opts, 1, &output), 0);
    int reader = accept(listener, NULL, NULL);
    assert_true(reader >= 0);
    assert_in_range(tell(tap_output_tap(output, 0), MESSAGES), 1, MESSAGES - 1);
    tap_output_free(output);
    close(reader);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_refuses_a_path_that_fits_no_socket),
        cmocka_unit_test(output_throws_away_what_nobody_reads),
        cmocka_unit_test_setup_teardown(output_ends_before_a_reader_that_is_stuck, remove_path, remove_path),
    };
    return cmocka_run_group_tests(tests, set_path, NULL);
}
