/* Who is at the other end of a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "roles/caller.h"

static bool is_in(const struct caller *caller, uint32_t gid)
{
    for (size_t i = 0; i < caller->gid_count; i++)
        if (caller->gids[i] == gid)
            return true;
    return false;
}

static void the_kernel_says_user_and_groups(void **state)
{
    int ends[2];
    gid_t gids[64];
    struct caller caller, self;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    caller_of_socket(ends[0], &caller);
    caller_of_self(&self);
    assert_int_equal(caller.uid, getuid());
    assert_int_equal(caller.process_uid, getuid());
    assert_string_equal(caller.name, self.name);
    assert_true(is_in(&caller, getgid()));
    int count = getgroups(64, gids);
    for (int i = 0; i < count; i++) {
        assert_true(is_in(&caller, gids[i]));
        assert_true(is_in(&self, gids[i]));
    }
    close(ends[0]);
    close(ends[1]);
}

static void what_is_no_socket_is_nobody(void **state)
{
    struct caller caller;
    (void)state;
    caller_of_socket(-1, &caller);
    assert_int_equal(caller.uid, CALLER_NOBODY);
    assert_int_equal(caller.gid_count, 0);
}

static void only_root_acts_for_somebody_else(void **state)
{
    struct caller root = {.uid = 0, .process_uid = 0, .name = "root"};
    struct caller anna = {.uid = 4000, .process_uid = 4000, .name = "anna"};
    (void)state;
    assert_int_equal(caller_act_for(&anna, "daemon"), 0);
    assert_int_equal(anna.uid, 4000);
    assert_int_equal(caller_act_for(&root, ""), 0);
    assert_int_equal(root.uid, 0);
    assert_int_equal(caller_act_for(&root, "nobody is called so"), ERR_NOENT);
    assert_int_equal(caller_act_for(&root, "daemon"), 0);
    assert_string_equal(root.name, "daemon");
    assert_int_not_equal(root.uid, 0);
    assert_int_equal(root.process_uid, 0);
    assert_true(root.gid_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_says_user_and_groups),
        cmocka_unit_test(what_is_no_socket_is_nobody),
        cmocka_unit_test(only_root_acts_for_somebody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
