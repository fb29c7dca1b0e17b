#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/outbox.h"

#define NOW 1796000000

static char base[64], box_dir[96], good_dir[96], good[128];

/* The disk is the other end: a folder that is there takes messages, one that is not is a server that is down. */
static const struct routes ROUTES = {.mail = NULL};

static int set_up(void **state)
{
    (void)state;
    snprintf(base, sizeof base, "/tmp/belisha-outbox-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(box_dir, sizeof box_dir, "%s/box", base);
    snprintf(good_dir, sizeof good_dir, "%s/good", base);
    snprintf(good, sizeof good, "folder:%s", good_dir);
    return mkdir(good_dir, 0755);
}

static int tear_down(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

static struct outbox *open_box(void)
{
    const struct outbox_opts opts = {.folder = box_dir, .items_max = 4, .bytes_max = 100000, .keep_s = 86400};
    struct outbox *box;
    assert_int_equal(outbox_open(&opts, &box), 0);
    return box;
}

static int put(struct outbox *box, const char *id, const char *const targets[], size_t count)
{
    const struct message_field field = {.name = "alerts", .value = id};
    const struct message m = {
        .id = id, .time_s = NOW, .kind = "alert", .subject = "s", .text = "t", .fields = &field, .field_count = 1};
    return outbox_put(box, &m, targets, count);
}

struct told {
    unsigned sent, later, refused, given_up, refuse_to_note;
    char why[DELIVER_WHY_MAX];
};

static int on_told(void *ctx, const struct outbox_result *result)
{
    struct told *told = ctx;
    if (told->refuse_to_note > 0 && result->outcome != OUTCOME_LATER) {
        told->refuse_to_note--;
        return ERR_NOSPACE;
    }
    told->sent += result->outcome == OUTCOME_SENT;
    told->later += result->outcome == OUTCOME_LATER;
    told->refused += result->outcome == OUTCOME_REFUSED && !result->given_up;
    told->given_up += result->given_up;
    snprintf(told->why, sizeof told->why, "%s", result->why);
    return 0;
}

static int turn(struct outbox *box, int64_t now_s, struct told *told, int64_t *out_next)
{
    return outbox_turn(box, &ROUTES, ROUTE_FOLDER, now_s, on_told, told, out_next);
}

static unsigned files_in(const char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void a_message_is_delivered_and_forgotten(void **state)
{
    struct outbox *box = open_box();
    struct told told = {0};
    const char *const targets[] = {good};
    int64_t next;
    (void)state;
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(files_in(box_dir), 2);
    assert_int_equal(turn(box, NOW, &told, &next), 0);
    assert_int_equal(told.sent, 1);
    assert_int_equal(next, INT64_MAX);
    assert_int_equal(files_in(box_dir), 0);
    assert_int_equal(files_in(good_dir), 1);
    outbox_close(box);
}

static void an_id_that_is_there_is_not_put_twice(void **state)
{
    struct outbox *box = open_box();
    const char *const targets[] = {good};
    (void)state;
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(outbox_count(box), 1);
    assert_true(outbox_has(box, "a"));
    assert_false(outbox_has(box, "b"));
    outbox_close(box);
}

static void what_was_put_survives_the_program(void **state)
{
    struct outbox *box = open_box();
    struct told told = {0};
    const char *const targets[] = {good};
    int64_t next;
    (void)state;
    assert_int_equal(put(box, "a", targets, 1), 0);
    outbox_close(box);
    box = open_box();
    assert_int_equal(outbox_count(box), 1);
    assert_int_equal(turn(box, NOW, &told, &next), 0);
    assert_int_equal(told.sent, 1);
    outbox_close(box);
}

static void one_program_at_a_time_has_the_folder(void **state)
{
    const struct outbox_opts opts = {.folder = box_dir, .items_max = 1, .bytes_max = 1, .keep_s = 1};
    struct outbox *box = open_box(), *other;
    (void)state;
    assert_int_equal(outbox_open(&opts, &other), ERR_BUSY);
    outbox_close(box);
}

static void a_server_that_is_down_is_tried_by_one_at_growing_intervals(void **state)
{
    struct outbox *box = open_box();
    struct told told = {0};
    char gone[160];
    int64_t next, now = NOW;
    unsigned turns = 0;
    (void)state;
    snprintf(gone, sizeof gone, "folder:%s/later", base);
    const char *const targets[] = {gone};
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(put(box, "b", targets, 1), 0);
    assert_int_equal(turn(box, now, &told, &next), 2);
    assert_int_equal(told.later, 1); /* b waits without a try */
    assert_int_equal(outbox_oldest_s(box), NOW);
    assert_in_range(next, NOW + 5, NOW + 6);
    for (; now < NOW + 3600; now = next, turns++)
        assert_int_equal(turn(box, now, &told, &next), 2);
    assert_in_range(turns, 6, 14);   /* within an hour */
    assert_int_equal(told.later, 1); /* told once */
    assert_int_equal(mkdir(gone + strlen("folder:"), 0755), 0);
    assert_int_equal(turn(box, now, &told, &next), 0);
    assert_int_equal(told.sent, 2); /* and now both */
    assert_int_equal(outbox_oldest_s(box), INT64_MAX);
    outbox_close(box);
}

static void each_target_ends_for_itself(void **state)
{
    struct outbox *box = open_box();
    struct told told = {0};
    char gone[160];
    int64_t next;
    (void)state;
    snprintf(gone, sizeof gone, "folder:%s/later", base);
    const char *const targets[] = {gone, good, "folder:relative"};
    assert_int_equal(put(box, "a", targets, 3), 0);
    assert_int_equal(turn(box, NOW, &told, &next), 1);
    assert_int_equal(told.sent, 1);
    assert_int_equal(told.refused, 1);
    assert_int_equal(told.later, 1);
    outbox_close(box);
    box = open_box(); /* what was sent is not sent again */
    assert_int_equal(mkdir(gone + strlen("folder:"), 0755), 0);
    assert_int_equal(turn(box, NOW + 10, &told, &next), 0);
    assert_int_equal(told.sent, 2);
    assert_int_equal(told.refused, 1);
    outbox_close(box);
}

static void what_is_too_old_is_given_up_and_told(void **state)
{
    struct outbox *box = open_box();
    struct told told = {0};
    char gone[160];
    int64_t next;
    (void)state;
    snprintf(gone, sizeof gone, "folder:%s/later", base);
    const char *const targets[] = {gone};
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(turn(box, NOW + 86400, &told, &next), 1);
    assert_int_equal(turn(box, NOW + 86400 + 60, &told, &next), 0);
    assert_int_equal(told.given_up, 1);
    assert_true(told.why[0] != '\0');
    assert_int_equal(outbox_count(box), 0);
    outbox_close(box);
}

static void an_end_that_could_not_be_noted_is_told_again_and_not_sent_again(void **state)
{
    struct outbox *box = open_box();
    struct told told = {.refuse_to_note = 2};
    const char *const targets[] = {good};
    int64_t next;
    (void)state;
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(turn(box, NOW, &told, &next), 1);
    assert_int_equal(next, NOW + 1);
    outbox_close(box);
    box = open_box();
    assert_int_equal(rmdir(good_dir), -1);
    assert_int_equal(turn(box, NOW + 1, &told, &next), 1);
    assert_int_equal(turn(box, NOW + 2, &told, &next), 0);
    assert_int_equal(told.sent, 1);
    outbox_close(box);
}

static void it_has_bounds(void **state)
{
    struct outbox *box = open_box();
    const char *const targets[] = {good};
    char *big = malloc(200001);
    (void)state;
    memset(big, 'x', 200000);
    big[200000] = '\0';
    const struct message m = {.id = "big", .time_s = NOW, .kind = "alert", .subject = "s", .text = big};
    assert_int_equal(outbox_put(box, &m, targets, 1), ERR_LIMIT);
    assert_int_equal(files_in(box_dir), 0);
    assert_int_equal(put(box, "a", targets, 1), 0);
    assert_int_equal(put(box, "b", targets, 1), 0);
    assert_int_equal(put(box, "c", targets, 1), 0);
    assert_int_equal(put(box, "d", targets, 1), 0);
    assert_int_equal(put(box, "e", targets, 1), ERR_LIMIT);
    assert_int_equal(put(box, "f", targets, 0), ERR_INVAL);
    outbox_close(box);
    free(big);
}

static void write_file(const char *name, const char *bytes)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", box_dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(fd);
}

static void what_a_kill_or_a_hand_has_left_is_put_aside(void **state)
{
    struct outbox *box = open_box();
    const char *const targets[] = {good};
    (void)state;
    assert_int_equal(put(box, "a", targets, 1), 0);
    outbox_close(box);
    write_file("b.msg", "{}");               /* without a state: never put */
    write_file("c.state.77.tmp", "{");       /* half written */
    write_file("d.state", "{\"version\":1"); /* damaged */
    write_file("d.msg", "{}");
    write_file("README", "hello");
    box = open_box();
    assert_int_equal(outbox_count(box), 1);
    assert_int_equal(files_in(box_dir), 2 /* a */ + 2 /* d.damaged, d.msg */ + 1);
    outbox_close(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_is_delivered_and_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_that_is_there_is_not_put_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_survives_the_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_program_at_a_time_has_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_is_down_is_tried_by_one_at_growing_intervals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_target_ends_for_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_old_is_given_up_and_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_that_could_not_be_noted_is_told_again_and_not_sent_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_has_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_kill_or_a_hand_has_left_is_put_aside, set_up, tear_down),
    };
    if (deliver_init() < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    deliver_done();
    return failed;
}
