/* What was proposed, approved and in force: kept, torn, killed, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "change/chronicle.h"

enum { ANNA = 1001, BOB, CARLA };

static char folder[64], path[128];
static unsigned complained;

static int make_folder(void **state)
{
    (void)state;
    complained = 0;
    strcpy(folder, "/tmp/belisha-chronicle-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/history", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static void complain(void *ctx, unsigned line, int err)
{
    (void)ctx;
    (void)err;
    complained = line;
}

static struct chronicle *open_it(void)
{
    struct chronicle *c = NULL;
    assert_int_equal(chronicle_open(path, complain, NULL, &c), 0);
    return c;
}

static struct change_line line_of(enum change_op op, uint32_t number, uint32_t uid)
{
    return (struct change_line){
        .op = op, .number = number, .uid = uid, .at_s = 1000 + number, .by = "somebody", .reason = "why"};
}

static void add(struct chronicle *c, enum change_op op, uint32_t number, uint32_t uid)
{
    struct change_line line = line_of(op, number, uid);
    line.base = op == CHANGE_PROPOSE || op == CHANGE_ADOPT ? chronicle_in_force(c) : 0;
    assert_int_equal(chronicle_add(c, &line), 0);
}

static void refuse(struct chronicle *c, enum change_op op, uint32_t number, uint32_t uid, const char *said)
{
    struct change_line line = line_of(op, number, uid);
    const char *why = chronicle_refusal(c, &line);
    assert_non_null(why);
    assert_non_null(strstr(why, said));
    assert_int_equal(chronicle_add(c, &line), ERR_INVAL);
}

static void a_change_outlives_the_program(void **state)
{
    struct chronicle *c = open_it();
    (void)state;
    add(c, CHANGE_ADOPT, 1, ANNA);
    add(c, CHANGE_PROPOSE, 2, ANNA);
    add(c, CHANGE_APPROVE, 2, BOB);
    add(c, CHANGE_ACTIVATE, 2, ANNA);
    add(c, CHANGE_PROPOSE, 3, ANNA);
    add(c, CHANGE_REJECT, 3, BOB);
    chronicle_close(c);
    c = open_it();
    assert_int_equal(chronicle_count(c), 3);
    assert_int_equal(chronicle_in_force(c), 2);
    assert_int_equal(chronicle_before(c), 1);
    assert_int_equal(chronicle_in_force_at(c, 1001), 1);
    assert_int_equal(chronicle_in_force_at(c, 1000), 0);
    assert_int_equal(chronicle_find(c, 2)->approval_count, 1);
    assert_int_equal(chronicle_find(c, 2)->approvals[0].uid, BOB);
    assert_int_equal(chronicle_find(c, 3)->state, CHANGE_REJECTED);
    assert_int_equal(chronicle_next(c), 4);
    assert_int_equal(complained, 0);
    chronicle_close(c);
}

static void what_may_not_follow_is_refused(void **state)
{
    struct chronicle *c = open_it();
    (void)state;
    add(c, CHANGE_ADOPT, 1, ANNA);
    refuse(c, CHANGE_PROPOSE, 1, ANNA, "given already");
    refuse(c, CHANGE_APPROVE, 9, BOB, "no change of this number");
    add(c, CHANGE_PROPOSE, 2, ANNA);
    add(c, CHANGE_PROPOSE, 3, ANNA);
    refuse(c, CHANGE_APPROVE, 2, ANNA, "who proposed a change can't approve it");
    add(c, CHANGE_APPROVE, 2, BOB);
    refuse(c, CHANGE_APPROVE, 2, BOB, "approved it already");
    refuse(c, CHANGE_ROLLBACK, 2, ANNA, "never been in force");
    refuse(c, CHANGE_ROLLBACK, 1, ANNA, "it is in force");
    add(c, CHANGE_ACTIVATE, 2, ANNA);
    refuse(c, CHANGE_ACTIVATE, 3, ANNA, "propose it anew");
    refuse(c, CHANGE_ACTIVATE, 2, ANNA, "in force already");
    refuse(c, CHANGE_APPROVE, 2, CARLA, "in force already");
    add(c, CHANGE_WITHDRAW, 3, ANNA);
    refuse(c, CHANGE_APPROVE, 3, CARLA, "withdrawn");
    chronicle_close(c);
}

static void a_review_counts_while_the_change_has_effect(void **state)
{
    struct chronicle *c = open_it();
    struct change_line line = line_of(CHANGE_PROPOSE, 2, ANNA);
    (void)state;
    add(c, CHANGE_ADOPT, 1, ANNA);
    line.base = 1;
    line.has_assessment = true;
    line.assessment.review_s = 5000;
    assert_int_equal(chronicle_add(c, &line), 0);
    assert_false(chronicle_is_overdue(c, chronicle_find(c, 2), 6000));
    add(c, CHANGE_ACTIVATE, 2, ANNA);
    assert_false(chronicle_is_overdue(c, chronicle_find(c, 2), 4999));
    assert_true(chronicle_is_overdue(c, chronicle_find(c, 2), 5000));
    add(c, CHANGE_PROPOSE, 3, ANNA);
    add(c, CHANGE_ACTIVATE, 3, ANNA);
    assert_true(chronicle_is_overdue(c, chronicle_find(c, 2), 5000)); /* what it opened is open still */
    struct change_line review = line_of(CHANGE_REVIEW, 2, BOB);
    review.review_s = 9000;
    assert_int_equal(chronicle_add(c, &review), 0);
    assert_false(chronicle_is_overdue(c, chronicle_find(c, 2), 8999));
    add(c, CHANGE_ROLLBACK, 1, ANNA);
    assert_false(chronicle_is_overdue(c, chronicle_find(c, 2), 9999));
    chronicle_close(c);
}

static void a_torn_line_was_never_and_a_damaged_one_does_not_count(void **state)
{
    struct chronicle *c = open_it();
    (void)state;
    add(c, CHANGE_ADOPT, 1, ANNA);
    add(c, CHANGE_PROPOSE, 2, ANNA);
    chronicle_close(c);
    FILE *file = fopen(path, "a");
    fputs("0123456789abcdef {\"v\":1,\"op\":\"activ", file);
    fclose(file);
    c = open_it();
    assert_int_equal(complained, 0);
    add(c, CHANGE_PROPOSE, 3, ANNA);
    chronicle_close(c);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "x", 1, 20), 1);
    close(fd);
    c = open_it();
    assert_int_equal(complained, 1);
    assert_int_equal(chronicle_damaged(c), 1);
    assert_int_equal(chronicle_in_force(c), 0);
    assert_int_equal(chronicle_count(c), 2);
    assert_int_equal(chronicle_next(c), 4);
    chronicle_close(c);
}

static void what_does_not_fit_on_the_disk_did_not_happen(void **state)
{
    struct chronicle *c = open_it();
    struct rlimit old, small;
    struct stat st;
    (void)state;
    add(c, CHANGE_ADOPT, 1, ANNA);
    assert_int_equal(stat(path, &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = (rlim_t)st.st_size + 20, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct change_line line = line_of(CHANGE_PROPOSE, 2, ANNA);
    int err = chronicle_add(c, &line);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(chronicle_count(c), 1);
    add(c, CHANGE_PROPOSE, 2, ANNA);
    chronicle_close(c);
    chronicle_close(open_it());
    assert_int_equal(complained, 0);
}

static void killed_at_any_moment_it_reads_again(void **state)
{
    unsigned seed = 1;
    uint32_t acknowledged = 0;
    (void)state;
    for (int round = 0; round < 40; round++) {
        int ends[2];
        uint32_t number = 0;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            struct chronicle *c = NULL;
            if (chronicle_open(path, NULL, NULL, &c) < 0)
                _exit(1);
            for (;;) {
                struct change_line line = line_of(CHANGE_ADOPT, chronicle_next(c), ANNA);
                line.base = chronicle_in_force(c);
                if (chronicle_add(c, &line) < 0 || write(ends[1], &line.number, sizeof line.number) < 0)
                    _exit(2);
            }
        }
        close(ends[1]);
        seed = seed * 1103515245u + 12345u;
        for (unsigned i = 0; i < (seed >> 16 & 15) + 1 && read(ends[0], &number, sizeof number) == sizeof number; i++)
            acknowledged = number;
        kill(pid, SIGKILL);
        while (read(ends[0], &number, sizeof number) == sizeof number)
            acknowledged = number;
        close(ends[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
    struct chronicle *c = open_it();
    assert_int_equal(complained, 0);
    assert_true(chronicle_in_force(c) >= acknowledged);
    chronicle_close(c);
}

static void two_programs_do_not_write_into_one_file(void **state)
{
    struct chronicle *c = open_it(), *other = NULL;
    (void)state;
    add(c, CHANGE_ADOPT, 1, ANNA);
    assert_int_equal(chronicle_open(path, NULL, NULL, &other), ERR_BUSY);
    assert_int_equal(chronicle_read(path, NULL, NULL, &other), 0);
    struct change_line line = line_of(CHANGE_PROPOSE, 2, ANNA);
    assert_int_equal(chronicle_add(other, &line), ERR_ACCESS);
    chronicle_close(other);
    chronicle_close(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_change_outlives_the_program),
        TEST(what_may_not_follow_is_refused),
        TEST(a_review_counts_while_the_change_has_effect),
        TEST(a_torn_line_was_never_and_a_damaged_one_does_not_count),
        TEST(what_does_not_fit_on_the_disk_did_not_happen),
        TEST(killed_at_any_moment_it_reads_again),
        TEST(two_programs_do_not_write_into_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
