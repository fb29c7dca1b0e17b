#include "fetch/turns.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fetch/url.h"

#define THREADS 8
#define ROUNDS  500

static struct turns *turns;
static atomic_int at_once[2], most[2];

static void *visit(void *ctx)
{
    static const char *const servers[2] = {"a.example:443", "b.example:443"};
    int which = *(const int *)ctx;
    for (int i = 0; i < ROUNDS; i++) {
        turns_take(turns, servers[which]);
        int now = atomic_fetch_add(&at_once[which], 1) + 1;
        if (now > atomic_load(&most[which]))
            atomic_store(&most[which], now);
        atomic_fetch_sub(&at_once[which], 1);
        turns_give(turns, servers[which]);
    }
    return NULL;
}

static void turns_let_so_many_to_one_server_and_no_more(void **state)
{
    static const int which[2] = {0, 1};
    pthread_t threads[THREADS];
    (void)state;
    assert_int_equal(turns_new(2, &turns), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit, (void *)(uintptr_t)&which[i % 2]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(at_once[i], 0);
        assert_in_range(most[i], 1, 2);
    }
    turns_free(turns);
}

static void a_turn_with_one_server_is_none_with_another(void **state)
{
    (void)state;
    assert_int_equal(turns_new(1, &turns), 0);
    turns_take(turns, "a.example:443");
    turns_take(turns, "a.example:8443"); /* returns, or the test hangs */
    turns_give(turns, "a.example:443");
    turns_take(turns, "a.example:443");
    turns_free(turns);
    turns_take(NULL, "a.example:443");
    turns_give(NULL, "a.example:443");
}

static void url_server_knows_who_answers(void **state)
{
    static const struct {
        const char *url, *server; /* NULL: no https address */
    } rows[] = {
        {"https://lists.example/a", "lists.example:443"},
        {"https://lists.example:443/", "lists.example:443"},
        {"https://LISTS.example:8443?x", "lists.example:8443"},
        {"https://other.example@lists.example/", "lists.example:443"},
        {"https://[2001:DB8::1]/a", "[2001:db8::1]:443"},
        {"http://lists.example/a", NULL},
        {"file:///etc/passwd", NULL},
        {"https://", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char server[URL_SERVER_MAX];
        assert_int_equal(url_server(rows[i].url, server), rows[i].server != NULL);
        if (rows[i].server != NULL)
            assert_string_equal(server, rows[i].server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_let_so_many_to_one_server_and_no_more),
        cmocka_unit_test(a_turn_with_one_server_is_none_with_another),
        cmocka_unit_test(url_server_knows_who_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
