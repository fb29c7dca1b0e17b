#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/control_socket.h"
#include "net/loop.h"

static uv_loop_t loop;
static struct control_socket *control;
static char folder[] = "/tmp/belisha-control-XXXXXX";
static char path[64];
static int stops;
static int runs; /* commands, for which what they look at was gathered */
static struct roles *roles;

static void stop(void *ctx)
{
    (void)ctx;
    stops++;
}

static void fill_env(void *ctx, struct command_env *out)
{
    (void)ctx;
    runs++;
    *out = (struct command_env){.stop = stop, .roles = roles};
}

static int start(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/control.sock", folder);
    stops = runs = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    return control_socket_listen(&loop, path, fill_env, NULL, &control);
}

static int end(void **state)
{
    (void)state;
    control_socket_close(control);
    loop_end(&loop);
    assert_int_equal(access(path, F_OK), -1); /* the file goes with the socket */
    return rmdir(folder);
}

static int caller;
static char got[4096];
static size_t got_len;
static bool got_end;

static int caller_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    strcpy(address.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    got_len = 0;
    got_end = false;
    return fd;
}

static bool answer_ended(void)
{
    ssize_t len = recv(caller, got + got_len, sizeof got - 1 - got_len, 0);
    got_len += len > 0 ? (size_t)len : 0;
    got[got_len] = '\0';
    got_end = got_end || len == 0 || (len < 0 && errno != EAGAIN);
    return got_end;
}

static void control_socket_answers_one_line_and_closes(void **state)
{
    static const struct {
        const char *first, *rest, *answer;
    } rows[] = {
        {"stop\n", "", "ok\n"},
        {"stop\r\n", "", "ok\n"},
        {"st", "op\n", "ok\n"},
        {"stop\nstop\n", "", "ok\n"},
        {"\n", "", "error: no such command:  (help lists them)\n"},
        {"log-flush\n", "", "error: the query log is switched off\n"}, /* off the loop */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        caller = caller_connect();
        send(caller, rows[i].first, strlen(rows[i].first), 0);
        for (int turn = 0; turn < 3; turn++)
            uv_run(&loop, UV_RUN_NOWAIT);
        if (rows[i].rest[0] != '\0')
            send(caller, rows[i].rest, strlen(rows[i].rest), 0);
        assert_true(loop_until(&loop, NULL, answer_ended));
        assert_string_equal(got, rows[i].answer);
        close(caller);
    }
    assert_int_equal(stops, 4);
}

static void control_socket_refuses_a_line_without_end(void **state)
{
    static char line[COMMAND_LINE_MAX + 100];
    (void)state;
    memset(line, 'a', sizeof line);
    caller = caller_connect();
    send(caller, line, sizeof line, 0);
    assert_true(loop_until(&loop, NULL, answer_ended));
    /* Bytes that were not read make the kernel reset the connection, which may overtake the answer. */
    if (got_len > 0)
        assert_string_equal(got, "error: the line is too long\n");
    close(caller);
}

static void control_socket_bounds_its_callers(void **state)
{
    int idle[CONTROL_CALLERS_MAX];
    (void)state;
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        idle[i] = caller_connect();
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    caller = caller_connect();
    assert_true(loop_until(&loop, NULL, answer_ended));
    assert_int_equal(got_len, 0);
    close(caller);
    close(idle[0]);
    for (int turn = 0; turn < 5; turn++)
        uv_run(&loop, UV_RUN_NOWAIT);
    caller = caller_connect();
    send(caller, "stop\n", 5, 0);
    assert_true(loop_until(&loop, NULL, answer_ended));
    assert_string_equal(got, "ok\n");
    for (size_t i = 1; i < CONTROL_CALLERS_MAX; i++)
        close(idle[i]);
    close(caller);
}

/* ---- what waits for a thread of libuv's pool ---- */

#define BLOCKERS 8 /* more than the pool has threads */

static uv_sem_t gate;

static void block(uv_work_t *work)
{
    (void)work;
    uv_sem_wait(&gate);
}

static void unblocked(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

static bool has_run(void)
{
    return runs > 0;
}

/* The configuration may be another one by the time when the disk was waited for. */
static void control_socket_asks_for_rights_before_a_command_waits(void **state)
{
    static uv_work_t blockers[BLOCKERS];
    (void)state;
    assert_int_equal(uv_sem_init(&gate, 0), 0);
    for (size_t i = 0; i < BLOCKERS; i++)
        assert_int_equal(uv_queue_work(&loop, &blockers[i], block, unblocked), 0);
    roles = calloc(1, sizeof *roles);
    assert_non_null(roles);
    caller = caller_connect();
    send(caller, "log-flush\n", 10, 0);
    assert_true(loop_until(&loop, NULL, has_run));
    free(roles);
    roles = NULL;
    for (size_t i = 0; i < BLOCKERS; i++)
        uv_sem_post(&gate);
    assert_true(loop_until(&loop, NULL, answer_ended));
    assert_string_equal(got, "error: the query log is switched off\n");
    close(caller);
    uv_sem_destroy(&gate);
}

static void control_socket_belongs_to_owner_and_group(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
}

static void control_socket_takes_only_a_path_that_nobody_uses(void **state)
{
    char other[128], longest[200];
    struct control_socket *second;
    (void)state;
    assert_int_equal(control_socket_listen(&loop, path, fill_env, NULL, &second), -EADDRINUSE);
    snprintf(other, sizeof other, "%s/other", folder);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(control_socket_listen(&loop, other, fill_env, NULL, &second), -EADDRINUSE);
    unlink(other);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(control_socket_listen(&loop, longest, fill_env, NULL, &second), ERR_LIMIT);
    /* What a killed program left behind is replaced. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, other);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    close(dead);
    assert_int_equal(control_socket_listen(&loop, other, fill_env, NULL, &second), 0);
    control_socket_close(second);
}

int main(void)
{
#define CONTROL_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        CONTROL_TEST(control_socket_answers_one_line_and_closes),
        CONTROL_TEST(control_socket_refuses_a_line_without_end),
        CONTROL_TEST(control_socket_bounds_its_callers),
        CONTROL_TEST(control_socket_asks_for_rights_before_a_command_waits),
        CONTROL_TEST(control_socket_belongs_to_owner_and_group),
        CONTROL_TEST(control_socket_takes_only_a_path_that_nobody_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
