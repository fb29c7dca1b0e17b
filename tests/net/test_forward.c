#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/msg.h"
#include "net/engine_double.h"
#include "net/forward.h"
#include "net/loop.h"
#include "net/stream.h"

static uv_loop_t loop;
static struct forward *forward;
static struct conn_buffer buffer;

/* The upstream server, UDP and TCP on one port. */
static int server_udp, server_tcp;
static struct query_server server;

static void flush(void)
{
    forward_flush(forward);
}

static struct metrics metrics;

static int start(void **state)
{
    struct forward_opts opts = {.buffer = &buffer, .engine = &engine_double_handle, .metrics = &metrics};
    (void)state;
    double_reset();
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(forward_new(&loop, &opts, &forward), 0);
    server = (struct query_server){0};
    loop_listen_both("127.0.0.1", &server.at, &server_udp, &server_tcp);
    assert_int_equal(forward_set_servers(forward, &server, 1, NULL), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    forward_close(forward);
    loop_end(&loop);
    forward_free(forward);
    close(server_udp);
    close(server_tcp);
    return 0;
}

/* A well-formed question for example. */
static const uint8_t question[] = {0x12, 0x34, 1,   0,   0,   1,   0,   0, 0, 0, 0, 0, 7,
                                   'e',  'x',  'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1};

static uint32_t ask_of(uint16_t index, bool stream)
{
    struct query_ask ask = {.server = index, .stream = stream, .msg = question, .msg_len = sizeof question};
    uint32_t slot = 0;
    assert_int_equal(forward_send(forward, &ask, &slot), 0);
    assert_true(slot != 0);
    return slot;
}

static size_t wanted;

static bool has_events(void)
{
    return engine_double.event_count >= wanted;
}

/* What the server receives: the port it came from, in host order; 0: nothing. */
static uint16_t server_receive(struct sockaddr_in *out)
{
    uint8_t msg[512];
    socklen_t len = sizeof *out;
    ssize_t got = recvfrom(server_udp, msg, sizeof msg, 0, (struct sockaddr *)out, &len);
    if (got < 0)
        return 0;
    assert_int_equal(got, sizeof question);
    assert_memory_equal(msg, question, sizeof question);
    return ntohs(out->sin_port);
}

static void server_send(const uint8_t *msg, size_t len, const struct sockaddr_in *to)
{
    assert_int_equal(sendto(server_udp, msg, len, 0, (const struct sockaddr *)to, sizeof *to), len);
}

static void forward_gives_a_reply_with_the_slot_it_was_asked_through(void **state)
{
    struct sockaddr_in from[3];
    uint32_t slots[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        slots[i] = ask_of(0, false);
        forward_flush(forward);
        assert_true(server_receive(&from[i]) != 0);
    }
    for (int i = 2; i >= 0; i--) {
        uint8_t reply[sizeof question];
        memcpy(reply, question, sizeof reply);
        reply[0] = (uint8_t)i;
        server_send(reply, sizeof reply, &from[i]);
    }
    wanted = 3;
    assert_true(loop_until(&loop, flush, has_events));
    for (size_t i = 0; i < 3; i++) {
        const struct double_event *e = &engine_double.events[i];
        assert_false(e->failed);
        assert_int_equal(e->server, 0);
        assert_int_equal(e->len, sizeof question);
        assert_int_equal(e->slot, slots[e->msg[0]]);
    }
}

static void forward_asks_from_many_random_ports(void **state)
{
    enum { ASKS = 400 };
    static uint16_t ports[ASKS];
    struct sockaddr_in from;
    size_t distinct = 0;
    size_t low = 0;
    (void)state;
    for (size_t i = 0; i < ASKS; i++) {
        ask_of(0, false);
        forward_flush(forward);
        ports[i] = server_receive(&from);
        assert_true(ports[i] >= 1024);
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = ports[k] == ports[i];
        distinct += !seen;
        low += !seen && ports[i] < 33280; /* the middle of the range */
    }
    /* 400 draws of 128 leave 6 undrawn on average. */
    assert_in_range(distinct, 110, 128);
    assert_in_range(low, distinct / 4, distinct * 3 / 4);
    assert_int_equal(forward_open_count(forward), distinct);
}

static void forward_replaces_a_port_after_many_questions(void **state)
{
    enum { ASKS = FORWARD_PORTS * FORWARD_PORT_USES * 2 };
    uint32_t last_slot = 0;
    (void)state;
    for (size_t i = 0; i < ASKS; i++) {
        uint32_t slot = ask_of(0, false);
        last_slot = slot > last_slot ? slot : last_slot;
    }
    forward_flush(forward);
    /* Slots count up with each socket that is opened. */
    assert_in_range(last_slot, FORWARD_PORTS * 3 / 2, FORWARD_PORTS * 4);
    assert_true(forward_open_count(forward) >= last_slot); /* replaced ones still listen */
}

static void forward_reports_a_refused_port(void **state)
{
    (void)state;
    close(server_udp);
    uint32_t slot = ask_of(0, false);
    wanted = 1;
    assert_true(loop_until(&loop, flush, has_events));
    assert_true(engine_double.events[0].failed);
    assert_int_equal(engine_double.events[0].slot, slot);
    server_udp = -1;
}

/* A server that is started anew refuses for a moment; what it says afterwards must be heard through the same ports. */
static void forward_hears_again_through_a_port_that_was_refused(void **state)
{
    struct sockaddr_in from;
    (void)state;
    close(server_udp);
    uint32_t slot = ask_of(0, false);
    wanted = 1;
    assert_true(loop_until(&loop, flush, has_events));
    assert_true(engine_double.events[0].failed);
    server_udp = loop_listen(SOCK_DGRAM, &server.at, &server.at);
    for (uint32_t drawn = 0; drawn != slot;) {
        drawn = ask_of(0, false);
        forward_flush(forward);
        assert_true(server_receive(&from) != 0);
        assert_true(drawn < slot + FORWARD_PORTS); /* no port is replaced before the first one is drawn again */
    }
    server_send(question, sizeof question, &from);
    wanted = 2;
    assert_true(loop_until(&loop, flush, has_events));
    assert_false(engine_double.events[1].failed);
    assert_int_equal(engine_double.events[1].slot, slot);
}

static void forward_believes_only_the_question_of_an_oversized_reply(void **state)
{
    uint8_t reply[MSG_UDP_EDNS + 1] = {0};
    struct sockaddr_in from;
    (void)state;
    ask_of(0, false);
    forward_flush(forward);
    server_receive(&from);
    memcpy(reply, question, sizeof question);
    reply[2] |= 0x80;
    reply[7] = 9; /* ANCOUNT */
    server_send(reply, MSG_UDP_EDNS, &from);
    server_send(reply, MSG_UDP_EDNS + 1, &from);
    wanted = 2;
    assert_true(loop_until(&loop, flush, has_events));
    assert_int_equal(engine_double.events[0].len, MSG_UDP_EDNS);
    assert_int_equal(engine_double.events[0].msg[2] & 0x02, 0);
    assert_int_equal(engine_double.events[1].len, sizeof question);
    assert_int_equal(engine_double.events[1].msg[2], 0x83);
    assert_int_equal(engine_double.events[1].msg[7], 0);
}

static void forward_keeps_sockets_of_servers_that_stay(void **state)
{
    struct query_server list[2] = {{.at = loop_endpoint("127.0.0.9", 9)}, server};
    struct sockaddr_in from;
    (void)state;
    uint32_t slot = ask_of(0, false);
    forward_flush(forward);
    server_receive(&from);
    assert_int_equal(forward_set_servers(forward, list, 2, NULL), 0);
    server_send(question, sizeof question, &from);
    wanted = 1;
    assert_true(loop_until(&loop, flush, has_events));
    assert_int_equal(engine_double.events[0].slot, slot);
    assert_int_equal(engine_double.events[0].server, 1);
    assert_int_equal(meter_get(&metrics.meters[server.meter], METER_PORTS), 1);
    /* Off the list: its sockets are closed, and the number means nothing any more. */
    assert_int_equal(forward_set_servers(forward, list, 1, NULL), 0);
    assert_int_equal(forward_open_count(forward), 0);
    struct query_ask ask = {.server = 1, .msg = question, .msg_len = sizeof question};
    assert_int_equal(forward_send(forward, &ask, &slot), ERR_INVAL);
}

/* ---- TCP ---- */

static int accepted;

static bool has_accepted(void)
{
    accepted = accept4(server_tcp, NULL, NULL, SOCK_NONBLOCK);
    return accepted >= 0;
}

static uint8_t heard[4096];
static size_t heard_len;

static bool has_heard(void)
{
    ssize_t len = recv(accepted, heard + heard_len, sizeof heard - heard_len, 0);
    heard_len += len > 0 ? (size_t)len : 0;
    return heard_len >= wanted;
}

static void forward_shares_one_connection_for_many_questions(void **state)
{
    uint32_t slots[5];
    (void)state;
    for (size_t i = 0; i < 5; i++)
        slots[i] = ask_of(0, true);
    assert_true(loop_until(&loop, flush, has_accepted));
    heard_len = 0;
    wanted = 5 * (sizeof question + 2);
    assert_true(loop_until(&loop, flush, has_heard));
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(slots[i], slots[0]);
        assert_memory_equal(heard + i * (sizeof question + 2) + 2, question, sizeof question);
    }
    assert_int_equal(forward_open_count(forward), 1);
    /* All replies in one write, split in the middle of a length. */
    assert_int_equal(send(accepted, heard, heard_len / 2 + 1, 0), heard_len / 2 + 1);
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    size_t rest = heard_len - heard_len / 2 - 1;
    assert_int_equal(send(accepted, heard + heard_len - rest, rest, 0), rest);
    wanted = 5;
    assert_true(loop_until(&loop, flush, has_events));
    for (size_t i = 0; i < 5; i++) {
        assert_false(engine_double.events[i].failed);
        assert_int_equal(engine_double.events[i].slot, slots[0]);
    }
    close(accepted);
}

static void forward_reports_a_connection_that_breaks_and_opens_another(void **state)
{
    (void)state;
    uint32_t first = ask_of(0, true);
    assert_true(loop_until(&loop, flush, has_accepted));
    close(accepted);
    wanted = 1;
    assert_true(loop_until(&loop, flush, has_events));
    assert_true(engine_double.events[0].failed);
    assert_int_equal(engine_double.events[0].slot, first);
    assert_true(ask_of(0, true) != first);
    assert_true(loop_until(&loop, flush, has_accepted));
    close(accepted);
}

static void forward_reports_a_refused_connection(void **state)
{
    (void)state;
    close(server_tcp);
    uint32_t slot = ask_of(0, true);
    wanted = 1;
    assert_true(loop_until(&loop, flush, has_events));
    assert_true(engine_double.events[0].failed);
    assert_int_equal(engine_double.events[0].slot, slot);
    assert_int_equal(forward_open_count(forward), 0);
    server_tcp = -1;
}

static void forward_opens_more_connections_only_when_one_is_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORWARD_LINK_ASKS; i++)
        ask_of(0, true);
    assert_int_equal(forward_open_count(forward), 1);
    for (size_t i = 0; i < FORWARD_LINK_ASKS * FORWARD_LINKS * 2; i++)
        ask_of(0, true);
    assert_int_equal(forward_open_count(forward), FORWARD_LINKS);
}

int main(void)
{
#define FORWARD_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        FORWARD_TEST(forward_gives_a_reply_with_the_slot_it_was_asked_through),
        FORWARD_TEST(forward_asks_from_many_random_ports),
        FORWARD_TEST(forward_replaces_a_port_after_many_questions),
        FORWARD_TEST(forward_reports_a_refused_port),
        FORWARD_TEST(forward_hears_again_through_a_port_that_was_refused),
        FORWARD_TEST(forward_believes_only_the_question_of_an_oversized_reply),
        FORWARD_TEST(forward_keeps_sockets_of_servers_that_stay),
        FORWARD_TEST(forward_shares_one_connection_for_many_questions),
        FORWARD_TEST(forward_reports_a_connection_that_breaks_and_opens_another),
        FORWARD_TEST(forward_reports_a_refused_connection),
        FORWARD_TEST(forward_opens_more_connections_only_when_one_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
