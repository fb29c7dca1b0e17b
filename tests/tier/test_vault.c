#include "tier/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "tier/files.h"

struct fixture {
    char folder[64], path[80];
    struct vault vault;
};

static int make(void **state)
{
    static struct fixture f;
    if (sodium_init() < 0)
        return -1;
    strcpy(f.folder, "/tmp/belisha-vault-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    f.vault = (struct vault){.dir = f.folder, .key = {1, 2, 3}};
    snprintf(f.path, sizeof f.path, "%s/box", f.folder);
    *state = &f;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    rmdir(f->folder);
    return 0;
}

static void vault_gives_back_what_was_put_in(void **state)
{
    static const char *const contents[] = {"", "x", "+secret.example\n/secret.example/page\n"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        uint8_t *bytes, *file;
        size_t len, file_len;
        struct stat st;
        assert_int_equal(vault_put(&f->vault, "box", contents[i], strlen(contents[i])), 0);
        assert_int_equal(vault_get(&f->vault, "box", &bytes, &len), 0);
        assert_int_equal(len, strlen(contents[i]));
        assert_memory_equal(bytes, contents[i], len);
        assert_int_equal(files_read_path(f->path, 4096, &file, &file_len), 0);
        assert_null(memmem(file, file_len, "secret", 6));
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        free(bytes);
        free(file);
    }
}

static void vault_refuses_what_was_changed_or_is_of_another_key(void **state)
{
    struct fixture *f = *state;
    uint8_t *file, *bytes = NULL;
    size_t file_len, len;
    struct vault other = {.dir = f->folder, .key = {9}};
    assert_int_equal(vault_get(&f->vault, "box", &bytes, &len), ERR_NOENT);
    assert_int_equal(vault_put(&f->vault, "box", "secret", 6), 0);
    assert_int_equal(vault_get(&other, "box", &bytes, &len), ERR_DAMAGED);
    assert_int_equal(files_read_path(f->path, 4096, &file, &file_len), 0);
    for (size_t i = 0; i < file_len; i++) {
        file[i] ^= 1;
        assert_int_equal(files_replace(f->folder, "box", 0600, file, file_len), 0);
        assert_int_equal(vault_get(&f->vault, "box", &bytes, &len), ERR_DAMAGED);
        file[i] ^= 1;
    }
    for (size_t cut = 0; cut < file_len; cut += 7) {
        assert_int_equal(files_replace(f->folder, "box", 0600, file, cut), 0);
        assert_int_equal(vault_get(&f->vault, "box", &bytes, &len), ERR_DAMAGED);
    }
    free(file);
    assert_null(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(vault_gives_back_what_was_put_in, make, unmake),
        cmocka_unit_test_setup_teardown(vault_refuses_what_was_changed_or_is_of_another_key, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
