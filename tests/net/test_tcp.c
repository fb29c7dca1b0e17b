#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/engine_double.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tcp.h"
#include "qlog/record.h"

#define CLIENTS 8

static uv_loop_t loop;
static struct tcp *tcp;
static struct tcp_limits *limits;
static struct conn_buffer buffer;
static struct metrics metrics;
static int client;

/* What the client got: messages in order of arrival. */
static struct stream in;
static size_t got_count;
static uint16_t got_ids[1024];
static size_t got_lens[1024];
static bool got_end;

static void flush(void)
{
    tcp_flush(tcp);
}

static void start_with(size_t clients, size_t per_client, int64_t idle_ms)
{
    struct endpoint at = loop_endpoint("127.0.0.1", 0);
    double_reset();
    memset(&metrics, 0, sizeof metrics);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(tcp_limits_new(clients, per_client, &limits), 0);
    struct tcp_opts opts = {
        .listen = &at,
        .listen_count = 1,
        .clients_max = CLIENTS,
        .idle_ms = idle_ms,
        .limits = limits,
        .buffer = &buffer,
        .engine = &engine_double_handle,
        .metrics = &metrics,
    };
    assert_int_equal(tcp_listen(&loop, &opts, &tcp), 0);
    got_count = 0;
    got_end = false;
    memset(&in, 0, sizeof in);
    at = tcp_bound(tcp, 0);
    client = loop_connect(SOCK_STREAM, &at);
}

static void start(void)
{
    start_with(CLIENTS, CLIENTS, 60000);
}

static void stop(void)
{
    tcp_close(tcp);
    loop_end(&loop);
    tcp_free(tcp);
    assert_int_equal(tcp_limits_total(limits), 0);
    tcp_limits_free(limits);
    stream_done(&in);
    close(client);
}

static size_t framed(uint16_t id, const char *text, uint8_t out[DOUBLE_MSG_BYTES + 2])
{
    size_t len = double_request(id, text, out + 2);
    stream_prefix((uint16_t)len, out);
    return len + 2;
}

static void client_send(const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(client, bytes, len, MSG_NOSIGNAL);
        if (sent < 0) {
            assert_int_equal(errno, EAGAIN);
            uv_run(&loop, UV_RUN_NOWAIT);
            continue;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void client_ask(uint16_t id, const char *text)
{
    uint8_t bytes[DOUBLE_MSG_BYTES + 2];
    client_send(bytes, framed(id, text, bytes));
}

static void client_read(void)
{
    static uint8_t bytes[65536];
    ssize_t len = recv(client, bytes, sizeof bytes, 0);
    const uint8_t *msg;
    size_t msg_len;
    got_end = got_end || len == 0 || (len < 0 && errno == ECONNRESET);
    if (len <= 0)
        return;
    stream_feed(&in, bytes, (size_t)len);
    while (stream_next(&in, &msg, &msg_len) == 1) {
        assert_true(got_count < 1024);
        got_ids[got_count] = (uint16_t)(msg[0] << 8 | msg[1]);
        got_lens[got_count++] = msg_len;
    }
}

static size_t wanted;

static bool got_wanted(void)
{
    client_read();
    return got_count >= wanted;
}

static bool got_to_the_end(void)
{
    client_read();
    return got_end;
}

static bool all_asked(void)
{
    return engine_double.requests >= wanted;
}

static bool no_client_left(void)
{
    return tcp_client_count(tcp) == 0;
}

static void answer_one(const struct query_source *to, const uint8_t *msg, size_t len)
{
    tcp_answer(tcp, to, msg, len);
}

/* ---- */

static void tcp_answers_a_request_split_anywhere(void **state)
{
    uint8_t bytes[DOUBLE_MSG_BYTES + 2];
    size_t len = framed(77, "A request", bytes);
    (void)state;
    for (size_t split = 0; split <= len; split++) {
        start();
        client_send(bytes, split);
        for (int i = 0; i < 5; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        client_send(bytes + split, len - split);
        wanted = 1;
        assert_true(loop_until(&loop, flush, got_wanted));
        assert_int_equal(got_ids[0], 77);
        assert_int_equal(got_lens[0], len - 2);
        assert_int_equal(engine_double.last.transport, QLOG_TCP);
        assert_true(engine_double.last.stream);
        stop();
    }
}

static void tcp_answers_pipelined_requests_of_one_packet(void **state)
{
    static uint8_t bytes[500 * 20];
    size_t len = 0;
    (void)state;
    start();
    for (uint16_t i = 0; i < 500; i++)
        len += framed(i, "A", bytes + len);
    client_send(bytes, len);
    wanted = 500;
    assert_true(loop_until(&loop, flush, got_wanted));
    for (uint16_t i = 0; i < 500; i++)
        assert_int_equal(got_ids[i], i);
    stop();
}

static void tcp_sends_a_late_answer_after_an_early_one(void **state)
{
    (void)state;
    start();
    client_ask(1, "P");
    client_ask(2, "A");
    client_ask(3, "P");
    wanted = 1;
    assert_true(loop_until(&loop, flush, got_wanted));
    wanted = 3;
    assert_true(loop_until(&loop, flush, all_asked));
    double_answer_pending(answer_one);
    assert_true(loop_until(&loop, flush, got_wanted));
    assert_int_equal(got_ids[0], 2);
    assert_int_equal(got_ids[1], 3);
    assert_int_equal(got_ids[2], 1);
    stop();
}

static void tcp_gives_a_half_closed_client_its_answers(void **state)
{
    (void)state;
    start();
    client_ask(1, "P");
    client_ask(2, "A");
    shutdown(client, SHUT_WR);
    wanted = 2;
    assert_true(loop_until(&loop, flush, all_asked));
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(tcp_client_count(tcp), 1);
    double_answer_pending(answer_one);
    assert_true(loop_until(&loop, flush, got_to_the_end));
    assert_int_equal(got_count, 2);
    assert_true(loop_until(&loop, flush, no_client_left));
    stop();
}

static void tcp_throws_away_an_answer_for_a_client_that_went(void **state)
{
    (void)state;
    start();
    client_ask(1, "P");
    wanted = 1;
    assert_true(loop_until(&loop, flush, all_asked));
    struct query_source gone = engine_double.pending[0].source;
    struct linger reset = {.l_onoff = 1};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
    assert_true(loop_until(&loop, flush, no_client_left));
    /* The next client gets the same slot, and must not get the answer. */
    struct endpoint at = tcp_bound(tcp, 0);
    client = loop_connect(SOCK_STREAM, &at);
    client_ask(2, "P");
    wanted = 2;
    assert_true(loop_until(&loop, flush, all_asked));
    assert_int_equal((uint32_t)gone.token, (uint32_t)engine_double.last.token);
    assert_true(gone.token != engine_double.last.token);
    double_answer_pending(answer_one);
    wanted = 1;
    assert_true(loop_until(&loop, flush, got_wanted));
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    client_read();
    assert_int_equal(got_count, 1);
    assert_int_equal(got_ids[0], 2);
    stop();
}

static void tcp_closes_on_what_cannot_be_dns(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"\0\0", 2}, {"\0\x0b___________", 13}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        client_send((const uint8_t *)rows[i].bytes, rows[i].len);
        assert_true(loop_until(&loop, flush, got_to_the_end));
        assert_int_equal(engine_double.requests, 0);
        stop();
    }
}

static void tcp_closes_an_idle_connection_also_one_that_dribbles(void **state)
{
    (void)state;
    start_with(CLIENTS, CLIENTS, 1);
    client_send((const uint8_t *)"\0", 1);
    assert_true(loop_until(&loop, flush, got_to_the_end));
    stop();
}

static void tcp_keeps_a_connection_that_waits_for_an_answer(void **state)
{
    (void)state;
    start_with(CLIENTS, CLIENTS, 1);
    client_ask(1, "P");
    wanted = 1;
    assert_true(loop_until(&loop, flush, all_asked));
    uint64_t end_ms = uv_now(&loop) + 600; /* two sweeps */
    while (uv_now(&loop) < end_ms)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(tcp_client_count(tcp), 1);
    double_answer_pending(answer_one);
    assert_true(loop_until(&loop, flush, got_to_the_end));
    assert_int_equal(got_count, 1);
    stop();
}

static bool one_refused(void)
{
    return metrics.value[METRIC_TCP_REFUSED] == 1;
}

static void tcp_refuses_connections_over_a_limit(void **state)
{
    static const struct {
        size_t total, per_client;
    } rows[] = {{2, CLIENTS}, {CLIENTS, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start_with(rows[i].total, rows[i].per_client, 60000);
        struct endpoint at = tcp_bound(tcp, 0);
        int second = loop_connect(SOCK_STREAM, &at);
        int third = loop_connect(SOCK_STREAM, &at);
        assert_true(loop_until(&loop, flush, one_refused));
        assert_int_equal(tcp_client_count(tcp), 2);
        assert_int_equal(metrics.value[METRIC_TCP_CONNECTIONS], 2);
        /* The first is served, and its place is free again when it has gone. */
        client_ask(1, "A");
        wanted = 1;
        assert_true(loop_until(&loop, flush, got_wanted));
        close(second);
        close(third);
        shutdown(client, SHUT_WR);
        assert_true(loop_until(&loop, flush, no_client_left));
        assert_int_equal(tcp_limits_total(limits), 0);
        stop();
    }
}

/* Reads nothing: the answers fill the socket's buffers, then the queue; then nothing more is taken from the client. */
static void tcp_stops_reading_from_a_client_that_does_not_read(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 300; i++)
        client_ask(5, "B\xf0\x01"); /* answers of 61,441 bytes: 18 MB, more than any socket holds */
    size_t before = 0;
    for (int quiet = 0; quiet < 200; quiet = engine_double.requests == before ? quiet + 1 : 0) {
        before = engine_double.requests;
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(tcp_client_count(tcp), 1);
    assert_in_range(engine_double.requests, 1, 299);
    /* It reads at last, and gets everything. */
    wanted = 300;
    assert_true(loop_until(&loop, flush, got_wanted));
    for (size_t i = 0; i < wanted; i++)
        assert_int_equal(got_lens[i], 0xf001);
    stop();
}

static void tcp_bounds_the_questions_one_connection_may_have_waiting(void **state)
{
    (void)state;
    start();
    for (uint16_t i = 0; i < TCP_WAITING_MAX + 50; i++)
        client_ask(i, "P");
    wanted = TCP_WAITING_MAX;
    assert_true(loop_until(&loop, flush, all_asked));
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(engine_double.requests, TCP_WAITING_MAX);
    double_answer_pending(answer_one);
    wanted = TCP_WAITING_MAX + 50;
    assert_true(loop_until(&loop, flush, all_asked));
    double_answer_pending(answer_one);
    assert_true(loop_until(&loop, flush, got_wanted));
    stop();
}

static void tcp_takes_an_answer_that_comes_while_it_asks(void **state)
{
    (void)state;
    start();
    engine_double.answer = answer_one;
    client_ask(1, "F");
    client_ask(2, "A");
    wanted = 2;
    assert_true(loop_until(&loop, flush, got_wanted));
    assert_int_equal(got_ids[0] + got_ids[1], 3);
    assert_false(got_end);
    stop();
}

static void tcp_ends_a_half_closed_client_only_after_its_last_answer(void **state)
{
    uint8_t bytes[4 * (DOUBLE_MSG_BYTES + 2)];
    size_t len = 0;
    (void)state;
    start();
    engine_double.answer = answer_one;
    /* All in one packet with the end, so that an early answer finds later ones not yet sent. */
    len += framed(1, "A", bytes + len);
    len += framed(2, "F", bytes + len);
    len += framed(3, "A", bytes + len);
    len += framed(4, "F", bytes + len);
    client_send(bytes, len);
    shutdown(client, SHUT_WR);
    assert_true(loop_until(&loop, flush, got_to_the_end));
    assert_int_equal(got_count, 4);
    assert_true(loop_until(&loop, flush, no_client_left));
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_answers_a_request_split_anywhere),
        cmocka_unit_test(tcp_answers_pipelined_requests_of_one_packet),
        cmocka_unit_test(tcp_sends_a_late_answer_after_an_early_one),
        cmocka_unit_test(tcp_gives_a_half_closed_client_its_answers),
        cmocka_unit_test(tcp_throws_away_an_answer_for_a_client_that_went),
        cmocka_unit_test(tcp_closes_on_what_cannot_be_dns),
        cmocka_unit_test(tcp_closes_an_idle_connection_also_one_that_dribbles),
        cmocka_unit_test(tcp_keeps_a_connection_that_waits_for_an_answer),
        cmocka_unit_test(tcp_refuses_connections_over_a_limit),
        cmocka_unit_test(tcp_stops_reading_from_a_client_that_does_not_read),
        cmocka_unit_test(tcp_bounds_the_questions_one_connection_may_have_waiting),
        cmocka_unit_test(tcp_takes_an_answer_that_comes_while_it_asks),
        cmocka_unit_test(tcp_ends_a_half_closed_client_only_after_its_last_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
