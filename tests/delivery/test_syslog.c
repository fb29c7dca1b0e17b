#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "delivery/syslog.h"

static const struct syslog_opts OPTS = {.transport = SYSLOG_UDP, .facility = 13, .host = "dns 1"};

static char *written(const struct syslog_entry *entry)
{
    struct text text = {0};
    syslog_write(&OPTS, entry, &text);
    assert_true(text_ok(&text));
    return text.bytes;
}

static void an_entry_has_the_form_of_the_standard(void **state)
{
    static const struct message_field fields[] = {{.name = "rule", .value = "a\"b\\c]d\ne"}};
    const struct syslog_entry entry = {.severity = 2,
                                       .time_ns = INT64_C(1796000000123456789),
                                       .kind = "alert",
                                       .text = "Alert 17: gr\xc3\xb6\xc3\x9f\nte\xff",
                                       .id = "alert-17",
                                       .fields = fields,
                                       .field_count = 1};
    char expected[300];
    (void)state;
    snprintf(expected, sizeof expected,
             "<106>1 2026-11-30T00:53:20.123Z dns_1 belisha %ld alert [belisha@32473 id=\"alert-17\" "
             "rule=\"a\\\"b\\\\c\\]d?e\"] \xEF\xBB\xBF"
             "Alert 17: gr\xc3\xb6\xc3\x9f te?",
             (long)getpid());
    char *text = written(&entry);
    assert_string_equal(text, expected);
    free(text);
}

static void what_has_no_fields_says_so(void **state)
{
    const struct syslog_entry entry = {.severity = 5, .kind = "", .text = "x"};
    char *text = written(&entry);
    (void)state;
    assert_non_null(strstr(text, " - - \xEF\xBB\xBFx"));
    free(text);
}

/* A real datagram socket takes the place of /dev/log. */
static void the_socket_of_the_machine_gets_the_older_form(void **state)
{
    char folder[] = "/tmp/belisha-syslog-XXXXXX", why[DELIVER_WHY_MAX], got[SYSLOG_DATAGRAM_MAX + 1];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const struct message m = {.id = "alert-17", .kind = "alert", .subject = "Alert 17", .text = "", .severity = 2};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(at.sun_path, sizeof at.sun_path, "%s/log", folder);
    const struct syslog_opts opts = {
        .transport = SYSLOG_LOCAL, .server = at.sun_path, .facility = 10, .host = "x", .timeout_ms = 1000};
    assert_int_equal(syslog_deliver(&opts, &m, why), OUTCOME_DOWN);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(syslog_deliver(&opts, &m, why), OUTCOME_SENT);
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(len > 0);
    got[len] = '\0';
    assert_int_equal(strncmp(got, "<82>", 4), 0);
    assert_non_null(strstr(got, "]: Alert 17 [belisha@32473 id=\"alert-17\"]"));
    close(fd);
    unlink(at.sun_path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_the_form_of_the_standard),
        cmocka_unit_test(what_has_no_fields_says_so),
        cmocka_unit_test(the_socket_of_the_machine_gets_the_older_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
