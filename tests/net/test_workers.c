#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/engine_double.h"
#include "net/loop.h"
#include "net/workers.h"

static uv_loop_t manager;
static struct workers *workers;
static const struct query_server server = {.at = {.port = 9}};
static const struct query_opts query = {.servers = &server, .server_count = 1};
static const struct worker_env env = {.query = {.opts = &query}, .tcp_idle_ms = 10000};

/* One worker: the engine double belongs to one thread. */
static void start(void)
{
    struct endpoint at = loop_endpoint("127.0.0.1", 0);
    struct workers_opts opts = {.count = 1, .listen = &at, .listen_count = 1, .tcp_clients = 8, .tcp_per_client = 8};
    double_reset();
    assert_int_equal(uv_loop_init(&manager), 0);
    assert_int_equal(workers_open(&manager, &opts, &env, &workers, NULL), 0);
}

static void stop(void)
{
    workers_free(workers);
    loop_end(&manager);
}

/* Asks and waits for the answer, as a client does. */
static void ask_and_wait(int fd, uint16_t id)
{
    uint8_t msg[DOUBLE_MSG_BYTES];
    uint8_t got[DOUBLE_MSG_BYTES];
    struct timeval limit = {.tv_sec = 5};
    size_t len = double_request(id, "A", msg);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(send(fd, msg, len, 0), len);
    assert_int_equal(recv(fd, got, sizeof got, 0), len);
    assert_int_equal(got[0] << 8 | got[1], id);
}

static int blocking_client(void)
{
    struct endpoint to = worker_udp_bound(workers_at(workers, 0), 0);
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(&to, &address);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
    return fd;
}

static int let_go[3];
static int let_go_count;

static void on_let_go(void *ctx)
{
    let_go[let_go_count++] = *(int *)ctx;
}

static bool all_let_go(void)
{
    return let_go_count == 3;
}

static void workers_answer_while_environments_change(void **state)
{
    static int numbers[] = {1, 2, 3};
    (void)state;
    start();
    assert_int_equal(workers_start(workers), 0);
    int fd = blocking_client();
    let_go_count = 0;
    for (uint16_t i = 0; i < 3; i++) {
        ask_and_wait(fd, i);
        assert_int_equal(workers_set_env(workers, &env, on_let_go, &numbers[i]), 0);
        ask_and_wait(fd, i);
    }
    assert_true(loop_until(&manager, NULL, all_let_go));
    for (int i = 0; i < 3; i++)
        assert_int_equal(let_go[i], i + 1);
    close(fd);
    stop();
}

static void workers_let_go_of_everything_when_they_are_freed(void **state)
{
    static int number = 5;
    (void)state;
    start(); /* they never run, so they never take it up */
    let_go_count = 0;
    assert_int_equal(workers_set_env(workers, &env, on_let_go, &number), 0);
    assert_int_equal(let_go_count, 0);
    stop();
    assert_int_equal(let_go_count, 1);
}

static void workers_refuse_an_address_that_is_taken(void **state)
{
    struct workers *second;
    struct endpoint failed = {0};
    (void)state;
    start();
    struct endpoint at = worker_udp_bound(workers_at(workers, 0), 0);
    struct workers_opts opts = {.count = 1, .listen = &at, .listen_count = 1, .tcp_clients = 8, .tcp_per_client = 8};
    assert_int_equal(workers_open(&manager, &opts, &env, &second, &failed), -EADDRINUSE);
    assert_true(endpoint_equal(&failed, &at));
    stop();
}

static int64_t stuck_at_ms;

static bool nobody_is_stuck(void)
{
    return workers_stuck(workers, stuck_at_ms) == 0;
}

/* Without a question, too: an idle worker's loop turns. */
static void workers_tell_when_a_loop_does_not_turn(void **state)
{
    (void)state;
    start();
    int64_t now_ms = (int64_t)uv_now(&manager);
    assert_int_equal(workers_stuck(workers, now_ms), 0);
    stuck_at_ms = now_ms + WORKERS_STUCK_MS + 10;
    assert_int_equal(workers_stuck(workers, stuck_at_ms), 1);
    assert_int_equal(workers_start(workers), 0);
    assert_true(loop_until(&manager, NULL, nobody_is_stuck));
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_answer_while_environments_change),
        cmocka_unit_test(workers_let_go_of_everything_when_they_are_freed),
        cmocka_unit_test(workers_refuse_an_address_that_is_taken),
        cmocka_unit_test(workers_tell_when_a_loop_does_not_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
