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
#include "net/udp.h"
#include "net/udp_socket.h"
#include "qlog/record.h"

static uv_loop_t loop;
static struct udp *udp;
static struct metrics metrics;

/* The clients' side. */
static int client;
static uint8_t got[UDP_SLOT_BYTES * 2];
static ssize_t got_len;
static size_t got_count;

static void flush(void)
{
    udp_flush(udp);
}

static bool client_has_answer(void)
{
    if (got_len <= 0)
        got_len = recv(client, got, sizeof got, 0);
    return got_len > 0;
}

static void start(const char *address)
{
    struct endpoint at = loop_endpoint(address, 0);
    double_reset();
    memset(&metrics, 0, sizeof metrics);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(udp_listen(&loop, &at, 1, &engine_double_handle, &metrics, &udp), 0);
    got_len = 0;
}

static void stop(void)
{
    udp_close(udp);
    loop_end(&loop);
    udp_free(udp);
    close(client);
}

static void udp_answers_from_the_address_asked(void **state)
{
    static const struct {
        const char *bind, *ask;
    } rows[] = {
        {"0.0.0.0", "127.0.0.1"}, {"0.0.0.0", "127.0.0.2"}, {"127.0.0.3", "127.0.0.3"}, {"::", "::1"}, {"::1", "::1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const char *const kinds[] = {"At once", "Pending"};
        for (size_t k = 0; k < 2; k++) {
            uint8_t request[DOUBLE_MSG_BYTES];
            size_t len = double_request(7, kinds[k], request);
            start(rows[i].bind);
            struct endpoint to = loop_endpoint(rows[i].ask, udp_bound(udp, 0).port);
            /* a connected client hears only the address it asked */
            client = loop_connect(SOCK_DGRAM, &to);
            assert_int_equal(send(client, request, len, 0), len);
            while (engine_double.requests == 0)
                uv_run(&loop, UV_RUN_NOWAIT);
            assert_true(ipaddr_equal(&engine_double.last.local.addr, &to.addr));
            assert_int_equal(engine_double.last.local.port, to.port);
            assert_int_equal(engine_double.last.transport, QLOG_UDP);
            assert_false(engine_double.last.stream);
            while (engine_double.pending_count > 0) {
                struct double_pending *p = &engine_double.pending[--engine_double.pending_count];
                p->msg[2] |= 0x80;
                udp_answer(udp, &p->source, p->msg, p->len);
            }
            assert_true(loop_until(&loop, flush, client_has_answer));
            assert_int_equal(got_len, len);
            assert_int_equal(got[1], 7);
            assert_int_equal(got[2], 0x80);
            stop();
        }
    }
}

static bool client_has_all(void)
{
    while (recv(client, got, sizeof got, 0) > 0) {
        assert_int_equal(got[0] << 8 | got[1], got_count);
        got_count++;
    }
    return got_count == 300;
}

static void udp_answers_a_burst_in_order_and_calms_down_again(void **state)
{
    uint8_t request[DOUBLE_MSG_BYTES];
    (void)state;
    start("127.0.0.1");
    struct endpoint to = udp_bound(udp, 0);
    client = loop_connect(SOCK_DGRAM, &to);
    for (int round = 0; round < 3; round++) {
        got_count = 0;
        for (uint16_t i = 0; i < 300; i++) {
            size_t len = double_request(i, "A", request);
            assert_int_equal(send(client, request, len, 0), len);
        }
        assert_true(loop_until(&loop, flush, client_has_all));
        /* Enough empty turns to go back to epoll: then nothing keeps the loop from sleeping. */
        for (int turn = 0; turn < 200; turn++)
            uv_run(&loop, UV_RUN_NOWAIT);
        assert_true(uv_backend_timeout(&loop) != 0);
    }
    assert_int_equal(engine_double.requests, 900);
    stop();
}

static void udp_drops_what_is_too_long_and_goes_on(void **state)
{
    static uint8_t huge[UDP_SLOT_BYTES + 1];
    uint8_t request[DOUBLE_MSG_BYTES];
    size_t len = double_request(9, "A", request);
    (void)state;
    start("127.0.0.1");
    struct endpoint to = udp_bound(udp, 0);
    client = loop_connect(SOCK_DGRAM, &to);
    huge[12] = 'A';
    assert_int_equal(send(client, huge, sizeof huge, 0), sizeof huge);
    assert_int_equal(send(client, request, len, 0), len);
    assert_true(loop_until(&loop, flush, client_has_answer));
    assert_int_equal(got_len, len);
    assert_int_equal(engine_double.requests, 1);
    assert_int_equal(metrics.value[METRIC_DROPPED], 1);
    stop();
}

static void udp_answer_ignores_a_token_it_never_gave(void **state)
{
    struct query_source nobody = {.token = 17};
    (void)state;
    start("127.0.0.1");
    client = -1;
    udp_answer(udp, &nobody, (const uint8_t *)"x", 1);
    flush();
    assert_int_equal(metrics.value[METRIC_UDP_SEND_ERRORS], 0);
    stop();
}

/* A client that forges source port 0 must not cost its neighbours their answers. */
static void udp_queue_skips_what_the_kernel_refuses(void **state)
{
    struct endpoint any = loop_endpoint("127.0.0.1", 0);
    struct endpoint bound;
    struct udp_socket server;
    struct udp_queue *queue;
    (void)state;
    assert_int_equal(udp_socket_open(&any, true, &server), 0);
    assert_int_equal(udp_queue_new(&queue), 0);
    client = loop_listen(SOCK_DGRAM, &any, &bound);
    for (uint8_t i = 0; i < 10; i++) {
        struct udp_route route = {.client = bound, .local = server.bound};
        if (i == 0 || i == 4 || i == 5 || i == 9)
            route.client.port = 0;
        assert_true(udp_queue_add(queue, &server, &route, &i, 1));
    }
    assert_int_equal(udp_queue_send(queue, &server), 4);
    assert_true(udp_queue_is_empty(queue));
    static const uint8_t expected[] = {1, 2, 3, 6, 7, 8};
    for (size_t i = 0; i < sizeof expected; i++) {
        assert_int_equal(recv(client, got, sizeof got, 0), 1);
        assert_int_equal(got[0], expected[i]);
    }
    assert_int_equal(recv(client, got, sizeof got, 0), -1);
    udp_queue_free(queue);
    udp_socket_close(&server);
    close(client);
}

static void udp_queue_is_bounded_in_count_and_bytes(void **state)
{
    static const uint8_t big[UDP_SLOT_BYTES + 1];
    struct udp_socket server = {.fd = -1};
    struct udp_route route = {.client = loop_endpoint("127.0.0.1", 9)};
    struct udp_queue *queue;
    (void)state;
    assert_int_equal(udp_queue_new(&queue), 0);
    assert_false(udp_queue_add(queue, &server, &route, big, UDP_SLOT_BYTES + 1));
    for (size_t i = 0; i < UDP_QUEUE_BYTES / UDP_SLOT_BYTES; i++)
        assert_true(udp_queue_add(queue, &server, &route, big, UDP_SLOT_BYTES));
    assert_false(udp_queue_add(queue, &server, &route, big, 1));
    udp_queue_free(queue);
    assert_int_equal(udp_queue_new(&queue), 0);
    for (size_t i = 0; i < UDP_BATCH; i++)
        assert_true(udp_queue_add(queue, &server, &route, big, 1));
    assert_false(udp_queue_add(queue, &server, &route, big, 1));
    udp_queue_free(queue);
}

static void udp_socket_notices_a_second_program_on_its_address(void **state)
{
    struct endpoint any = loop_endpoint("127.0.0.1", 0);
    struct udp_socket first, second;
    (void)state;
    assert_int_equal(udp_socket_open(&any, true, &first), 0);
    assert_int_equal(udp_socket_open(&first.bound, true, &second), 0);
    udp_socket_close(&second);
    assert_int_equal(udp_socket_open(&first.bound, false, &second), -EADDRINUSE);
    udp_socket_close(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_answers_from_the_address_asked),
        cmocka_unit_test(udp_answers_a_burst_in_order_and_calms_down_again),
        cmocka_unit_test(udp_drops_what_is_too_long_and_goes_on),
        cmocka_unit_test(udp_answer_ignores_a_token_it_never_gave),
        cmocka_unit_test(udp_queue_skips_what_the_kernel_refuses),
        cmocka_unit_test(udp_queue_is_bounded_in_count_and_bytes),
        cmocka_unit_test(udp_socket_notices_a_second_program_on_its_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
