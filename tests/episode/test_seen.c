#include "episode/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char dir[] = "/tmp/belisha-seen-XXXXXX";
static char path[64];

static struct site domain(const char *text)
{
    static uint8_t wire[8][NAME_MAX_LEN];
    static unsigned next;
    uint8_t *at = wire[next++ % 8];
    assert_true(name_from_text(text, strlen(text), at) > 0);
    return (struct site){.kind = SITE_PLAIN, .domain = at};
}

static struct seen *some(void)
{
    struct seen *seen;
    struct site site;
    assert_int_equal(seen_new(&seen), 0);
    for (int i = 0; i < 3000; i++) {
        char text[32];
        snprintf(text, sizeof text, "site%d.example", i);
        site = domain(text);
        assert_int_equal(seen_add(seen, &site, (uint16_t)(20000 + i % 9)), 0);
    }
    site = (struct site){.kind = SITE_SERVICE, .service = "BBC"};
    assert_int_equal(seen_add(seen, &site, 20100), 0);
    seen_knows(seen, 20000);
    return seen;
}

static void the_earliest_day_counts(void **state)
{
    struct seen *seen;
    struct site site = domain("example.com");
    assert_int_equal(seen_new(&seen), 0);
    assert_int_equal(seen_day(seen, &site), -1);
    assert_int_equal(seen_add(seen, &site, 200), 0);
    assert_int_equal(seen_add(seen, &site, 100), 0);
    assert_int_equal(seen_add(seen, &site, 300), 0);
    assert_int_equal(seen_day(seen, &site), 100);
    assert_int_equal(seen_count(seen), 1);
    assert_int_equal(seen_since(seen), UINT16_MAX);
    seen_free(seen);
    (void)state;
}

static void a_service_is_not_the_domain_of_that_name(void **state)
{
    struct seen *seen = some();
    struct site site = {.kind = SITE_SERVICE, .service = "BBC"};
    assert_int_equal(seen_day(seen, &site), 20100);
    site = domain("bbc");
    assert_int_equal(seen_day(seen, &site), -1);
    seen_free(seen);
    (void)state;
}

static void what_is_saved_is_read_again(void **state)
{
    struct seen *seen = some(), *again;
    struct stat info;
    assert_int_equal(seen_save(seen, path), 0);
    assert_int_equal(seen_save(seen, path), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(seen_open(path, &again), 0);
    assert_int_equal(seen_count(again), 3001);
    assert_int_equal(seen_since(again), 20000);
    struct site site = domain("site17.example");
    assert_int_equal(seen_day(again, &site), 20000 + 17 % 9);
    site = domain("site3000.example");
    assert_int_equal(seen_day(again, &site), -1);
    seen_free(again);
    seen_free(seen);
    (void)state;
}

/* A file that tells which sites a school was at, for years, would be a log without an end. */
static void the_file_has_no_names(void **state)
{
    struct seen *seen = some();
    char *bytes;
    size_t len;
    assert_int_equal(seen_save(seen, path), 0);
    assert_int_equal(file_read_path(path, 1 << 20, &bytes, &len), 0);
    assert_null(memmem(bytes, len, "site17", 6));
    assert_null(memmem(bytes, len, "BBC", 3));
    free(bytes);
    seen_free(seen);
    (void)state;
}

static void every_damage_is_found(void **state)
{
    struct seen *seen = some(), *again;
    char *bytes;
    size_t len;
    assert_int_equal(seen_save(seen, path), 0);
    assert_int_equal(file_read_path(path, 1 << 20, &bytes, &len), 0);
    for (size_t i = 0; i < len; i += i < 64 ? 1 : 997) {
        bytes[i] ^= 1;
        assert_true(seen_parse((const uint8_t *)bytes, len, &again) < 0);
        bytes[i] ^= 1;
        assert_true(seen_parse((const uint8_t *)bytes, i, &again) < 0);
    }
    free(bytes);
    seen_free(seen);
    (void)state;
}

static void a_file_that_is_not_there_is_said(void **state)
{
    struct seen *seen;
    assert_int_equal(seen_open("/tmp/belisha-no-such-file", &seen), ERR_NOENT);
    (void)state;
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/sites-seen", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_day_counts),     cmocka_unit_test(a_service_is_not_the_domain_of_that_name),
        cmocka_unit_test(what_is_saved_is_read_again), cmocka_unit_test(the_file_has_no_names),
        cmocka_unit_test(every_damage_is_found),       cmocka_unit_test(a_file_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
