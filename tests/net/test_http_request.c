/* Requests of the local API, as HTTP/1.1 has them (RFC 9112). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/http_request.h"

static struct http_request request;

static enum http_step feed(const char *text)
{
    memset(&request, 0, sizeof request);
    return http_request_feed(&request, text, strlen(text));
}

static void a_request_is_taken_apart(void **state)
{
    (void)state;
    assert_int_equal(feed("POST /v1/logon?x=1 HTTP/1.1\r\nHost: x\r\nauthorization:  bearer   abc-1 \r\n"
                          "CONTENT-LENGTH: 4\r\n\r\nbodyand more"),
                     HTTP_WHOLE);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.path, "/v1/logon");
    assert_string_equal(request.token, "abc-1");
    assert_int_equal(request.body_len, 4);
    assert_string_equal(request.body, "body");
    assert_int_equal(feed("GET /v1/sessions HTTP/1.0\r\n\r\n"), HTTP_WHOLE);
    assert_null(request.token);
    assert_int_equal(request.body_len, 0);
    assert_int_equal(feed("GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n"), HTTP_WHOLE);
    assert_null(request.token);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    static const char text[] = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    (void)state;
    memset(&request, 0, sizeof request);
    for (size_t i = 0; i + 1 < sizeof text - 1; i++)
        assert_int_equal(http_request_feed(&request, text + i, 1), HTTP_MORE);
    assert_int_equal(http_request_feed(&request, "c", 1), HTTP_WHOLE);
    assert_string_equal(request.body, "abc");
}

static void a_client_that_waits_is_told_to_go_on_once(void **state)
{
    (void)state;
    assert_int_equal(feed("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"), HTTP_CONTINUE);
    assert_int_equal(http_request_feed(&request, "a", 1), HTTP_MORE);
    assert_int_equal(http_request_feed(&request, "b", 1), HTTP_WHOLE);
    assert_int_equal(feed("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"), HTTP_WHOLE);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } rows[] = {
        {"\r\n\r\n", 400},
        {"GET\r\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET / \r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\n\r\n", 400},
        {"GET x HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.2\r\n\r\n", 505},
        {"GET / HTTP/2.0\r\n\r\n", 505},
        {"GET / http/1.1\r\n\r\n", 400},
        {"G(T / HTTP/1.1\r\n\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\nA: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\rA: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n\r\n", 411},
        {"POST / HTTP/1.1\r\nContent-Length: \r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nExpect: 200-maybe\r\n\r\n", 417},
        {"GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (feed(rows[i].text) != HTTP_BAD || request.status != rows[i].status)
            fail_msg("%s: %u", rows[i].text, request.status);
    memset(&request, 0, sizeof request);
    assert_int_equal(http_request_feed(&request, "GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24), HTTP_BAD);
    assert_int_equal(feed("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab"), HTTP_WHOLE);
}

static void head_and_body_have_their_bounds(void **state)
{
    static char text[HTTP_HEAD_MAX + HTTP_BODY_MAX + 100];
    (void)state;
    for (int over = 0; over < 2; over++) {
        int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nA: ");
        memset(text + len, 'a', (size_t)(HTTP_HEAD_MAX + over - len - 4));
        strcpy(text + HTTP_HEAD_MAX + over - 4, "\r\n\r\n");
        assert_int_equal(feed(text), over == 0 ? HTTP_WHOLE : HTTP_BAD);
    }
    assert_int_equal(request.status, 431);
    memset(text, 'a', sizeof text - 1);
    assert_int_equal(feed(text), HTTP_BAD); /* no end in sight */
    assert_int_equal(request.status, 431);
    int len = snprintf(text, sizeof text, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", HTTP_BODY_MAX);
    memset(text + len, 'b', HTTP_BODY_MAX);
    text[len + HTTP_BODY_MAX] = '\0';
    assert_int_equal(feed(text), HTTP_WHOLE);
    assert_int_equal(strlen(request.body), HTTP_BODY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(a_request_may_come_byte_by_byte),
        cmocka_unit_test(a_client_that_waits_is_told_to_go_on_once),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(head_and_body_have_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
