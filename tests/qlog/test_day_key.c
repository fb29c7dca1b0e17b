#include "qlog/day_key.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define DAY 20421u /* 2025-11-29 */

struct place {
    struct fixture fixture;
    int fd;
    struct day_key *key;
};

static void place_begin(struct place *p)
{
    fixture_begin(&p->fixture);
    p->fd = open(p->fixture.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(day_key_open(p->fd, DAY, DAY_KEY_WRITE, &p->key), 0);
}

static void place_end(struct place *p)
{
    day_key_close(p->key);
    close(p->fd);
    fixture_end(&p->fixture);
}

static void again(struct place *p, enum day_key_use use)
{
    day_key_close(p->key);
    p->key = NULL;
    assert_int_equal(day_key_open(p->fd, DAY, use, &p->key), 0);
}

static void files_are_named_by_their_day(void **state)
{
    char file[DAY_KEY_FILE_MAX];
    uint32_t day;
    (void)state;
    assert_string_equal(day_key_file(DAY, file), "2025-11-29.key");
    assert_true(day_key_file_parse("2025-11-29.key", &day));
    assert_int_equal(day, DAY);
    assert_false(day_key_file_parse("2025-11-29.key.7.tmp", &day));
    assert_false(day_key_file_parse("2025-11-31.key", &day));
    assert_int_equal(day_key_day((int64_t)DAY * DAY_KEY_NS - 1), DAY - 1);
    assert_int_equal(day_key_day((int64_t)DAY * DAY_KEY_NS), DAY);
}

static void a_person_keeps_slot_and_key(void **state)
{
    struct place p;
    uint8_t key[DAY_KEY_LEN];
    const uint8_t *person;
    struct stat st;
    uint32_t slot;
    uint32_t user;
    (void)state;
    place_begin(&p);
    for (uint32_t i = 1; i <= 1000; i++) {
        assert_int_equal(day_key_slot(p.key, i * 7919, &slot), 0);
        assert_int_equal(slot, i);
    }
    assert_true(day_key_person(p.key, 500, &user, &person));
    memcpy(key, person, sizeof key);
    again(&p, DAY_KEY_READ);
    assert_true(day_key_person(p.key, 500, &user, &person));
    assert_int_equal(user, 500 * 7919);
    assert_memory_equal(person, key, sizeof key);
    assert_false(day_key_person(p.key, 0, &user, &person));
    assert_false(day_key_person(p.key, 1001, &user, &person));
    assert_int_equal(fstatat(p.fd, "2025-11-29.key", &st, 0), 0);
    assert_int_equal(st.st_mode & 077, 0);
    place_end(&p);
}

static void a_slot_is_not_given_again_when_its_person_is_forgotten(void **state)
{
    struct place p;
    const uint8_t *person;
    uint32_t slot;
    uint32_t user;
    (void)state;
    place_begin(&p);
    assert_int_equal(day_key_slot(p.key, 11, &slot), 0);
    assert_int_equal(day_key_slot(p.key, 12, &slot), 0);
    assert_int_equal(day_key_forget(p.fd, DAY, 11), 1);
    again(&p, DAY_KEY_WRITE);
    assert_false(day_key_person(p.key, 1, &user, &person));
    assert_true(day_key_person(p.key, 2, &user, &person));
    assert_int_equal(day_key_slot(p.key, 11, &slot), 0);
    assert_int_equal(slot, 3);
    place_end(&p);
}

static void a_record_that_was_cut_is_nobody_and_the_next_goes_behind_it(void **state)
{
    struct place p;
    const uint8_t *person;
    uint32_t slot;
    uint32_t user;
    (void)state;
    place_begin(&p);
    assert_int_equal(day_key_slot(p.key, 11, &slot), 0);
    assert_int_equal(day_key_slot(p.key, 12, &slot), 0);
    int file = openat(p.fd, "2025-11-29.key", O_RDWR);
    assert_int_equal(ftruncate(file, 64 * 3 - 10), 0);
    close(file);
    again(&p, DAY_KEY_WRITE);
    assert_true(day_key_person(p.key, 1, &user, &person));
    assert_false(day_key_person(p.key, 2, &user, &person));
    assert_int_equal(day_key_slot(p.key, 12, &slot), 0);
    assert_int_equal(slot, 3);
    again(&p, DAY_KEY_READ);
    assert_true(day_key_person(p.key, 3, &user, &person));
    assert_int_equal(user, 12);
    place_end(&p);
}

static void what_is_damaged_or_of_another_day_is_refused(void **state)
{
    struct place p;
    struct day_key *key;
    uint8_t byte = 0x55;
    (void)state;
    place_begin(&p);
    assert_int_equal(renameat(p.fd, "2025-11-29.key", p.fd, "2025-11-30.key"), 0);
    assert_int_equal(day_key_open(p.fd, DAY + 1, DAY_KEY_READ, &key), ERR_DAMAGED);
    assert_int_equal(day_key_open(p.fd, DAY, DAY_KEY_READ, &key), ERR_NOENT);
    assert_int_equal(renameat(p.fd, "2025-11-30.key", p.fd, "2025-11-29.key"), 0);
    int file = openat(p.fd, "2025-11-29.key", O_RDWR);
    assert_int_equal(pwrite(file, &byte, 1, 20), 1);
    close(file);
    assert_int_equal(day_key_open(p.fd, DAY, DAY_KEY_WRITE, &key), ERR_DAMAGED);
    assert_int_equal(day_key_destroy(p.fd, DAY), 0);
    assert_int_equal(day_key_destroy(p.fd, DAY), ERR_NOENT);
    place_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_named_by_their_day),
        cmocka_unit_test(a_person_keeps_slot_and_key),
        cmocka_unit_test(a_slot_is_not_given_again_when_its_person_is_forgotten),
        cmocka_unit_test(a_record_that_was_cut_is_nobody_and_the_next_goes_behind_it),
        cmocka_unit_test(what_is_damaged_or_of_another_day_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
