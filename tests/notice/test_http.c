#include "notice/http.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "notice/fixture.h"

#define AT "127.0.0.1:15590"

struct talk {
    char bytes[65536]; /* what came back */
    size_t len;
    bool closed; /* by the server */
};

static int dial(void)
{
    struct endpoint at;
    struct sockaddr_storage address;
    assert_int_equal(endpoint_from_text(AT, 0, &at), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, endpoint_to_sockaddr(&at, &address)), 0);
    return fd;
}

/* Lets the server work for one turn, and the client read what there is. */
static void turn(struct http *http, int fd, struct talk *talk)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = http_fd(http), .events = POLLIN}};
    int wait = http_timeout_ms(http);
    http_run(http);
    poll(fds, 2, wait >= 0 && wait < 100 ? wait : 100);
    if (fds[0].revents == 0)
        return;
    ssize_t got = recv(fd, talk->bytes + talk->len, sizeof talk->bytes - 1 - talk->len, MSG_DONTWAIT);
    talk->closed = got <= 0;
    talk->len += got > 0 ? (size_t)got : 0;
    talk->bytes[talk->len] = '\0';
}

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Sends the text and reads until the words have come, or until the server closes when words is NULL. */
static struct talk *ask(struct fixture *f, const char *text, size_t len, const char *words)
{
    static struct talk talk;
    struct endpoint at;
    struct http *http;
    int64_t give_up_s = now_s() + 20;
    talk = (struct talk){0};
    assert_int_equal(endpoint_from_text(AT, 0, &at), 0);
    assert_int_equal(http_listen(&at, &f->site, &http), 0);
    int fd = dial();
    for (size_t sent = 0; !talk.closed && (words == NULL || strstr(talk.bytes, words) == NULL);) {
        ssize_t n = sent == len ? 0 : send(fd, text + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        turn(http, fd, &talk);
        if (now_s() > give_up_s)
            fail_msg("waited in vain for %s after:\n%s", words == NULL ? "the end" : words, talk.bytes);
    }
    close(fd);
    http_close(http);
    return &talk;
}

static struct talk *ask_text(struct fixture *f, const char *text, const char *words)
{
    return ask(f, text, strlen(text), words);
}

static void assert_has(const struct talk *talk, const char *words)
{
    if (strstr(talk->bytes, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, talk->bytes);
}

static void http_sends_the_page_with_the_headers_that_protect_it(void **state)
{
    struct talk *talk =
        ask_text(*state, "GET / HTTP/1.1\r\nHost: casino.example\r\nAccept: text/html\r\n\r\n", "</html>");
    assert_has(talk, "HTTP/1.1 403 ");
    assert_has(talk, "Cache-Control: no-store\r\n");
    assert_has(talk, "Content-Security-Policy: default-src 'none'; style-src 'sha256-");
    assert_has(talk, "Referrer-Policy: no-referrer\r\n");
    assert_has(talk, "X-Content-Type-Options: nosniff\r\n");
    assert_has(talk, "Content-Type: text/html; charset=utf-8\r\n");
    assert_has(talk, "</html>");
    assert_false(talk->closed);
}

static void http_answers_every_request_of_a_connection(void **state)
{
    struct talk *talk = ask_text(*state,
                                 "HEAD / HTTP/1.1\r\nHost: casino.example\r\n\r\n"
                                 "GET /x HTTP/1.1\r\nHost: casino.example\r\nAccept: image/png\r\n\r\n"
                                 "PUT /x HTTP/1.1\r\nHost: casino.example\r\nContent-Length: 2\r\n\r\nhi"
                                 "GET / HTTP/1.1\r\nHost: free.example\r\n\r\n",
                                 NULL);
    assert_has(talk, "HTTP/1.1 403 ");
    assert_has(talk, "HTTP/1.1 405 ");
    assert_has(talk, "Allow: GET, HEAD\r\n");
    assert_has(talk, "HTTP/1.1 404 ");
    assert_has(talk, "Connection: close\r\n");
    assert_true(talk->closed);
}

static void http_bounds_headers_and_bodies(void **state)
{
    static char text[1u << 22];
    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: casino.example\r\nX: ");
    memset(text + len, 'x', HTTP_HEADERS_MAX * 2);
    assert_has(ask(*state, text, (size_t)len + HTTP_HEADERS_MAX * 2, NULL), "HTTP/1.1 431 ");

    len = snprintf(text, sizeof text,
                   "POST /report HTTP/1.1\r\nHost: casino.example\r\nContent-Length: 10000\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\n\r\n");
    memset(text + len, 'x', 10000);
    assert_has(ask(*state, text, (size_t)len + 10000, "</html>"), "HTTP/1.1 413 ");

    len = snprintf(text, sizeof text,
                   "POST /report HTTP/1.1\r\nHost: casino.example\r\nTransfer-Encoding: chunked\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\n\r\n3f0000\r\n");
    memset(text + len, 'x', sizeof text - (size_t)len);
    struct talk *talk = ask(*state, text, sizeof text, NULL);
    assert_true(talk->closed);
    assert_int_equal(talk->len, 0);
}

static void http_outlives_what_is_no_http(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"GET\r\n\r\n", NULL},
        {"GET / HTTP/1.1\r\n\r\n", " 400 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", " 400 "},
        {"GET / HTTP/1.0\r\nHost: casino.example\r\n\r\n", " 403 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ask_text(*state, rows[i].text, rows[i].words);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(http_sends_the_page_with_the_headers_that_protect_it),
        TEST(http_answers_every_request_of_a_connection),
        TEST(http_bounds_headers_and_bodies),
        TEST(http_outlives_what_is_no_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
