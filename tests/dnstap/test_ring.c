#include "dnstap/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CAP 4096

static void ring_gives_what_it_has_and_no_more(void **state)
{
    struct ring ring;
    uint8_t *frames[CAP / 32];
    size_t count = 0;
    (void)state;
    assert_int_equal(ring_init(&ring, CAP), 0);
    while ((frames[count] = ring_take(&ring, 16)) != NULL) {
        memset(frames[count], (int)count, 16);
        if (++count == CAP / 32)
            break;
    }
    assert_int_equal(count, CAP / 32);
    assert_null(ring_take(&ring, 0));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(frames[i][0], i);
        assert_int_equal(frames[i][15], i);
        ring_give_back(frames[i]);
    }
    uint8_t *whole = ring_take(&ring, CAP - 16);
    assert_non_null(whole);
    memset(whole, 0, CAP - 16);
    ring_give_back(whole);
    ring_done(&ring);
}

static void ring_refuses_what_can_never_fit(void **state)
{
    struct ring ring;
    (void)state;
    assert_int_equal(ring_init(&ring, CAP), 0);
    assert_null(ring_take(&ring, CAP));
    assert_null(ring_take(&ring, SIZE_MAX));
    assert_null(ring_take(&ring, SIZE_MAX - 40));
    ring_done(&ring);
}

static void ring_uses_room_again_when_the_oldest_is_back(void **state)
{
    struct ring ring;
    (void)state;
    assert_int_equal(ring_init(&ring, CAP), 0);
    uint8_t *first = ring_take(&ring, 2000);
    uint8_t *second = ring_take(&ring, 2000);
    assert_null(ring_take(&ring, 1000));
    ring_give_back(second);
    assert_null(ring_take(&ring, 1000)); /* the first holds the place before it */
    ring_give_back(first);
    assert_non_null(ring_take(&ring, 1000));
    ring_done(&ring);
}

/* Frames that would reach over the end begin at the start again, whatever lengths came before. */
static void ring_lays_every_frame_in_one_piece(void **state)
{
    struct ring ring;
    uint8_t *held[3] = {NULL};
    (void)state;
    assert_int_equal(ring_init(&ring, CAP), 0);
    for (size_t i = 0; i < 10000; i++) {
        size_t len = i * 37 % 900;
        uint8_t **place = &held[i % 3];
        if (*place != NULL)
            ring_give_back(*place);
        *place = ring_take(&ring, len);
        assert_non_null(*place);
        assert_true(*place >= ring.bytes && *place + len <= ring.bytes + CAP);
        memset(*place, 0xff, len);
    }
    ring_done(&ring);
}

/* ---- two threads ---- */

#define PASSED 100000

static uint8_t *passed[64];
static atomic_size_t written, read_count;

static void *give_back(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < PASSED; i++) {
        while (atomic_load(&written) == i)
            sched_yield();
        uint8_t *frame = passed[i % 64];
        size_t number;
        memcpy(&number, frame, sizeof number);
        assert_int_equal(number, i);
        ring_give_back(frame);
        atomic_store(&read_count, i + 1);
    }
    return NULL;
}

static void ring_is_emptied_by_another_thread(void **state)
{
    struct ring ring;
    pthread_t thread;
    (void)state;
    assert_int_equal(ring_init(&ring, CAP), 0);
    assert_int_equal(pthread_create(&thread, NULL, give_back, NULL), 0);
    for (size_t i = 0; i < PASSED; i++) {
        uint8_t *frame;
        while (i - atomic_load(&read_count) == 64 || (frame = ring_take(&ring, sizeof i + i % 200)) == NULL)
            sched_yield();
        memcpy(frame, &i, sizeof i);
        passed[i % 64] = frame;
        atomic_store(&written, i + 1);
    }
    pthread_join(thread, NULL);
    ring_done(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_gives_what_it_has_and_no_more),
        cmocka_unit_test(ring_refuses_what_can_never_fit),
        cmocka_unit_test(ring_uses_room_again_when_the_oldest_is_back),
        cmocka_unit_test(ring_lays_every_frame_in_one_piece),
        cmocka_unit_test(ring_is_emptied_by_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
