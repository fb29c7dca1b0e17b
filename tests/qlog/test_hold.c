#include "qlog/hold.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static int folder_open(const struct fixture *f)
{
    return open(f->dir, O_RDONLY | O_DIRECTORY);
}

static void put(int dir_fd, const char *text)
{
    int fd = openat(dir_fd, HOLD_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void days_are_written_as_people_write_them(void **state)
{
    char text[HOLD_DAY_MAX];
    uint32_t day;
    (void)state;
    assert_int_equal(hold_day_from_text("2026-11-29", &day), 0);
    assert_string_equal(hold_day_to_text(day, text), "2026-11-29");
    assert_int_equal(hold_day_from_text("2024-02-29", &day), 0);
    static const char *const wrong[] = {"",           "2026-11", "2026-02-30", "29.11.2026", "2026-11-29 ",
                                        "1969-12-31", "2026-1-2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(hold_day_from_text(wrong[i], &day), ERR_MALFORMED);
}

static void a_hold_covers_its_days_until_it_is_released(void **state)
{
    struct fixture f;
    struct hold_list list;
    const struct hold hold = {.from_day = 100, .to_day = 102, .by = "jones", .reason = "an \"incident\"\n"};
    uint32_t first;
    uint32_t second;
    (void)state;
    fixture_begin(&f);
    int fd = folder_open(&f);
    assert_int_equal(hold_add(fd, &hold, &first), 0);
    assert_int_equal(hold_add(fd, &hold, &second), 0);
    assert_int_equal(second, first + 1);
    assert_int_equal(hold_remove(fd, first), 0);
    assert_int_equal(hold_remove(fd, first), ERR_NOENT);
    assert_int_equal(hold_list_load(fd, &list), 0);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.holds[0].reason, hold.reason);
    assert_false(hold_list_covers(&list, 0, 99));
    assert_true(hold_list_covers(&list, 0, 100));
    assert_true(hold_list_covers(&list, 101, 101));
    assert_true(hold_list_covers(&list, 102, 900));
    assert_false(hold_list_covers(&list, 103, 900));
    hold_list_done(&list);
    close(fd);
    fixture_end(&f);
}

static void without_a_file_nothing_is_held(void **state)
{
    struct fixture f;
    struct hold_list list;
    (void)state;
    fixture_begin(&f);
    int fd = folder_open(&f);
    assert_int_equal(hold_list_load(fd, &list), 0);
    assert_false(hold_list_covers(&list, 0, UINT32_MAX));
    hold_list_done(&list);
    close(fd);
    fixture_end(&f);
}

static void a_file_that_cannot_be_read_holds_everything_and_is_not_replaced(void **state)
{
    static const char *const texts[] = {
        "x\n", "{}\n",
        "{\"id\": 1, \"from\": \"2026-11-02\", \"to\": \"2026-11-06\", \"by\": \"a\", \"reason\": \"b\"}",
        "{\"id\": 1, \"from\": \"2026-11-07\", \"to\": \"2026-11-06\", \"by\": \"a\", \"reason\": \"b\"}\n"};
    struct fixture f;
    struct hold_list list;
    const struct hold hold = {.from_day = 1, .to_day = 2, .by = "a", .reason = "b"};
    uint32_t id;
    (void)state;
    fixture_begin(&f);
    int fd = folder_open(&f);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put(fd, texts[i]);
        assert_int_equal(hold_list_load(fd, &list), 0);
        assert_true(list.unreadable);
        assert_true(hold_list_covers(&list, 20000, 20000));
        hold_list_done(&list);
        assert_int_equal(hold_add(fd, &hold, &id), ERR_DAMAGED);
    }
    close(fd);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_written_as_people_write_them),
        cmocka_unit_test(a_hold_covers_its_days_until_it_is_released),
        cmocka_unit_test(without_a_file_nothing_is_held),
        cmocka_unit_test(a_file_that_cannot_be_read_holds_everything_and_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
