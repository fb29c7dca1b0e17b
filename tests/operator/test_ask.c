/* The question by which the attestation learns whether a host is blocked, put to a server of the test's own. */
#include "operator/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "belisha/block_text.h"
#include "dns/answer.h"

/* In a child process: answers one question with this rcode and extended error. */
static pid_t answer_once(int fd, unsigned rcode, int16_t ede, const char *text)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    uint8_t msg[512], out[512];
    struct request request;
    struct answer a;
    ssize_t len = recvfrom(fd, msg, sizeof msg, 0, (struct sockaddr *)&from, &from_len);
    if (len < 0 || request_parse(msg, (size_t)len, &request) != 0)
        _exit(1);
    struct edns_reply edns = {.udp_size = 1232, .ede = ede, .ede_text = text};
    answer_begin(&a, out, sizeof out, sizeof out, msg, &request, rcode);
    size_t out_len = answer_end(&a, &edns);
    _exit(sendto(fd, out, out_len, 0, (struct sockaddr *)&from, from_len) < 0 ? 1 : 0);
}

static int listen_somewhere(struct endpoint *out)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    struct endpoint any;
    assert_int_equal(endpoint_from_text("127.0.0.1:1", 1, &any), 0);
    any.port = 0;
    len = endpoint_to_sockaddr(&any, &bound);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&bound, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
    assert_int_equal(endpoint_from_sockaddr((const struct sockaddr *)&bound, out), 0);
    return fd;
}

static void only_our_own_block_is_a_block(void **state)
{
    static const struct {
        unsigned rcode;
        int16_t ede;
        const char *text;
        bool blocked;
    } rows[] = {
        {DNS_RCODE_NOERROR, EDE_FORGED_ANSWER, BLOCK_TEXT, true},
        {DNS_RCODE_NOERROR, EDE_BLOCKED, BLOCK_TEXT, true},
        {DNS_RCODE_NXDOMAIN, EDE_BLOCKED, BLOCK_TEXT, true},
        {DNS_RCODE_NXDOMAIN, EDE_BLOCKED, "Said by the upstream server", false},
        {DNS_RCODE_NOERROR, EDE_FORGED_ANSWER, "Rewritten by the school's policy", false},
        {DNS_RCODE_NXDOMAIN, EDE_BLOCKED, NULL, false},
        {DNS_RCODE_NXDOMAIN, EDE_FILTERED, BLOCK_TEXT, false},
        {DNS_RCODE_NOERROR, EDE_NONE, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint at;
        int status, fd = listen_somewhere(&at);
        struct config config = {.listen = &at, .listen_count = 1};
        pid_t child = answer_once(fd, rows[i].rcode, rows[i].ede, rows[i].text);
        bool blocked = !rows[i].blocked;
        assert_int_equal(ask_is_blocked(&config, "host.example", &blocked), 0);
        if (blocked != rows[i].blocked)
            fail_msg("row %zu", i);
        assert_true(waitpid(child, &status, 0) == child && status == 0);
        close(fd);
    }
}

static void a_refusal_is_no_answer(void **state)
{
    struct endpoint at;
    int status, fd = listen_somewhere(&at);
    struct config config = {.listen = &at, .listen_count = 1};
    pid_t child = answer_once(fd, DNS_RCODE_REFUSED, EDE_PROHIBITED, NULL);
    bool blocked;
    (void)state;
    assert_int_equal(ask_is_blocked(&config, "host.example", &blocked), ERR_ACCESS);
    assert_true(waitpid(child, &status, 0) == child && status == 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_our_own_block_is_a_block),
        cmocka_unit_test(a_refusal_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
