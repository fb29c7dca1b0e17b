/* Ids of the statutory list are opened with the compiler's key, or not at all. */
#include "operator/unveil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "tier/ids.h"

static const char lines[] = "00112233445566aa hidden-one.example 1764000000\n"
                            "00112233445566bb hidden-two.example 1764000001\n"
                            "ffffffffffffffff hidden-late.example 1764000002\n";

struct fixture {
    char folder[64], key[80], current[80], ids[80];
};

static void key_write(const struct fixture *f, const char *bytes, size_t len)
{
    FILE *file = fopen(f->key, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static int setup(void **state)
{
    static struct fixture f;
    struct ids ids = {.lines = {0}};
    assert_true(sodium_init() >= 0);
    strcpy(f.folder, "/tmp/belisha-unveil-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.key, sizeof f.key, "%s/vault.key", f.folder);
    snprintf(f.ids, sizeof f.ids, "%s/ids.vault", f.folder);
    snprintf(f.current, sizeof f.current, "%s/current", f.folder);
    struct vault vault = {.dir = f.folder};
    memset(vault.key, 'k', sizeof vault.key);
    bytes_add(&ids.lines, lines, sizeof lines - 1);
    assert_int_equal(ids_save(&ids, &vault), 0);
    ids_done(&ids);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    const struct fixture *f = *state;
    unlink(f->key);
    unlink(f->ids);
    return rmdir(f->folder);
}

static void an_id_is_a_host_again(void **state)
{
    static const struct {
        const char *name, *host;
    } rows[] = {
        {"00112233445566aa.statutory.invalid", "hidden-one.example"},
        {"00112233445566bb.statutory.invalid", "hidden-two.example"},
        {"ffffffffffffffff.statutory.invalid", "hidden-late.example"},
        {"00112233445566cc.statutory.invalid", NULL},
        {"www.00112233445566aa.statutory.invalid", NULL},
        {"statutory.invalid", NULL},
        {"hidden-one.example", NULL},
        {"", NULL},
    };
    const struct fixture *f = *state;
    struct unveil *unveil;
    key_write(f, "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", VAULT_KEY_LEN);
    assert_int_equal(unveil_open(f->current, &unveil), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *host = unveil_name(unveil, rows[i].name, strlen(rows[i].name));
        if (rows[i].host == NULL)
            assert_null(host);
        else
            assert_string_equal(host, rows[i].host);
    }
    assert_int_equal(unveil_count(unveil), 3);
    unveil_close(unveil);
}

static void without_the_right_key_nothing_is_told_and_none_is_made(void **state)
{
    const struct fixture *f = *state;
    struct unveil *unveil;
    key_write(f, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", VAULT_KEY_LEN);
    assert_int_equal(unveil_open(f->current, &unveil), ERR_DAMAGED);
    key_write(f, "short", 5);
    assert_int_equal(unveil_open(f->current, &unveil), ERR_DAMAGED);
    unlink(f->key);
    assert_int_equal(unveil_open(f->current, &unveil), ERR_NOENT);
    assert_int_not_equal(access(f->key, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_a_host_again),
        cmocka_unit_test(without_the_right_key_nothing_is_told_and_none_is_made),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
