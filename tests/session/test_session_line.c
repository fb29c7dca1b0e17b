/* Sessions as lines of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "session/session.h"

static struct session example(void)
{
    struct session s = {.number = 17,
                        .source = SESSION_RADIUS,
                        .from_s = 1000,
                        .heard_s = 1100,
                        .until_s = 5000,
                        .has_mac = true,
                        .mac = {0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f},
                        .address_count = 2,
                        .user = "SCHOOL\\anna \"the\" \xc3\xab",
                        .host = "pc17",
                        .origin = "wifi/10.0.0.5",
                        .id = "5F3A"};
    assert_int_equal(ipaddr_from_text("10.20.0.7", &s.addresses[0]), 0);
    assert_int_equal(ipaddr_from_text("2001:db8::7", &s.addresses[1]), 0);
    return s;
}

static void assert_same(const struct session *a, const struct session *b)
{
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->source, b->source);
    assert_int_equal(a->end, b->end);
    assert_int_equal(a->from_s, b->from_s);
    assert_int_equal(a->heard_s, b->heard_s);
    assert_int_equal(a->until_s, b->until_s);
    assert_int_equal(a->ended_s, b->ended_s);
    assert_int_equal(a->has_mac, b->has_mac);
    assert_memory_equal(a->mac, b->mac, 6);
    assert_int_equal(a->address_count, b->address_count);
    assert_memory_equal(a->addresses, b->addresses, a->address_count * sizeof a->addresses[0]);
    assert_string_equal(a->user, b->user);
    assert_string_equal(a->host, b->host);
    assert_string_equal(a->origin, b->origin);
    assert_string_equal(a->id, b->id);
}

static void round_trip(const struct session_line *line, struct session_line *out)
{
    struct text text = {0};
    session_line_write(line, &text);
    assert_true(text_ok(&text));
    assert_int_equal(text.bytes[text.len - 1], '\n');
    assert_int_equal(session_line_parse(text.bytes, text.len - 1, out), 0);
    text_done(&text);
}

static void session_line_parse_reads_what_was_written(void **state)
{
    struct session_line line = {.op = SESSION_OP_SESSION, .session = example()};
    struct session_line read;
    (void)state;
    round_trip(&line, &read);
    assert_int_equal(read.op, SESSION_OP_SESSION);
    assert_same(&read.session, &line.session);
    line.session.end = SESSION_SUPERSEDED;
    line.session.ended_s = 1200;
    line.session.has_mac = false;
    memset(line.session.mac, 0, 6);
    line.session.address_count = 0;
    line.session.user = line.session.host = "";
    line.session.source = SESSION_LOGON;
    round_trip(&line, &read);
    assert_same(&read.session, &line.session);
    line = (struct session_line){.op = SESSION_OP_BEGIN, .next = 99};
    round_trip(&line, &read);
    assert_int_equal(read.next, 99);
    line = (struct session_line){.op = SESSION_OP_CLEAR,
                                 .session = {.source = SESSION_RADIUS, .origin = "wifi/ap-7", .ended_s = 7}};
    round_trip(&line, &read);
    assert_string_equal(read.session.origin, "wifi/ap-7");
    assert_int_equal(read.session.ended_s, 7);
}

static void session_line_parse_sees_every_changed_byte(void **state)
{
    struct session_line line = {.op = SESSION_OP_SESSION, .session = example()}, read;
    struct text text = {0};
    (void)state;
    session_line_write(&line, &text);
    for (size_t i = 0; i < text.len - 1; i++) {
        text.bytes[i] ^= 1;
        assert_int_equal(session_line_parse(text.bytes, text.len - 1, &read), ERR_DAMAGED);
        text.bytes[i] ^= 1;
    }
    for (size_t len = 0; len < text.len - 1; len++)
        assert_int_equal(session_line_parse(text.bytes, len, &read), ERR_DAMAGED);
    text_done(&text);
}

static void the_longest_session_fits_into_a_line(void **state)
{
    char user[SESSION_USER_MAX], host[SESSION_HOST_MAX], origin[SESSION_ORIGIN_MAX], id[SESSION_ID_MAX];
    struct session_line line = {.op = SESSION_OP_SESSION, .session = example()}, read;
    (void)state;
    memset(user, '"', sizeof user);
    memset(host, '"', sizeof host);
    memset(origin, '"', sizeof origin);
    memset(id, '"', sizeof id);
    user[sizeof user - 1] = host[sizeof host - 1] = origin[sizeof origin - 1] = id[sizeof id - 1] = '\0';
    line.session.user = user;
    line.session.host = host;
    line.session.origin = origin;
    line.session.id = id;
    line.session.address_count = SESSION_ADDRESSES_MAX;
    line.session.addresses[2] = line.session.addresses[3] = line.session.addresses[1];
    round_trip(&line, &read);
    assert_same(&read.session, &line.session);
}

static void session_new_copies_its_texts(void **state)
{
    char user[] = "anna";
    struct session s = example();
    (void)state;
    s.user = user;
    struct session *copy = session_new(&s);
    assert_non_null(copy);
    user[0] = 'x';
    assert_string_equal(copy->user, "anna");
    assert_string_equal(copy->id, "5F3A");
    assert_int_equal(copy->holders, 1);
    session_release(copy);
    session_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_line_parse_reads_what_was_written),
        cmocka_unit_test(session_line_parse_sees_every_changed_byte),
        cmocka_unit_test(the_longest_session_fits_into_a_line),
        cmocka_unit_test(session_new_copies_its_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
