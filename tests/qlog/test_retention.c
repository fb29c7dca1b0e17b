#include "qlog/retention.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "qlog/hold.h"
#include "qlog/segment_list.h"
#include "qlog/shipped.h"
#include "qlog/verify.h"

#define DAY_S   FIXTURE_DAY_S
#define FIRST_S FIXTURE_FIRST_S
#define DAYS    FIXTURE_DAYS

static void days_write(const struct fixture *f)
{
    struct qlog_opts opts = fixture_opts(f);
    fixture_days_write(&opts);
}

static struct retention_result expire(const struct fixture *f, const struct retention_opts *opts, int64_t now_s)
{
    struct retention_result result;
    int fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(retention_apply(fd, opts, now_s, &result), 0);
    close(fd);
    return result;
}

static void retention_removes_what_is_older_than_its_days(void **state)
{
    struct fixture f;
    struct retention_opts opts = {.keep_s = 3 * DAY_S};
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    struct retention_result result = expire(&f, &opts, FIRST_S + 9 * DAY_S);
    assert_int_equal(result.removed, 6);
    assert_int_equal(result.kept, 4);
    assert_int_equal(result.oldest_s, FIRST_S + 6 * DAY_S);
    result = expire(&f, &opts, FIRST_S + 9 * DAY_S + 1);
    assert_int_equal(result.removed, 1);
    result = expire(&f, &(struct retention_opts){0}, FIRST_S + 900 * DAY_S);
    assert_int_equal(result.removed, 0);
    fixture_end(&f);
}

static void retention_removes_the_oldest_above_its_bytes(void **state)
{
    struct fixture f;
    struct segment_list list;
    uint64_t last_three = 0;
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    int fd = open(f.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_list(fd, &list), 0);
    close(fd);
    for (size_t i = list.count - 3; i < list.count; i++)
        last_three += list.files[i].bytes;
    segment_list_done(&list);
    struct retention_result result = expire(&f, &(struct retention_opts){.keep_bytes = last_three}, 0);
    assert_int_equal(result.kept, 3);
    assert_int_equal(result.kept_bytes, last_three);
    result = expire(&f, &(struct retention_opts){.keep_bytes = last_three - 1}, 0);
    assert_int_equal(result.kept, 2);
    assert_int_equal(result.oldest_s, FIRST_S + 8 * DAY_S);
    fixture_end(&f);
}

static void retention_makes_room_but_leaves_the_last_day_and_what_is_held(void **state)
{
    struct fixture f;
    const int64_t now_s = FIRST_S + 9 * DAY_S;
    const struct hold hold = {.from_day = (uint32_t)(FIRST_S / DAY_S) + 1,
                              .to_day = (uint32_t)(FIRST_S / DAY_S) + 1,
                              .by = "jones",
                              .reason = "an incident"};
    struct retention_opts opts = {.keep_free = 1000000, .free_now = 999999};
    uint32_t id;
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    struct retention_result result = expire(&f, &opts, now_s);
    assert_int_equal(result.removed, 1); /* one is enough */
    assert_int_equal(result.missing_bytes, 0);
    opts.free_now = 1000000;
    assert_int_equal(expire(&f, &opts, now_s).removed, 0);
    int fd = open(f.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(hold_add(fd, &hold, &id), 0);
    close(fd);
    opts.free_now = 0; /* never enough */
    result = expire(&f, &opts, now_s);
    assert_int_equal(result.removed, 6);
    assert_int_equal(result.held, 1);
    assert_int_equal(result.kept, 3); /* the held one, and two less than a day old */
    assert_true(result.missing_bytes > 0 && result.missing_bytes < 1000000);
    fixture_end(&f);
}

static void qlog_applies_its_retention_by_itself(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog *log;
    struct qlog_record record;
    struct qlog_stats stats;
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    opts = fixture_opts(&f);
    opts.retention_s = DAY_S; /* all of it was years ago */
    assert_int_equal(qlog_open(&opts, &log), 0);
    fixture_record(1, &record);
    record.time_ns = (int64_t)time(NULL) * 1000000000;
    qlog_append(qlog_writer(log, 0), &record);
    assert_int_equal(qlog_flush(log), 0);
    qlog_stats(log, &stats);
    assert_int_equal(stats.segments, 1);
    qlog_close(log);
    assert_int_equal(fixture_files(f.dir, "segment-", ".qlog"), 1);
    fixture_end(&f);
}

static void chain_goes_on_when_every_segment_was_removed(void **state)
{
    struct fixture f;
    struct verify_result result;
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    assert_int_equal(expire(&f, &(struct retention_opts){.keep_s = 1}, FIRST_S + 900 * DAY_S).kept, 0);
    days_write(&f);
    int fd = open(f.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(verify_log(fd, &(struct verify_opts){0}, &result), 0);
    close(fd);
    assert_int_equal(result.first_sequence, DAYS + 1);
    assert_int_equal(result.segments, DAYS);
    assert_int_equal(result.rows, DAYS);
    assert_int_equal(result.faults, 0);
    fixture_end(&f);
}

/* A destination that has had everything before this segment. */
static void put_place(const struct fixture *f, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/" SHIPPED_DIR, f->dir);
    assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    snprintf(path, sizeof path, "%s/" SHIPPED_DIR "/%s", f->dir, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static void remove_places(const struct fixture *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s/" SHIPPED_DIR, f->dir);
    assert_int_equal(system(command), 0);
}

static void retention_waits_for_who_has_not_had_a_segment_yet(void **state)
{
    struct fixture f;
    struct retention_opts opts = {.keep_s = 3 * DAY_S};
    int64_t now_s = FIRST_S + 9 * DAY_S;
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    put_place(&f, "trust.json", "{\"segment\": 9, \"wait_s\": 86400000}");
    put_place(&f, "region.json", "{\"segment\": 4, \"wait_s\": 86400000}");
    put_place(&f, "region.lock", "");
    struct retention_result result = expire(&f, &opts, now_s);
    assert_int_equal(result.removed, 3);
    assert_int_equal(result.awaited, 3);
    put_place(&f, "region.json", "{\"segment\": 5, \"wait_s\": 0}");
    result = expire(&f, &opts, now_s);
    assert_int_equal(result.removed, 3);
    assert_int_equal(result.awaited, 0);
    remove_places(&f);
    fixture_end(&f);
}

static void it_does_not_wait_for_ever(void **state)
{
    struct fixture f;
    struct retention_opts opts = {.keep_s = 3 * DAY_S};
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    put_place(&f, "region.json", "{\"segment\": 0, \"wait_s\": 432000}"); /* 5 days */
    struct retention_result result = expire(&f, &opts, FIRST_S + 9 * DAY_S);
    assert_int_equal(result.removed, 5);
    assert_int_equal(result.awaited, 1);
    remove_places(&f);
    fixture_end(&f);
}

static void a_full_disk_does_not_wait(void **state)
{
    struct fixture f;
    struct retention_opts opts = {.keep_free = 1000, .free_now = 0};
    (void)state;
    fixture_begin(&f);
    days_write(&f);
    put_place(&f, "region.json", "{\"segment\": 1, \"wait_s\": 86400000}");
    struct retention_result result = expire(&f, &opts, FIRST_S + 9 * DAY_S);
    assert_true(result.removed > 0);
    assert_int_equal(result.awaited, 0);
    remove_places(&f);
    fixture_end(&f);
}

static void a_place_that_can_not_be_read_keeps_nothing(void **state)
{
    static const char *const wrong[] = {"",
                                        "{",
                                        "[]",
                                        "{\"segment\": -1, \"wait_s\": 86400000}",
                                        "{\"segment\": \"1\", \"wait_s\": 86400000}",
                                        "{\"segment\": 1}"};
    struct retention_opts opts = {.keep_s = 3 * DAY_S};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fixture f;
        fixture_begin(&f);
        days_write(&f);
        put_place(&f, "region.json", wrong[i]);
        assert_int_equal(expire(&f, &opts, FIRST_S + 9 * DAY_S).removed, 6);
        remove_places(&f);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retention_removes_what_is_older_than_its_days),
        cmocka_unit_test(retention_removes_the_oldest_above_its_bytes),
        cmocka_unit_test(retention_makes_room_but_leaves_the_last_day_and_what_is_held),
        cmocka_unit_test(qlog_applies_its_retention_by_itself),
        cmocka_unit_test(chain_goes_on_when_every_segment_was_removed),
        cmocka_unit_test(retention_waits_for_who_has_not_had_a_segment_yet),
        cmocka_unit_test(it_does_not_wait_for_ever),
        cmocka_unit_test(a_full_disk_does_not_wait),
        cmocka_unit_test(a_place_that_can_not_be_read_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
