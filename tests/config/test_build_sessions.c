/* Who may tell of sessions: identity.radius, identity.api, and the files of their secrets. */
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

#include "base/secret.h"
#include "config/config.h"

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-sessions-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/belisha.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    char where[128];
    snprintf(where, sizeof where, "%s/%s", folder, name);
    FILE *to = fopen(where, "we");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    assert_int_equal(chmod(where, mode), 0);
}

/* The first message, or "". */
static const char *load(const char *text, struct config **out)
{
    static char message[512];
    const char *const files[] = {path};
    struct config_errors errors = {0};
    write_file("belisha.yaml", text, 0600);
    message[0] = '\0';
    if (config_load(files, 1, out, &errors) < 0)
        snprintf(message, sizeof message, "%s", errors.count > 0 ? errors.text[0] : "no message");
    config_errors_done(&errors);
    return message;
}

static void nothing_is_taken_without_configuration(void **state)
{
    struct config *config;
    (void)state;
    assert_string_equal(load("workers: 1\n", &config), "");
    assert_int_equal(config->radius.listen_count, 0);
    assert_int_equal(config->api.listen_count, 0);
    assert_null(config->api.socket);
    config_free(config);
}

static void what_is_written_is_what_is_used(void **state)
{
    struct config *config;
    (void)state;
    assert_string_equal(load("state_dir: /srv/b\n"
                             "tls: {certificate: c.pem, key: k.pem}\n"
                             "identity:\n"
                             "  radius:\n"
                             "    listen: [10.0.0.2]\n"
                             "    lifetime: 45m\n"
                             "    nas:\n"
                             "      - {name: wifi, address: [10.0.0.5, 10.1.0.0/16], secret: keys/wifi}\n"
                             "      - {name: nps, address: \"2001:db8::5\", secret: /etc/x, lifetime: 2h,\n"
                             "         message_authenticator: required}\n"
                             "  api:\n"
                             "    listen: [10.0.0.2]\n"
                             "    socket: api.sock\n"
                             "    socket_mode: 0666\n"
                             "    users: [root, 4711]\n"
                             "    ttl: 1h\n"
                             "    tokens:\n"
                             "      - {name: portal, file: t, networks: [10.4.0.0/16]}\n"
                             "      - {name: script, file: u, own_address: yes}\n",
                             &config),
                        "");
    const struct config_radius *radius = &config->radius;
    assert_int_equal(radius->listen[0].port, 1813);
    assert_int_equal(radius->nas_count, 2);
    assert_string_equal(radius->nas[0].secret_file, "/srv/b/keys/wifi");
    assert_int_equal(radius->nas[0].network_count, 2);
    assert_int_equal(radius->nas[0].lifetime_s, 45 * 60);
    assert_false(radius->nas[0].message_authenticator);
    assert_string_equal(radius->nas[1].secret_file, "/etc/x");
    assert_int_equal(radius->nas[1].lifetime_s, 7200);
    assert_true(radius->nas[1].message_authenticator);
    const struct config_api *api = &config->api;
    assert_int_equal(api->listen[0].port, 8443);
    assert_string_equal(api->socket, "/srv/b/api.sock");
    assert_int_equal(api->socket_mode, 0666);
    assert_int_equal(api->uid_count, 2);
    assert_int_equal(api->uids[0], 0);
    assert_int_equal(api->uids[1], 4711);
    assert_int_equal(api->limits.ttl_s, 3600);
    assert_int_equal(api->limits.ttl_max_s, 86400);
    assert_int_equal(api->token_count, 2);
    assert_false(api->tokens[0].own_address);
    assert_true(api->tokens[1].own_address);
    assert_string_equal(config->sessions_path, "/srv/b/state/sessions");
    assert_string_equal(config->tls.certificate, "/srv/b/c.pem"); /* for the API alone */
    config_free(config);
}

static void mistakes_name_their_place(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"identity: {radius: {listen: [10.0.0.2]}}", ":1:30: error: RADIUS accounting needs a NAS"},
        {"identity: {radius: {nas: [{name: a, address: 10.0.0.5}]}}", "secret"},
        {"identity: {radius: {nas: [{name: a, address: [], secret: s}]}}", "NAS 'a' has no address"},
        {"identity: {radius: {nas: [{name: a, address: 10.0.0.5, secret: s}, {name: a, address: 10.0.0.6, secret: "
         "s}]}}",
         ":1:68: error: NAS 'a' is given twice, first in line 1"},
        {"identity: {radius: {nas: [{name: a/b, address: 10.0.0.5, secret: s}]}}", "without /: 'a/b'"},
        {"identity: {radius: {lifetime: 1s}}", "lifetime"},
        {"identity: {api: {listen: [10.0.0.2], tokens: [{name: a, file: f}]}}",
         ":1:27: error: the local API over HTTPS needs a certificate"},
        {"tls: {certificate: c, key: k}\nidentity: {api: {listen: [10.0.0.2]}}",
         ":2:27: error: the local API needs a token over HTTPS"},
        {"identity: {api: {tokens: [{name: a, file: f}, {name: a, file: f}]}}", "token 'a' is given twice"},
        {"identity: {api: {socket: s, users: [nobody-of-that-name]}}",
         ":1:37: error: this machine has no user 'nobody-of-that-name'"},
        {"identity: {api: {socket: s, users: [4294967295]}}", "this machine has no user '4294967295'"},
        {"identity: {api: {socket: s, socket_mode: 0777}}", "socket_mode"},
        {"identity: {api: {ttl: 2d}}", ":1:23: error: ttl is longer than ttl_max"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config *config = NULL;
        const char *message = load(rows[i].text, &config);
        if (strstr(message, rows[i].message) == NULL)
            fail_msg("%s: %s", rows[i].text, message);
        assert_null(config);
    }
}

static void bad_files_of_secrets_are_told(void **state)
{
    const struct {
        const char *secret, *token;
        mode_t mode;
        int err;
    } rows[] = {{"s3cret", "token-0123456789abcdef", 0600, 0},
                {"s3cret", "token-0123456789abcdef", 0604, ERR_CONFIG},
                {"", "token-0123456789abcdef", 0600, ERR_MALFORMED},
                {"s3cret", "short", 0600, ERR_MALFORMED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512], why[SECRET_WHY_MAX];
        struct config *config;
        snprintf(text, sizeof text,
                 "identity: {radius: {nas: [{name: a, address: 10.0.0.5, secret: %s/s}]}, api: {tokens: [{name: a, "
                 "file: %s/t}]}}",
                 folder, folder);
        write_file("s", rows[i].secret, rows[i].mode);
        write_file("t", rows[i].token, 0600);
        assert_string_equal(load(text, &config), "");
        assert_int_equal(config_check_secrets(config, why), rows[i].err);
        if (rows[i].err < 0)
            assert_non_null(strstr(why, folder));
        config_free(config);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_taken_without_configuration),
        TEST(what_is_written_is_what_is_used),
        TEST(mistakes_name_their_place),
        TEST(bad_files_of_secrets_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
