#include "monitor/monitor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

#define LIFE_MS 200

static uv_loop_t loop;
static struct monitor *monitor;
static struct endpoint at;
static struct cache *cache;
static struct metrics metrics;
static const struct metrics *const workers[] = {&metrics};
static const struct query_opts query;
static struct prefix loopback;
static size_t stuck;
static int asked; /* how often the figures were gathered */

static void fill_env(void *ctx, struct command_env *out)
{
    (void)ctx;
    asked++;
    *out = (struct command_env){.version = "1.2.3",
                                .query = &query,
                                .workers = workers,
                                .worker_count = 1,
                                .workers_stuck = stuck,
                                .cache = cache};
}

static int start(void **state)
{
    const struct cache_opts cache_opts = {.bytes = 1 << 20, .shards = 1};
    const struct endpoint any = loop_endpoint("127.0.0.1", 0);
    struct monitor_opts opts = {.listen = &any,
                                .listen_count = 1,
                                .access = &loopback,
                                .access_count = 1,
                                .life_ms = LIFE_MS,
                                .fresh_ms = 60000,
                                .env = fill_env};
    struct endpoint failed;
    (void)state;
    stuck = 0;
    asked = 0;
    assert_int_equal(prefix_from_text("127.0.0.0/8", &loopback), 0);
    assert_int_equal(cache_new(&cache_opts, &cache), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(monitor_listen(&loop, &opts, &monitor, &failed), 0);
    at = monitor_bound(monitor, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    monitor_close(monitor);
    loop_end(&loop);
    cache_free(cache);
    return 0;
}

/* ---- a client ---- */

static int client;
static const char *to_send;
static size_t to_send_len;
static char got[1 << 17];
static size_t got_len;
static bool got_end;

static bool answered(void)
{
    ssize_t sent = to_send_len == 0 ? 0 : send(client, to_send, to_send_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
        to_send += sent;
        to_send_len -= (size_t)sent;
    }
    ssize_t len = recv(client, got + got_len, sizeof got - 1 - got_len, MSG_DONTWAIT);
    got_len += len > 0 ? (size_t)len : 0;
    got[got_len] = '\0';
    got_end = got_end || len == 0 || (len < 0 && errno != EAGAIN);
    return got_end;
}

static void begin(const char *text, size_t len)
{
    client = loop_connect(SOCK_STREAM, &at);
    to_send = text;
    to_send_len = len;
    got_len = 0;
    got_end = false;
}

/* Sends and reads until the server closes; what came is in got. */
static void ask(const char *text)
{
    begin(text, strlen(text));
    assert_true(loop_until(&loop, NULL, answered));
    close(client);
}

static void assert_got(const char *words)
{
    if (strstr(got, words) == NULL)
        fail_msg("'%s' is not in:\n%.2000s", words, got);
}

/* ---- what is served ---- */

static void monitor_serves_its_pages_and_nothing_else(void **state)
{
    static const struct {
        const char *request, *status, *words;
    } rows[] = {
        {"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "200", "\nbelisha_queries_udp_total 0\n"},
        {"GET /metrics?x=y HTTP/1.1\r\nHost: a\r\n\r\n", "200", "Content-Type: text/plain; version=0.0.4"},
        {"GET /metrics HTTP/1.0\r\n\r\n", "200", "\nbelisha_build_info{version=\"1.2.3\"} 1\n"},
        {"GET /live HTTP/1.1\r\nHost: a\r\n\r\n", "200", "\r\n\r\n{\"status\": \"ok\"}\n"},
        {"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "503", "\"reasons\": [\"no blocklist is in force"},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "404", "/metrics"},
        {"GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n", "404", ""},
        {"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", "404", ""},
        {"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "405", "Allow: GET, HEAD\r\n"},
        {"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "405", ""},
        {"BREW /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "405", ""},
        {"GET /metrics HTTP/1.1\r\n\r\n", "400", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(rows[i].request);
        if (strncmp(got + 9, rows[i].status, 3) != 0)
            fail_msg("%s gives\n%.200s", rows[i].request, got);
        assert_got(rows[i].words);
        assert_got("Connection: close\r\n");
    }
}

static void monitor_sends_no_body_to_head(void **state)
{
    (void)state;
    ask("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_got("HTTP/1.1 200 OK\r\n");
    assert_got("Content-Length: ");
    assert_null(strstr(got, "belisha_"));
}

static void monitor_says_when_a_worker_is_stuck(void **state)
{
    (void)state;
    stuck = 1;
    ask("GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_got("HTTP/1.1 503 ");
    assert_got("1 of 1 workers does not turn");
}

static void monitor_gathers_figures_once_for_many(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_got("\nbelisha_queries_udp_total 0\n");
        metrics_add(&metrics, METRIC_QUERIES_UDP, 1);
    }
    assert_int_equal(asked, 1);
    metrics = (struct metrics){0};
}

/* ---- hostile clients ---- */

static void monitor_answers_one_request_of_a_connection(void **state)
{
    static char many[200 * 40];
    (void)state;
    for (size_t i = 0; i < 200; i++)
        strcat(many, "GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
    ask(many);
    const char *first = strstr(got, "HTTP/1.1 ");
    assert_true(got_len == 0 || first != NULL); /* what was not read may make the kernel reset the connection */
    assert_true(first == NULL || strstr(first + 1, "HTTP/1.1 ") == NULL);
}

static void monitor_bounds_headers(void **state)
{
    static char text[4 * MONITOR_HEADERS_MAX];
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "GET /metrics HTTP/1.1\r\nHost: a\r\nX: ", 35);
    begin(text, sizeof text);
    assert_true(loop_until(&loop, NULL, answered));
    if (got_len > 0)
        assert_got("HTTP/1.1 431 ");
    close(client);
}

static int64_t next_drip_ms;

/* One header byte now and then: never idle, never done. */
static bool cut_off(void)
{
    to_send_len = 0;
    if (!got_end && (int64_t)uv_now(&loop) >= next_drip_ms) {
        send(client, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        next_drip_ms = (int64_t)uv_now(&loop) + LIFE_MS / 20;
    }
    return answered();
}

static void monitor_cuts_off_who_drips(void **state)
{
    (void)state;
    begin("", 0);
    next_drip_ms = 0;
    assert_true(loop_until(&loop, NULL, cut_off));
    assert_int_equal(got_len, 0);
    close(client);
}

static void monitor_outlives_more_connections_than_it_takes(void **state)
{
    int idle[2 * MONITOR_CONNECTIONS_MAX];
    (void)state;
    for (size_t i = 0; i < 2 * MONITOR_CONNECTIONS_MAX; i++) {
        idle[i] = loop_connect(SOCK_STREAM, &at);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    ask("GET /live HTTP/1.1\r\nHost: a\r\n\r\n"); /* its turn comes when those before it were cut off */
    assert_got("HTTP/1.1 200 ");
    for (size_t i = 0; i < 2 * MONITOR_CONNECTIONS_MAX; i++)
        close(idle[i]);
}

static void monitor_closes_on_whom_it_does_not_know(void **state)
{
    static struct prefix elsewhere;
    (void)state;
    assert_int_equal(prefix_from_text("10.0.0.0/8", &elsewhere), 0);
    monitor_set_access(monitor, &elsewhere, 1);
    ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(got_len, 0);
    assert_int_equal(asked, 0);
    monitor_set_access(monitor, &loopback, 1);
    ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_got("HTTP/1.1 200 ");
}

static void monitor_outlives_what_is_no_http(void **state)
{
    static const char *const rows[] = {"\r\n\r\n",
                                       "GET\r\n\r\n",
                                       "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                                       "GET /live HTTP/9.9\r\nHost: a\r\n\r\n",
                                       "GET  /live  HTTP/1.1\r\n\r\n",
                                       "GET /live HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(rows[i]);
        assert_null(strstr(got, " 200 "));
    }
    ask("GET /live HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_got("HTTP/1.1 200 ");
}

/* ---- listening ---- */

static void monitor_names_the_address_that_is_taken(void **state)
{
    const struct endpoint listen[] = {loop_endpoint("127.0.0.1", 0), at};
    struct monitor_opts opts = {
        .listen = listen, .listen_count = 2, .access = &loopback, .access_count = 1, .life_ms = LIFE_MS};
    struct monitor *second;
    struct endpoint failed = {.port = 0};
    (void)state;
    assert_int_equal(monitor_listen(&loop, &opts, &second, &failed), -EADDRINUSE);
    assert_true(endpoint_equal(&failed, &at));
}

static int next_fd(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

static void monitor_keeps_no_socket_of_a_daemon_that_does_not_start(void **state)
{
    const struct endpoint any = loop_endpoint("127.0.0.1", 0);
    struct monitor_opts opts = {
        .listen = &any, .listen_count = 1, .access = &loopback, .access_count = 1, .life_ms = LIFE_MS};
    struct monitor *second;
    struct endpoint failed;
    struct rlimit all;
    (void)state;
    int before = next_fd();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    const struct rlimit one_more = {.rlim_cur = (rlim_t)before + 1, .rlim_max = all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &one_more), 0);
    int err = monitor_listen(&loop, &opts, &second, &failed); /* no descriptor is left for its epoll */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    assert_int_equal(err, ERR_NOMEM);
    assert_int_equal(next_fd(), before);
}

int main(void)
{
#define MONITOR_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        MONITOR_TEST(monitor_serves_its_pages_and_nothing_else),
        MONITOR_TEST(monitor_sends_no_body_to_head),
        MONITOR_TEST(monitor_says_when_a_worker_is_stuck),
        MONITOR_TEST(monitor_gathers_figures_once_for_many),
        MONITOR_TEST(monitor_answers_one_request_of_a_connection),
        MONITOR_TEST(monitor_bounds_headers),
        MONITOR_TEST(monitor_cuts_off_who_drips),
        MONITOR_TEST(monitor_outlives_more_connections_than_it_takes),
        MONITOR_TEST(monitor_closes_on_whom_it_does_not_know),
        MONITOR_TEST(monitor_outlives_what_is_no_http),
        MONITOR_TEST(monitor_names_the_address_that_is_taken),
        MONITOR_TEST(monitor_keeps_no_socket_of_a_daemon_that_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
