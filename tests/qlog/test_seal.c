/* Who asked is sealed by day and by person: what a reader sees with all keys, without one, and of a person who was forgotten. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "qlog/day_key.h"
#include "qlog/hold.h"
#include "qlog/keyring.h"
#include "qlog/retention.h"
#include "qlog/segment_list.h"
#include "qlog/verify.h"

#define USERS   5 /* of fixture rows: user 0 is nobody */
#define PER_DAY 60
#define DAYS    3
#define ROWS    (DAYS * PER_DAY)

static const int64_t first_ns = INT64_C(20000) * DAY_KEY_NS; /* a midnight of UTC */

struct place {
    struct fixture fixture;
    struct qlog_opts opts;
    char keys[80];
    int log_fd, keys_fd;
};

static void row(uint32_t i, struct qlog_record *out)
{
    fixture_record(i, out);
    out->time_ns = first_ns + (int64_t)i * (DAY_KEY_NS / PER_DAY);
    out->user = i % USERS;
    out->device = out->user == 0 ? 0 : 100 + i % 7;
    out->client.bytes[15] = (uint8_t)(i % 7);
    out->verdict.unattributed = 0;
}

static void place_begin(struct place *p)
{
    struct qlog *log;
    struct qlog_record record;
    *p = (struct place){0};
    fixture_begin(&p->fixture);
    p->opts = fixture_opts(&p->fixture);
    snprintf(p->keys, sizeof p->keys, "/tmp/belisha-keys-XXXXXX");
    assert_non_null(mkdtemp(p->keys));
    p->opts.keys_dir = p->keys;
    assert_int_equal(qlog_open(&p->opts, &log), 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        row(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
    }
    qlog_close(log);
    p->log_fd = open(p->fixture.dir, O_RDONLY | O_DIRECTORY);
    p->keys_fd = open(p->keys, O_RDONLY | O_DIRECTORY);
}

static void place_end(struct place *p)
{
    uint32_t day = day_key_day(first_ns);
    for (uint32_t i = 0; i <= DAYS; i++) {
        int err = day_key_destroy(p->keys_fd, day + i);
        assert_true(err == 0 || err == ERR_NOENT);
    }
    close(p->keys_fd);
    close(p->log_fd);
    assert_int_equal(rmdir(p->keys), 0);
    fixture_end(&p->fixture);
}

/* Reads all rows; must_know tells of which the person must be known. Returns how many blocks were closed. */
static uint64_t check_rows(const struct place *p, bool (*must_know)(uint32_t i))
{
    struct qlog_row *rows = calloc(ROWS, sizeof *rows);
    struct qlog_scan_stats stats;
    assert_int_equal(fixture_read(p->fixture.dir, NULL, rows, ROWS, &stats), ROWS);
    assert_int_equal(stats.damaged_blocks, 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct qlog_record expected;
        row(i, &expected);
        if (!must_know(i)) {
            memset(&expected.client, 0, sizeof expected.client);
            expected.device = expected.user = 0;
            expected.client_port = rows[i].record.client_port;
        }
        fixture_assert_same(&rows[i].record, &expected);
    }
    free(rows);
    return stats.closed_blocks;
}

static bool all(uint32_t i)
{
    (void)i;
    return true;
}

static bool not_the_second_day(uint32_t i)
{
    return i / PER_DAY != 1;
}

static bool not_user_two(uint32_t i)
{
    return i % USERS != 2;
}

static bool none(uint32_t i)
{
    (void)i;
    return false;
}

static void check_whole(const struct place *p)
{
    struct verify_result result;
    assert_int_equal(verify_log(p->log_fd, &(struct verify_opts){0}, &result), 0);
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.rows, ROWS);
}

static void rows_come_back_whole_with_their_keys(void **state)
{
    struct place p;
    (void)state;
    place_begin(&p);
    assert_int_equal(check_rows(&p, all), 0);
    check_whole(&p);
    place_end(&p);
}

static void no_client_stands_in_a_segment(void **state)
{
    struct place p;
    struct segment_list list;
    struct qlog_record record;
    (void)state;
    place_begin(&p);
    row(3, &record);
    assert_int_equal(segment_list(p.log_fd, &list), 0);
    for (size_t f = 0; f < list.count; f++) {
        struct segment *segment;
        assert_int_equal(segment_open(p.log_fd, list.files[f].file, &segment), 0);
        assert_int_equal(segment->trailer.flags & SEGMENT_SEALED, SEGMENT_SEALED);
        for (uint32_t b = 0; b < segment->footer.block_count; b++) {
            struct block block = {0};
            const uint8_t *bytes;
            size_t len;
            assert_int_equal(segment_read_block(segment, b, &bytes, &len), 0);
            assert_int_equal(block_open(&block, bytes, len), 0);
            assert_true(block.is_closed);
            assert_int_equal(block_read(&block, BLOCK_ALL), 0);
            assert_int_equal(block.header.min_ns / DAY_KEY_NS, block.header.max_ns / DAY_KEY_NS);
            for (uint32_t id = 0; id < COLUMN_ID_MAX; id++)
                assert_true(!block.present[id] ||
                            (block.columns[id].header.cipher == COLUMN_SEALED) == block_seals((enum column_id)id));
            block_done(&block);
        }
        segment_close(segment);
    }
    segment_list_done(&list);
    place_end(&p);
}

static void a_day_whose_key_is_destroyed_is_anonymous_and_nothing_else_changes(void **state)
{
    struct place p;
    (void)state;
    place_begin(&p);
    assert_int_equal(day_key_destroy(p.keys_fd, day_key_day(first_ns) + 1), 0);
    assert_int_equal(check_rows(&p, not_the_second_day), 1);
    check_whole(&p);
    place_end(&p);
}

static void key_spoil(const struct place *p, uint32_t day)
{
    char file[DAY_KEY_FILE_MAX];
    uint8_t byte;
    int fd = openat(p->keys_fd, day_key_file(day, file), O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, 20), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 20), 1);
    close(fd);
}

/* The log goes on with another key; who asked before is unknown, and nothing else. */
static void a_day_whose_key_is_damaged_gets_another_one(void **state)
{
    struct place p;
    struct qlog *log;
    struct qlog_stats stats;
    struct qlog_scan_stats seen;
    struct qlog_record record;
    uint32_t day = day_key_day(first_ns) + 1;
    (void)state;
    place_begin(&p);
    key_spoil(&p, day);
    assert_int_equal(qlog_open(&p.opts, &log), 0);
    row(PER_DAY + 9, &record);
    qlog_append(qlog_writer(log, 0), &record);
    assert_int_equal(qlog_flush(log), 0);
    qlog_stats(log, &stats);
    assert_int_equal(stats.damaged, 1);
    qlog_close(log);
    struct qlog_row *rows = calloc(ROWS + 1, sizeof *rows);
    assert_int_equal(fixture_read(p.fixture.dir, NULL, rows, ROWS + 1, &seen), ROWS + 1);
    assert_int_equal(seen.closed_blocks, 1);
    assert_int_equal(seen.damaged_blocks, 0);
    fixture_assert_same(&rows[ROWS].record, &record);
    assert_int_equal(rows[PER_DAY + 9].record.user, 0);
    free(rows);
    assert_int_equal(fixture_files(p.keys, "damaged-", ".key"), 1);
    assert_int_equal(day_key_destroy(p.keys_fd, day), 0);
    assert_int_equal(fixture_files(p.keys, "damaged-", ".key"), 0);
    place_end(&p);
}

static void a_person_who_is_forgotten_is_in_no_row_and_all_others_are(void **state)
{
    struct place p;
    (void)state;
    place_begin(&p);
    for (uint32_t day = 0; day < DAYS; day++)
        assert_int_equal(day_key_forget(p.keys_fd, day_key_day(first_ns) + day, 2), 1);
    assert_int_equal(day_key_forget(p.keys_fd, day_key_day(first_ns), 2), 0);
    assert_int_equal(day_key_forget(p.keys_fd, day_key_day(first_ns), 77), 0);
    assert_int_equal(check_rows(&p, not_user_two), 0);
    check_whole(&p);
    place_end(&p);
}

static void a_copy_of_the_log_without_keys_tells_nobody(void **state)
{
    struct place p;
    (void)state;
    place_begin(&p);
    assert_int_equal(unlinkat(p.log_fd, KEYRING_LINK, 0), 0);
    assert_int_equal(check_rows(&p, none), DAYS);
    check_whole(&p);
    place_end(&p);
}

static void a_filter_by_client_finds_only_what_can_be_known(void **state)
{
    struct place p;
    struct qlog_record wanted;
    struct qlog_row *rows = calloc(ROWS, sizeof *rows);
    struct qlog_scan_stats stats;
    (void)state;
    place_begin(&p);
    row(3, &wanted);
    struct prefix client = {.addr = wanted.client, .bits = 128};
    const struct qlog_filter filter = {.client = &client, .action = -1};
    size_t before = fixture_read(p.fixture.dir, &filter, rows, ROWS, &stats);
    assert_true(before > 0);
    for (uint32_t day = 0; day < DAYS; day++)
        assert_int_equal(day_key_destroy(p.keys_fd, day_key_day(first_ns) + day), 0);
    assert_int_equal(fixture_read(p.fixture.dir, &filter, rows, ROWS, &stats), 0);
    free(rows);
    place_end(&p);
}

static void a_key_of_another_day_opens_nothing(void **state)
{
    struct place p;
    struct qlog_row *rows = calloc(ROWS, sizeof *rows);
    struct qlog_scan_stats stats;
    struct day_key *key;
    char first[DAY_KEY_FILE_MAX];
    uint32_t day = day_key_day(first_ns);
    (void)state;
    place_begin(&p);
    assert_int_equal(day_key_destroy(p.keys_fd, day), 0);
    assert_int_equal(day_key_open(p.keys_fd, day, DAY_KEY_WRITE, &key), 0); /* a new one of the same day */
    day_key_close(key);
    assert_int_equal(fixture_read(p.fixture.dir, NULL, rows, ROWS, &stats), ROWS);
    assert_int_equal(stats.damaged_blocks, 0);
    assert_int_equal(stats.closed_blocks, 1);
    assert_int_equal(rows[7].record.user, 0);
    assert_int_equal(access(day_key_file(day, first), F_OK), -1);
    free(rows);
    place_end(&p);
}

static void keys_go_before_their_rows_but_not_from_days_that_are_held(void **state)
{
    struct place p;
    struct retention_result result;
    uint32_t day = day_key_day(first_ns);
    int64_t now_s = first_ns / 1000000000 + 10 * 86400;
    const struct retention_opts opts = {.keys_s = 5 * 86400};
    struct hold hold = {.from_day = day + 1, .to_day = day + 1, .by = "jones", .reason = "an incident"};
    uint32_t id;
    (void)state;
    place_begin(&p);
    assert_int_equal(hold_add(p.log_fd, &hold, &id), 0);
    assert_int_equal(retention_apply(p.log_fd, &opts, now_s, &result), 0);
    assert_int_equal(result.keys_destroyed, DAYS - 1);
    assert_int_equal(result.removed, 0);
    assert_int_equal(hold_remove(p.log_fd, id), 0);
    assert_int_equal(retention_apply(p.log_fd, &opts, now_s, &result), 0);
    assert_int_equal(result.keys_destroyed, 1);
    assert_int_equal(check_rows(&p, none), DAYS);
    place_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_whole_with_their_keys),
        cmocka_unit_test(no_client_stands_in_a_segment),
        cmocka_unit_test(a_day_whose_key_is_destroyed_is_anonymous_and_nothing_else_changes),
        cmocka_unit_test(a_day_whose_key_is_damaged_gets_another_one),
        cmocka_unit_test(a_person_who_is_forgotten_is_in_no_row_and_all_others_are),
        cmocka_unit_test(a_copy_of_the_log_without_keys_tells_nobody),
        cmocka_unit_test(a_filter_by_client_finds_only_what_can_be_known),
        cmocka_unit_test(a_key_of_another_day_opens_nothing),
        cmocka_unit_test(keys_go_before_their_rows_but_not_from_days_that_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
