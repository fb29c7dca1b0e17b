#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls/certificate.h"
#include "tls/identity.h"

static struct certificate first, second, locked;

static void tls_identity_takes_a_certificate_with_its_key(void **state)
{
    struct tls_identity_opts opts = {first.cert, first.key};
    struct tls_identity *identity = NULL;
    char why[TLS_WHY_MAX];
    (void)state;
    assert_int_equal(tls_identity_load(&opts, &identity, why), 0);
    tls_identity_free(identity);
    tls_identity_free(NULL);
}

static void tls_identity_says_which_file_is_wrong_and_how(void **state)
{
    char nowhere[128], text[128];
    snprintf(nowhere, sizeof nowhere, "%s/nowhere.pem", first.dir);
    snprintf(text, sizeof text, "%s/text.pem", first.dir);
    FILE *file = fopen(text, "w");
    fputs("no certificate\n", file);
    fclose(file);
    const struct {
        const char *cert, *key, *file;
        int err;
    } cases[] = {
        {nowhere, first.key, nowhere, ERR_NOENT},
        {first.cert, nowhere, nowhere, ERR_NOENT},
        {text, first.key, text, ERR_CONFIG},
        {first.cert, text, text, ERR_CONFIG},
        {first.key, first.cert, first.key, ERR_CONFIG}, /* the one for the other */
        {first.cert, second.key, second.key, ERR_CONFIG},
        {locked.cert, locked.key, locked.key, ERR_CONFIG}, /* nobody is there to say the password */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_identity_opts opts = {cases[i].cert, cases[i].key};
        struct tls_identity *identity = NULL;
        char why[TLS_WHY_MAX];
        assert_int_equal(tls_identity_load(&opts, &identity, why), cases[i].err);
        assert_null(identity);
        assert_non_null(strstr(why, cases[i].file));
    }
    unlink(text);
}

static int set_up(void **state)
{
    (void)state;
    certificate_make(&first, "one.test", NULL);
    certificate_make(&second, "two.test", NULL);
    certificate_make(&locked, "three.test", "secret");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    certificate_remove(&first);
    certificate_remove(&second);
    certificate_remove(&locked);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_identity_takes_a_certificate_with_its_key),
        cmocka_unit_test(tls_identity_says_which_file_is_wrong_and_how),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
