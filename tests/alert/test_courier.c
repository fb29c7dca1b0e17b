/* Threads that carry while another one puts. The disk is the other end. */
#include "make.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alert/courier.h"

#define MESSAGES 20

static char base[64], box_dir[96], good[128];
static struct outbox *box;
static const struct routes ROUTES = {.mail = NULL};

struct count {
    pthread_mutex_t mutex;
    unsigned sent, refused;
};

static int set_up(void **state)
{
    (void)state;
    snprintf(base, sizeof base, "/tmp/belisha-courier-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(box_dir, sizeof box_dir, "%s/box", base);
    snprintf(good, sizeof good, "folder:%s", base);
    const struct outbox_opts opts = {.folder = box_dir, .items_max = MESSAGES, .bytes_max = 1 << 20, .keep_s = 3600};
    return outbox_open(&opts, &box);
}

static int tear_down(void **state)
{
    char command[96];
    (void)state;
    outbox_close(box);
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

static int on_told(void *ctx, const struct outbox_result *result)
{
    struct count *count = ctx;
    pthread_mutex_lock(&count->mutex);
    count->sent += result->outcome == OUTCOME_SENT;
    count->refused += result->outcome == OUTCOME_REFUSED;
    pthread_mutex_unlock(&count->mutex);
    return 0;
}

static bool all_told(struct count *count)
{
    pthread_mutex_lock(&count->mutex);
    bool all = count->sent == MESSAGES && count->refused == 2 * MESSAGES;
    pthread_mutex_unlock(&count->mutex);
    return all;
}

static void what_is_put_meanwhile_is_carried_by_each_kind(void **state)
{
    struct count count = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct couriers *couriers;
    const char *const targets[] = {good, "webhook:gone", "syslog:gone"};
    const struct timespec pause = {.tv_nsec = 5000000};
    (void)state;
    assert_int_equal(couriers_start(box, &ROUTES, on_told, &count, &couriers), 0);
    for (int i = 0; i < MESSAGES; i++) {
        char id[16];
        snprintf(id, sizeof id, "m%d", i);
        const struct message m = {.id = id, .time_s = time(NULL), .kind = "alert", .subject = "s", .text = "t"};
        assert_int_equal(outbox_put(box, &m, targets, 3), 0);
        couriers_wake(couriers);
    }
    for (int i = 0; i < 6000 && !all_told(&count); i++)
        nanosleep(&pause, NULL);
    assert_true(all_told(&count));
    couriers_stop(couriers);
    assert_int_equal(outbox_count(box), 0);
}

static void what_is_left_is_for_the_next(void **state)
{
    struct count count = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct couriers *couriers;
    (void)state;
    assert_int_equal(couriers_start(box, &ROUTES, on_told, &count, &couriers), 0);
    couriers_stop(couriers);
    couriers_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_meanwhile_is_carried_by_each_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_is_for_the_next, set_up, tear_down),
    };
    if (deliver_init() < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    deliver_done();
    return failed;
}
