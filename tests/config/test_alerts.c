/* Who is told what, and by which way, as it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/written.h"

static void without_a_word_there_are_rules_and_nobody_to_tell(void **state)
{
    (void)state;
    struct config *config = written_load("");
    assert_non_null(config);
    assert_null(config->delivery.mail.server);
    assert_int_equal(config->delivery.recipient_count, 0);
    assert_int_equal(config->alerts.rule_count, 4);
    assert_string_equal(config->alerts.rules[0].name, "self-harm");
    assert_int_equal(config->alerts.rules[0].categories, CATEGORY_BIT(CATEGORY_SELF_HARM));
    assert_true(config->alerts.rules[0].urgent);
    assert_int_equal(config->alerts.identities, CONFIG_IDENTITIES_REFERENCE);
    assert_string_equal(config->alerts.dir, "/var/lib/belisha/alerts");
    config_free(config);
}

static void a_school_tells_its_people(void **state)
{
    (void)state;
    struct config *config =
        written_load("state_dir: /state\n"
             "mail: { server: smtp.school.example, from: belisha@school.example, user: b, "
             "password_file: mail.password, ca: /etc/ca.pem }\n"
             "webhooks: [{ name: incidents, url: https://h.example/x, secret_file: hook }]\n"
             "syslog:\n"
             "  - { name: siem, server: log.school.example, facility: local3 }\n"
             "  - { name: here, transport: local }\n"
             "recipients:\n"
             "  - { role: safeguarding, mail: [dsl@school.example, d@school.example], webhook: incidents }\n"
             "  - { role: technical, syslog: [siem, here], folder: /srv/alerts }\n"
             "alerts:\n"
             "  quiet_hours: [Mon-Fri 18:00-07:30, \"Sat,Sun\"]\n"
             "  rules:\n"
             "    - { name: ways-round, categories: [circumvention], to: technical, names: 3 }\n");
    assert_string_equal(written_message, "");
    assert_non_null(config);
    const struct config_delivery *d = &config->delivery;
    assert_int_equal(d->mail.port, 587);
    assert_string_equal(d->mail.password_file, "/state/mail.password");
    assert_string_equal(d->webhooks[0].secret_file, "/state/hook");
    assert_int_equal(d->syslogs[0].transport, CONFIG_SYSLOG_TLS);
    assert_int_equal(d->syslogs[0].port, 6514);
    assert_int_equal(d->syslogs[0].facility, 19);
    assert_string_equal(d->syslogs[1].server, "/dev/log");
    assert_int_equal(d->recipient_count, 6);
    assert_string_equal(d->recipients[1].target, "mail:d@school.example");
    assert_string_equal(d->recipients[2].target, "webhook:incidents");
    assert_string_equal(d->recipients[5].target, "folder:/srv/alerts");
    assert_string_equal(d->recipients[5].role, "technical");
    assert_int_equal(config->alerts.quiet_count, 2);
    assert_int_equal(config->alerts.rule_count, 1);
    assert_int_equal(config->alerts.rules[0].names, 3);
    assert_int_equal(config->alerts.rules[0].questions, 3);
    config_free(config);
}

static void what_would_not_work_is_refused_and_says_why(void **state)
{
    static const char *const cases[][2] = {
        {"mail: { server: a }", "mail.from"},
        {"mail: { server: a, from: \"B <b@c>\" }", "must be a mail address"},
        {"mail: { server: a, from: b@c, tls: none }", "on this machine"},
        {"mail: { server: a, from: b@c, user: x }", "go together"},
        {"mail: { server: 127.0.0.1.x.example, from: b@c, tls: none }", "on this machine"},
        {"mail: { server: \"a\\r\\nRCPT TO:\", from: b@c }", "name or address alone"},
        {"mail: { server: \"smtp.school.example:25\", from: b@c }", "name or address alone"},
        {"syslog: [{ name: a, server: \"tls://x\" }]", "name or address alone"},
        {"mail: { server: a, from: b@c, tls: maybe }", "starttls, implicit or none"},
        {"webhooks: [{ name: a b, url: https://x, secret_file: s }]", "letters, digits"},
        {"webhooks: [{ name: a, url: http://x, secret_file: s }]", "https://"},
        {"webhooks: [{ name: a, url: http://127.0.0.1:80@x.example/, secret_file: s }]", "this machine itself"},
        {"webhooks: [{ name: a, url: http://localhost.x.example/, secret_file: s }]", "this machine itself"},
        {"webhooks: [{ name: a, url: https://u:word@x.example/, secret_file: s }]", "without a user"},
        {"webhooks: [{ name: a, url: https://x }]", "secret_file"},
        {"webhooks: [{ name: a, url: https://x, secret_file: s }, { name: a, url: https://x, secret_file: s }]",
         "twice"},
        {"syslog: [{ name: a }]", "needs a server"},
        {"syslog: [{ name: a, server: b, facility: loud }]", "kern"},
        {"recipients: [{ role: dsl }]", "needs mail, webhook, syslog or folder"},
        {"recipients: [{ role: dsl, mail: a@b }]", "mail.server"},
        {"recipients: [{ role: dsl, webhook: x }]", "not among the webhooks"},
        {"recipients: [{ role: dsl, syslog: x }]", "not among syslog"},
        {"recipients: [{ role: dsl, folder: x }]", "begins with /"},
        {"alerts: { rules: [{ name: a, categories: [drugz], to: [dsl] }] }", "drugs"},
        {"alerts: { rules: [{ name: a, categories: [], to: [dsl] }] }", "has no categories"},
        {"alerts: { quiet_hours: [Mon 25:00-26:00] }", "25:00"},
        {"alerts: { identities: all }", "reference, initials or full"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(written_load(cases[i][0]));
        if (strstr(written_message, cases[i][1]) == NULL)
            fail_msg("%s\n  should have been refused with '%s', not\n%s", cases[i][0], cases[i][1], written_message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_there_are_rules_and_nobody_to_tell),
        cmocka_unit_test(a_school_tells_its_people),
        cmocka_unit_test(what_would_not_work_is_refused_and_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
