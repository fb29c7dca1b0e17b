#include "statutory/statutory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "statutory/internal.h"
#include "statutory/older.h"
#include "support/statutory_list.h"

static unsigned find(const struct statutory *list, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    return statutory_find(list, &key);
}

static void list_finds_hosts_and_what_is_below_them(void **state)
{
    static const char *const hosts[] = {"bad.example",   "deep.a.b.c.example", "=one.example",         "*under.example",
                                        "=both.example", "*both.example",      "xn--bcher-kva.example"};
    static const struct {
        const char *name;
        unsigned labels;
    } rows[] = {
        {".", 0},
        {"example", 0},
        {"bad.example", 2},
        {"BAD.Example", 2},
        {"www.bad.example", 2},
        {"a.b.c.d.e.f.bad.example", 2},
        {"notbad.example", 0},
        {"bad.example.com", 0},
        {"b.c.example", 0},
        {"deep.a.b.c.example", 5},
        {"x.deep.a.b.c.example", 5},
        {"one.example", 2},
        {"x.one.example", 0},
        {"under.example", 0},
        {"x.under.example", 2},
        {"both.example", 2},
        {"x.both.example", 2},
        {"xn--bcher-kva.example", 2},
        {"nul\\000.bad.example", 2}, /* below a host that is listed whole, whatever its own label */
        {"a\\000.one.example", 0},
    };
    struct statutory *list = statutory_list(hosts, sizeof hosts / sizeof hosts[0], 7);
    (void)state;
    assert_int_equal(statutory_generation(list), 7);
    assert_int_equal(statutory_count(list), 6);
    assert_int_equal(statutory_feed_count(list), 1);
    assert_string_equal(statutory_feed(list, 0)->name, "test");
    assert_null(statutory_feed(list, 1));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned labels = find(list, rows[i].name);
        if (labels != rows[i].labels)
            fail_msg("%s: %u labels, not %u", rows[i].name, labels, rows[i].labels);
    }
    statutory_close(list);
}

static void list_of_nothing_finds_nothing(void **state)
{
    struct statutory *list = statutory_list(NULL, 0, 1);
    (void)state;
    assert_int_equal(statutory_count(list), 0);
    assert_int_equal(find(list, "www.example"), 0);
    statutory_close(list);
}

#define MANY 5000

static void list_of_many_finds_each_and_no_other(void **state)
{
    char(*texts)[32] = calloc(MANY, sizeof *texts);
    const char **hosts = calloc(MANY, sizeof *hosts);
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "h%d.example", 2 * i);
        hosts[i] = texts[i];
    }
    struct statutory *list = statutory_list(hosts, MANY, 1);
    for (int i = 0; i < 2 * MANY; i++) {
        char name[40];
        snprintf(name, sizeof name, "www.h%d.example", i);
        assert_int_equal(find(list, name), i % 2 == 0 ? 2 : 0);
    }
    statutory_close(list);
    free(hosts);
    free(texts);
}

static void ids_are_of_the_listed_host_and_tell_nothing(void **state)
{
    static const char *const hosts[] = {"bad.example", "worse.example"};
    static const char *const asked[] = {"bad.example", "www.bad.example", "WWW.BAD.example", "worse.example"};
    uint8_t ids[4][NAME_MAX_LEN];
    char text[NAME_TEXT_MAX];
    struct statutory *list = statutory_list(hosts, 2, 1), *next = statutory_list(hosts, 1, 2);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        uint8_t name[NAME_MAX_LEN];
        struct name_key key;
        assert_true(name_from_text(asked[i], strlen(asked[i]), name) > 0);
        name_key_make(name, &key);
        size_t len = statutory_opaque_name(i == 1 ? next : list, &key, 2, ids[i]);
        assert_int_equal(name_check(ids[i], len), len);
        name_to_text(ids[i], text);
        assert_int_equal(strspn(text, "0123456789abcdef"), 16);
        assert_string_equal(text + 16, ".statutory.invalid");
    }
    assert_memory_equal(ids[0], ids[1], 17); /* the same in the next generation */
    assert_memory_equal(ids[0], ids[2], 17);
    assert_memory_not_equal(ids[0], ids[3], 17);
    statutory_close(list);
    statutory_close(next);
}

/* ---- files ---- */

struct fixture {
    char folder[64], path[80];
};

static int make(void **state)
{
    static const char *const hosts[] = {"secret-one.example", "secret-two.example"};
    static struct fixture f;
    strcpy(f.folder, "/tmp/belisha-statutory-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    statutory_list_write(f.folder, "list.mdb", hosts, 2, 3);
    snprintf(f.path, sizeof f.path, "%s/list.mdb", f.folder);
    *state = &f;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *f = *state;
    char key[80];
    snprintf(key, sizeof key, "%s/key", f->folder);
    unlink(key);
    unlink(f->path);
    rmdir(f->folder);
    return 0;
}

static size_t slurp(const char *path, uint8_t **out)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    *out = malloc((size_t)st.st_size);
    assert_int_equal(read(fd, *out, (size_t)st.st_size), st.st_size);
    close(fd);
    return (size_t)st.st_size;
}

static void spill(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, len, to), len);
    assert_int_equal(fclose(to), 0);
}

static void file_does_not_hold_the_names(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    uint8_t *bytes;
    size_t len = slurp(f->path, &bytes);
    assert_null(memmem(bytes, len, "secret", 6));
    free(bytes);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0137, 0); /* 0640 at most */
}

static void file_needs_its_own_key(void **state)
{
    struct fixture *f = *state;
    struct statutory *list = NULL;
    char key[80], why[128];
    snprintf(key, sizeof key, "%s/key", f->folder);
    spill(key, (const uint8_t *)"another key bits", 16);
    assert_int_equal(statutory_open(f->path, &list, why, sizeof why), ERR_DAMAGED);
    assert_non_null(strstr(why, "key beside it"));
    spill(key, (const uint8_t *)"short", 5);
    assert_int_equal(statutory_open(f->path, &list, why, sizeof why), ERR_DAMAGED);
    assert_non_null(strstr(why, "16 bytes"));
    unlink(key);
    assert_int_equal(statutory_open(f->path, &list, why, sizeof why), ERR_NOENT);
    assert_non_null(strstr(why, "cannot open its key"));
    assert_null(list);
}

static void file_that_was_changed_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes;
    size_t len = slurp(f->path, &bytes);
    size_t refused = 0;
    for (size_t at = 0; at < len; at += 19) {
        struct statutory *list = NULL;
        bytes[at] ^= 0x41;
        spill(f->path, bytes, len);
        bytes[at] ^= 0x41;
        int err = statutory_open(f->path, &list, NULL, 0);
        refused += err < 0;
        if (err == 0) { /* a byte that means nothing */
            assert_int_equal(find(list, "www.secret-one.example"), 2);
            assert_int_equal(find(list, "example"), 0);
            statutory_close(list);
        }
    }
    assert_true(refused > 10);
    for (size_t cut = 0; cut < len; cut += 4096) {
        struct statutory *list = NULL;
        spill(f->path, bytes, cut);
        assert_true(statutory_open(f->path, &list, NULL, 0) < 0);
    }
    free(bytes);
}

static void file_of_another_version_says_so(void **state)
{
    struct fixture *f = *state;
    struct statutory *list;
    uint8_t *bytes;
    char why[128];
    const uint64_t magic = STATUTORY_MAGIC;
    size_t len = slurp(f->path, &bytes);
    uint8_t *meta = memmem(bytes, len, &magic, sizeof magic);
    assert_non_null(meta);
    meta[offsetof(struct statutory_meta, version)] = 9;
    spill(f->path, bytes, len);
    assert_int_equal(statutory_open(f->path, &list, why, sizeof why), ERR_FORMAT_VERSION);
    assert_string_equal(why, "its format is version 9, this program reads version 1");
    free(bytes);
}

static void older_generation_takes_the_place_of_a_damaged_one(void **state)
{
    static const char *const hosts[] = {"old.example"};
    struct fixture *f = *state;
    struct statutory *list = NULL;
    char current[80], path[96];
    snprintf(current, sizeof current, "%s/current", f->folder);
    assert_int_equal(older_open(current, &list), ERR_NOENT);
    assert_int_equal(older_open("", &list), ERR_NOENT);
    for (uint64_t n = 9; n <= 11; n++) {
        snprintf(path, sizeof path, "generation-%d.mdb", (int)n);
        statutory_list_write(f->folder, path, hosts, 1, n);
    }
    snprintf(path, sizeof path, "%s/generation-11.mdb", f->folder);
    spill(path, (const uint8_t *)"damaged", 7);
    assert_int_equal(older_open(current, &list), 0);
    assert_int_equal(statutory_generation(list), 10);
    statutory_close(list);
    for (int n = 9; n <= 11; n++) {
        snprintf(path, sizeof path, "%s/generation-%d.mdb", f->folder, n);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_finds_hosts_and_what_is_below_them),
        cmocka_unit_test(list_of_nothing_finds_nothing),
        cmocka_unit_test(list_of_many_finds_each_and_no_other),
        cmocka_unit_test(ids_are_of_the_listed_host_and_tell_nothing),
        cmocka_unit_test_setup_teardown(file_does_not_hold_the_names, make, unmake),
        cmocka_unit_test_setup_teardown(file_needs_its_own_key, make, unmake),
        cmocka_unit_test_setup_teardown(file_that_was_changed_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(file_of_another_version_says_so, make, unmake),
        cmocka_unit_test_setup_teardown(older_generation_takes_the_place_of_a_damaged_one, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
