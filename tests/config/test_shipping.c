/* Destinations of the query log, as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/written.h"

static void without_a_word_nothing_is_sent(void **state)
{
    (void)state;
    struct config *config = written_load("");
    assert_non_null(config);
    assert_int_equal(config->shipping.count, 0);
    assert_null(config->shipping.site);
    config_free(config);
}

static void a_destination_is_taken_as_it_is_written(void **state)
{
    (void)state;
    struct config *config =
        written_load("state_dir: /state\n"
             "shipping:\n"
             "  site: oakfield\n"
             "  destinations:\n"
             "    - name: region\n"
             "      kind: clickhouse\n"
             "      address: [https://a.example:8443, https://b.example:8443]\n"
             "      user: oakfield\n"
             "      password: keys/password\n"
             "      pseudonym_key: /trust-key\n"
             "      keep_until_shipped: 14d\n"
             "    - name: county-2\n"
             "      kind: kafka\n"
             "      address: kafka.example:9093\n"
             "      identities: full\n"
             "      reason: the trust's own helpdesk answers for the school\n"
             "      settings: { security.protocol: SASL_SSL, sasl.username: oakfield }\n"
             "      secrets: { sasl.password: keys/kafka }\n"
             "    - { name: siem, kind: syslog, address: 'tcp://10.0.0.9:514', identities: none, rows: blocked }\n");
    assert_non_null(config);
    assert_string_equal(config->shipping.site, "oakfield");
    assert_int_equal(config->shipping.count, 3);
    const struct destination *d = config->shipping.destinations;
    assert_int_equal(d[0].kind, DESTINATION_CLICKHOUSE);
    assert_int_equal(d[0].address_count, 2);
    assert_string_equal(d[0].addresses[1], "https://b.example:8443");
    assert_string_equal(d[0].table, "belisha.rows");
    assert_string_equal(d[0].password_file, "/state/keys/password");
    assert_string_equal(d[0].pseudonym_file, "/trust-key");
    assert_int_equal(d[0].identities, IDENTITIES_PSEUDONYM);
    assert_true(d[0].keep_until_shipped_s == 14 * 86400);
    assert_true(d[0].alarm_after_s == 6 * 3600);
    assert_int_equal(d[1].identities, IDENTITIES_FULL);
    assert_string_equal(d[1].topic, "belisha");
    assert_int_equal(d[1].setting_count, 2);
    assert_string_equal(d[1].settings[0].key, "security.protocol");
    assert_string_equal(d[1].settings[0].value, "SASL_SSL");
    assert_string_equal(d[1].secrets[0].value, "/state/keys/kafka");
    assert_true(d[2].blocked_only);
    assert_false(d[1].blocked_only);
    config_free(config);
}

#define ONE(rest) "shipping: { destinations: [ { " rest " } ] }\n"

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {ONE("name: Region, kind: clickhouse, address: 'https://a', identities: none"), "small letters"},
        {ONE("name: ../up, kind: clickhouse, address: 'https://a', identities: none"), "small letters"},
        {ONE("name: r, kind: clickhouse, address: 'a:8443', identities: none"), "must be https://HOST:PORT"},
        {ONE("name: r, kind: clickhouse, address: 'https://a?query=DROP', identities: none"),
         "must be https://HOST:PORT"},
        {ONE("name: r, kind: clickhouse, address: 'https://u:word@a', identities: none"), "must be https://HOST:PORT"},
        {ONE("name: r, kind: clickhouse, address: 'http://a', identities: none, user: u, password: p"), "in clear"},
        {ONE("name: r, kind: kafka, address: 'https://a', identities: none"), "must be HOST:PORT"},
        {ONE("name: r, kind: syslog, address: 'udp://a:1', identities: none"), "tls://HOST:PORT or tcp://HOST:PORT"},
        {ONE("name: r, kind: clickhouse, address: 'https://a'"), "needs a pseudonym_key"},
        {ONE("name: r, kind: clickhouse, address: 'https://a', identities: full"), "`reason` must say why"},
        {ONE("name: r, kind: clickhouse, address: 'http://a', identities: full, reason: x"), "reached by TLS"},
        {ONE("name: r, kind: clickhouse, address: ['https://a', 'http://b'], identities: full, reason: x"),
         "reached by TLS"},
        {ONE("name: r, kind: kafka, address: 'a:9092', identities: full, reason: x"), "security.protocol: SSL"},
        {ONE("name: r, kind: kafka, address: 'a:9092', identities: full, reason: x, "
             "settings: { security.protocol: sasl_plaintext }"),
         "reached by TLS"},
        {ONE("name: r, kind: syslog, address: 'tcp://a:1', identities: full, reason: x"), "tls://"},
        {ONE("name: r, kind: clickhouse, address: 'https://a', identities: none, table: 'x; DROP'"), "letters, digits"},
        {ONE("name: r, kind: oracle, address: 'https://a', identities: none"), "clickhouse"},
        {ONE("name: r, kind: clickhouse, address: [], identities: none"), "has no address"},
        {"shipping: { destinations: [ { name: r, kind: kafka, address: 'a:1', identities: none }, "
         "{ name: r, kind: kafka, address: 'a:1', identities: none } ] }\n",
         "given twice"},
        {"shipping: { site: 'oak field' }\n", "without blanks"},
        {"shipping: { site: 'oak/field' }\n", "without blanks"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(written_load(cases[i].text));
        if (strstr(written_message, cases[i].said) == NULL)
            fail_msg("%s\nsays: %s\nnot: %s", cases[i].text, written_message, cases[i].said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_nothing_is_sent),
        cmocka_unit_test(a_destination_is_taken_as_it_is_written),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
