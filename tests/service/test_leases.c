#include "service/leases.h"

#include <pthread.h>
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lease/kea_json.h"

#define HEAD "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
#define WAIT_MS 30000

struct desk {
    uv_loop_t loop;
    uv_timer_t guard;
    bool late;
    char dir[64];
    struct claims *claims;
    struct leases *leases;
};

static void lay(struct desk *desk)
{
    *desk = (struct desk){.late = false};
    snprintf(desk->dir, sizeof desk->dir, "/tmp/belisha-leases-XXXXXX");
    assert_non_null(mkdtemp(desk->dir));
    assert_int_equal(uv_loop_init(&desk->loop), 0);
    uv_timer_init(&desk->loop, &desk->guard);
    desk->guard.data = desk;
    assert_int_equal(claims_new(1000, 7, &desk->claims), 0);
    assert_int_equal(leases_new(&desk->loop, desk->claims, &desk->leases), 0);
}

static void clear(struct desk *desk)
{
    char command[100];
    leases_close(desk->leases);
    uv_close((uv_handle_t *)&desk->guard, NULL);
    uv_run(&desk->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&desk->loop), 0);
    leases_free(desk->leases);
    claims_free(desk->claims);
    snprintf(command, sizeof command, "rm -rf %s", desk->dir);
    assert_int_equal(system(command), 0);
}

static void on_guard(uv_timer_t *timer)
{
    struct desk *desk = timer->data;
    desk->late = true;
}

static void run_until(struct desk *desk, bool (*done)(struct desk *desk))
{
    desk->late = false;
    uv_timer_start(&desk->guard, on_guard, WAIT_MS, 0);
    while (!done(desk) && !desk->late)
        uv_run(&desk->loop, UV_RUN_ONCE);
    assert_false(desk->late);
    uv_timer_stop(&desk->guard);
}

static const char *path_of(const struct desk *desk, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", desk->dir, name);
    return path;
}

static void put(const struct desk *desk, const char *name, const char *mode, const char *text)
{
    FILE *file = fopen(path_of(desk, name), mode);
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void use(struct desk *desk, enum lease_kind kind, const char *name)
{
    const struct lease_source source = {kind, path_of(desk, name)};
    assert_int_equal(leases_use(desk->leases, &source, 1), 0);
}

static bool one_claim(struct desk *desk)
{
    return claims_count(desk->claims) == 1;
}

static bool two_claims(struct desk *desk)
{
    return claims_count(desk->claims) == 2;
}

/* What has ended is no claim any more, but is kept until it is swept. */
static bool first_ended(struct desk *desk)
{
    claims_expire(desk->claims, time(NULL));
    return claims_count(desk->claims) == 1;
}

static bool in_trouble(struct desk *desk)
{
    return leases_status(desk->leases, 0)->trouble[0] != '\0';
}

static bool no_trouble(struct desk *desk)
{
    return !in_trouble(desk);
}

static void what_is_there_at_the_start_is_claimed_at_once(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk);
    put(&desk, "kea-leases4.csv", "w", HEAD "10.0.0.1,06:d8:d4:3a:6b:fa,,60,9000000000,1,0,0,Laptop-7,0,\n"
                                            "10.0.0.2,,,60,9000000000,1,0,0,no-card,0,\n"
                                            "10.0.0.3,06:d8:d4:3a:6b:fa,,60,9,1,0,0,ended,0,\n");
    use(&desk, LEASE_KEA, "kea-leases4.csv");
    assert_int_equal(claims_count(desk.claims), 1);
    struct claim_view view = claims_at(desk.claims, 0);
    assert_int_equal(view.source, CLAIM_LEASE);
    assert_string_equal(view.key, "10.0.0.1");
    assert_string_equal(view.host, "Laptop-7");
    assert_int_equal(view.until_s, 9000000000);
    assert_true(view.has_mac && view.has_address);
    assert_int_equal(leases_status(desk.leases, 0)->lease_count, 2);
    clear(&desk);
}

static void what_is_added_is_claimed_and_what_goes_ends(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk);
    put(&desk, "kea-leases4.csv", "w", HEAD);
    use(&desk, LEASE_KEA, "kea-leases4.csv");
    put(&desk, "kea-leases4.csv", "a", "10.0.0.1,06:d8:d4:3a:6b:fa,,60,9000000000,1,0,0,x,0,\n");
    run_until(&desk, one_claim);
    put(&desk, "kea-leases4.csv", "a", "10.0.0.2,06:d8:d4:3a:6b:fb,,60,9000000000,1,0,0,x,0,\n");
    run_until(&desk, two_claims);
    put(&desk, "kea-leases4.csv", "a", "10.0.0.1,06:d8:d4:3a:6b:fa,,0,9000000000,1,0,0,x,0,\n");
    run_until(&desk, first_ended);
    assert_string_equal(claims_at(desk.claims, 0).key, "10.0.0.2");
    clear(&desk);
}

static void a_file_that_comes_later_is_found(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk);
    use(&desk, LEASE_DNSMASQ, "later/dnsmasq.leases");
    run_until(&desk, in_trouble);
    assert_non_null(strstr(leases_status(desk.leases, 0)->trouble, "later/dnsmasq.leases: "));
    assert_int_equal(leases_status(desk.leases, 0)->read_s, 0);
    assert_int_equal(mkdir(path_of(&desk, "later"), 0700), 0);
    put(&desk, "later/dnsmasq.leases", "w", "0 06:d8:d4:3a:6b:fa 10.0.0.1 x *\n");
    run_until(&desk, one_claim);
    run_until(&desk, no_trouble);
    clear(&desk);
}

static void a_file_of_another_kind_is_told_with_its_line(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk);
    put(&desk, "leases", "w", "0 06:d8:d4:3a:6b:fa 10.0.0.1 x *\n");
    use(&desk, LEASE_KEA, "leases");
    run_until(&desk, in_trouble);
    assert_non_null(strstr(leases_status(desk.leases, 0)->trouble, "it is no lease file of this kind: line 1"));
    clear(&desk);
}

static void sources_that_stay_go_on_and_those_that_go_take_their_claims_along(void **state)
{
    struct desk desk;
    char first[160], second[160];
    (void)state;
    lay(&desk);
    put(&desk, "a", "w", "lease 10.0.0.1 { ends never; hardware ethernet 06:d8:d4:3a:6b:fa; }\n");
    put(&desk, "b", "w", "0 06:d8:d4:3a:6b:fa 10.0.0.1 x *\n");
    snprintf(first, sizeof first, "%s", path_of(&desk, "a"));
    snprintf(second, sizeof second, "%s", path_of(&desk, "b"));
    const struct lease_source sources[] = {{LEASE_ISC, first}, {LEASE_DNSMASQ, second}};
    assert_int_equal(leases_use(desk.leases, sources, 2), 0);
    assert_int_equal(claims_count(desk.claims), 2);
    uint64_t changed = claims_changed(desk.claims);
    assert_int_equal(leases_use(desk.leases, sources, 2), 0);
    assert_int_equal(claims_changed(desk.claims), changed);
    assert_int_equal(leases_use(desk.leases, sources + 1, 1), 0);
    assert_int_equal(claims_count(desk.claims), 1);
    assert_int_equal(leases_count(desk.leases), 1);
    assert_int_equal(leases_use(desk.leases, NULL, 0), 0);
    assert_int_equal(claims_count(desk.claims), 0);
    clear(&desk);
}

/* ---- a control socket that says what we want ---- */

struct kea {
    int fd;
    pthread_t thread;
    const char *const *answers; /* to one command each; NULL: says nothing until the caller goes; the last one again */
    char commands[4000];
};

static void serve_one(struct kea *kea, int fd, const char *answer)
{
    char command[500];
    ssize_t got = read(fd, command, sizeof command - 1);
    command[got > 0 ? got : 0] = '\0';
    strncat(kea->commands, command, sizeof kea->commands - strlen(kea->commands) - 1);
    if (answer == NULL)
        while (read(fd, command, sizeof command) > 0)
            continue;
    else
        for (size_t len = strlen(answer), at = 0; at < len;) {
            ssize_t sent = send(fd, answer + at, len - at < 1000 ? len - at : 1000, MSG_NOSIGNAL);
            if (sent <= 0)
                break;
            at += (size_t)sent;
        }
    close(fd);
}

static void *serve(void *arg)
{
    struct kea *kea = arg;
    for (size_t i = 0;; i++) {
        int fd = accept(kea->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        serve_one(kea, fd, kea->answers[i]);
        i -= kea->answers[i + 1] == NULL ? 1 : 0;
    }
}

static void kea_begin(struct kea *kea, const struct desk *desk, const char *const answers[])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *kea = (struct kea){.answers = answers};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path_of(desk, "kea.sock"));
    kea->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(kea->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(kea->fd, 8), 0);
    assert_int_equal(pthread_create(&kea->thread, NULL, serve, kea), 0);
}

static void kea_end(struct kea *kea)
{
    shutdown(kea->fd, SHUT_RDWR);
    pthread_join(kea->thread, NULL);
    close(kea->fd);
}

static bool has_answered(struct desk *desk)
{
    return leases_status(desk->leases, 0)->read_s != 0;
}

static void pages_of_kea_are_put_together(void **state)
{
    static char pages[2][KEA_PAGE_LEASES * 120 + 100];
    const char *const answers[] = {pages[0], pages[1], "{\"result\": 3, \"arguments\": {\"leases\": []}}", NULL};
    struct desk desk;
    struct kea kea;
    (void)state;
    lay(&desk);
    for (size_t page = 0; page < 2; page++) {
        char *at = pages[page] + sprintf(pages[page], "{\"result\": 0, \"arguments\": {\"leases\": [");
        for (int i = 0; i < (page == 0 ? KEA_PAGE_LEASES : 7); i++)
            at += sprintf(at, "%s{\"ip-address\": \"10.%zu.%d.%d\", \"hw-address\": \"06:d8:d4:3a:6b:fa\", \"cltt\": 9, "
                              "\"valid-lft\": 4294967295}",
                          i == 0 ? "" : ", ", page, i / 250, i % 250);
        strcpy(at, "]}}");
    }
    kea_begin(&kea, &desk, answers);
    use(&desk, LEASE_KEA_SOCKET, "kea.sock");
    run_until(&desk, has_answered);
    assert_int_equal(leases_status(desk.leases, 0)->lease_count, KEA_PAGE_LEASES + 7);
    assert_int_equal(leases_status(desk.leases, 0)->full_count, 7); /* the claims of this test are few */
    clear(&desk);
    kea_end(&kea);
    assert_non_null(strstr(kea.commands, "\"from\": \"10.0.3.249\""));
    assert_non_null(strstr(kea.commands, "lease6-get-page"));
}

static void assert_told(const char *const answers[], const char *expected)
{
    struct desk desk;
    struct kea kea;
    lay(&desk);
    kea_begin(&kea, &desk, answers);
    use(&desk, LEASE_KEA_SOCKET, "kea.sock");
    run_until(&desk, in_trouble);
    if (strstr(leases_status(desk.leases, 0)->trouble, expected) == NULL)
        fail_msg("%s", leases_status(desk.leases, 0)->trouble);
    clear(&desk);
    kea_end(&kea);
}

static void what_kea_refuses_is_told(void **state)
{
    const char *const unknown[] = {"{\"result\": 2, \"text\": \"not supported\"}", NULL};
    const char *const no[] = {"{\"result\": 1, \"text\": \"not now\"}", NULL};
    const char *const garbage[] = {"HTTP/1.0 400 Bad Request", NULL};
    (void)state;
    assert_told(unknown, "load its hook libdhcp_lease_cmds.so");
    assert_told(no, "not now");
    assert_told(garbage, "kea.sock: ");
}

static void a_socket_that_is_not_there_is_told(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk);
    use(&desk, LEASE_KEA_SOCKET, "kea.sock");
    run_until(&desk, in_trouble);
    assert_non_null(strstr(leases_status(desk.leases, 0)->trouble, "Kea does not run"));
    clear(&desk);
}

static void a_socket_in_the_middle_of_an_answer_can_be_closed(void **state)
{
    const char *const silent[] = {NULL, NULL};
    struct desk desk;
    struct kea kea;
    (void)state;
    lay(&desk);
    kea_begin(&kea, &desk, silent);
    use(&desk, LEASE_KEA_SOCKET, "kea.sock");
    uv_run(&desk.loop, UV_RUN_NOWAIT);
    uv_run(&desk.loop, UV_RUN_NOWAIT);
    assert_false(leases_are_at_rest(desk.leases));
    clear(&desk);
    kea_end(&kea);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_at_the_start_is_claimed_at_once),
        cmocka_unit_test(what_is_added_is_claimed_and_what_goes_ends),
        cmocka_unit_test(a_file_that_comes_later_is_found),
        cmocka_unit_test(a_file_of_another_kind_is_told_with_its_line),
        cmocka_unit_test(sources_that_stay_go_on_and_those_that_go_take_their_claims_along),
        cmocka_unit_test(pages_of_kea_are_put_together),
        cmocka_unit_test(what_kea_refuses_is_told),
        cmocka_unit_test(a_socket_that_is_not_there_is_told),
        cmocka_unit_test(a_socket_in_the_middle_of_an_answer_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
