#include "recursion/unbound_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/name.h"

static const struct recursion_opts plain = {.used = true,
                                            .program = "/usr/sbin/unbound",
                                            .dir = "/tmp",
                                            .trust_anchor = "/usr/share/dns/root.key",
                                            .validate = true,
                                            .ipv4 = true,
                                            .ipv6 = true,
                                            .memory_bytes = 64 << 20,
                                            .threads = 1,
                                            .streams = 12};

/* The text's line that begins with the option, without blanks; the caller frees it. NULL: there is none. */
static char *value_of(const struct recursion_opts *opts, const char *option)
{
    struct text out = {0};
    char *found = NULL;
    unbound_conf_write(opts, &out);
    assert_true(text_ok(&out));
    for (char *line = strtok(out.bytes, "\n"); line != NULL && found == NULL; line = strtok(NULL, "\n")) {
        line += strspn(line, " ");
        if (strncmp(line, option, strlen(option)) == 0 && line[strlen(option)] == ':')
            found = strdup(line + strlen(option) + 2);
    }
    text_done(&out);
    return found;
}

static void assert_value(const struct recursion_opts *opts, const char *option, const char *value)
{
    char *found = value_of(opts, option);
    if (value == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
    free(found);
}

static void a_name_asked_for_goes_to_no_log(void **state)
{
    (void)state;
    assert_value(&plain, "verbosity", "0");
    assert_value(&plain, "val-log-level", "0");
    assert_value(&plain, "log-queries", "no");
    assert_value(&plain, "log-servfail", "no");
}

static void it_serves_nobody_but_this_machine(void **state)
{
    struct text out = {0};
    const struct endpoint at = {.addr = ipaddr_from_v4((const uint8_t[]){127, 0, 0, 1}), .port = 4711};
    (void)state;
    unbound_conf_write_listen(&at, &out);
    assert_non_null(strstr(out.bytes, "    interface: 127.0.0.1@4711\n"));
    text_done(&out);
    unbound_conf_write(&plain, &out);
    assert_non_null(strstr(out.bytes, "access-control: 0.0.0.0/0 refuse\n"));
    assert_non_null(strstr(out.bytes, "access-control: ::0/0 refuse\n"));
    assert_null(strstr(out.bytes, "interface:"));
    text_done(&out);
}

static void validation_is_as_said(void **state)
{
    struct recursion_opts opts = plain;
    static const char text[] = "a\\\"b\\013.under_score.x-y.example";
    uint8_t odd[NAME_MAX_LEN];
    uint8_t root[1] = {0};
    const uint8_t *insecure[] = {odd};
    (void)state;
    assert_true(name_from_text(text, strlen(text), odd) > 0);
    assert_value(&opts, "module-config", "\"validator iterator\"");
    assert_value(&opts, "auto-trust-anchor-file", "\"/tmp/trust-anchor.key\"");
    assert_value(&opts, "domain-insecure", NULL);
    opts.insecure = insecure;
    opts.insecure_count = 1;
    assert_value(&opts, "domain-insecure", "\"a\\034b\\013.under_score.x-y.example.\"");
    insecure[0] = root;
    assert_value(&opts, "domain-insecure", "\".\"");
    opts.validate = false;
    assert_value(&opts, "module-config", "\"iterator\"");
    assert_value(&opts, "auto-trust-anchor-file", NULL);
    assert_value(&opts, "domain-insecure", NULL);
}

static void the_network_is_as_said(void **state)
{
    struct recursion_opts opts = plain;
    const struct ipaddr outgoing[] = {ipaddr_from_v4((const uint8_t[]){192, 0, 2, 7})};
    (void)state;
    assert_value(&opts, "do-ip6", "yes");
    assert_value(&opts, "outgoing-interface", NULL);
    assert_value(&opts, "root-hints", NULL);
    opts.ipv6 = false;
    opts.outgoing = outgoing;
    opts.outgoing_count = 1;
    opts.root_hints = "/etc/hints";
    assert_value(&opts, "do-ip4", "yes");
    assert_value(&opts, "do-ip6", "no");
    assert_value(&opts, "outgoing-interface", "192.0.2.7");
    assert_value(&opts, "root-hints", "\"/etc/hints\"");
}

static void memory_is_shared_out_whole(void **state)
{
    static const char *const parts[] = {"rrset-cache-size", "msg-cache-size", "key-cache-size", "neg-cache-size"};
    unsigned long long sum = 0;
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *value = value_of(&plain, parts[i]);
        assert_non_null(value);
        sum += strtoull(value, NULL, 10);
        free(value);
    }
    assert_int_equal(sum, plain.memory_bytes);
}

static void paths_that_would_end_their_quotes_are_not_taken(void **state)
{
    (void)state;
    assert_true(unbound_conf_takes("/var/lib/belisha/a b#c'd\\é"));
    assert_false(unbound_conf_takes("/a\"b"));
    assert_false(unbound_conf_takes("/a\nb"));
    assert_false(unbound_conf_takes("/a\x7f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_asked_for_goes_to_no_log),
        cmocka_unit_test(it_serves_nobody_but_this_machine),
        cmocka_unit_test(validation_is_as_said),
        cmocka_unit_test(the_network_is_as_said),
        cmocka_unit_test(memory_is_shared_out_whole),
        cmocka_unit_test(paths_that_would_end_their_quotes_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
