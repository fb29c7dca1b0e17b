/* The file of decisions: kept, torn, damaged, written anew. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "decision/docket.h"

#define NOW 1000

static char folder[64];
static char path[128];
static unsigned complained_line;
static int complained_err;

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-docket-XXXXXX");
    complained_line = 0;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/decisions", folder);
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
    complained_line = line;
    complained_err = err;
}

static struct docket *open_docket(void)
{
    struct docket *docket = NULL;
    assert_int_equal(docket_open(path, NOW, complain, NULL, &docket), 0);
    return docket;
}

static struct decision block_of(const char *name)
{
    struct decision d = {
        .kind = DECISION_BLOCK, .below = true, .made_s = NOW, .uid = 7, .by = "jones", .reason = "why"};
    assert_true(name_from_text(name, strlen(name), d.name) > 0);
    return d;
}

static uint32_t add(struct docket *docket, const char *name, int64_t until_s)
{
    struct decision d = block_of(name);
    uint32_t id = 0;
    d.until_s = until_s;
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    return id;
}

static void revoke_one(struct docket *docket, uint32_t id)
{
    const struct decision revocation = {.id = id, .revoked_s = NOW + 1, .by = "smith"};
    assert_int_equal(docket_revoke(docket, &revocation), 0);
}

static long file_size(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (long)st.st_size;
}

/* Changes one byte, counted from the end of the file. */
static void damage(long from_end)
{
    int fd = open(path, O_RDWR);
    char byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, file_size() - from_end), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, file_size() - from_end), 1);
    close(fd);
}

static void decisions_outlive_the_program(void **state)
{
    struct docket *docket = open_docket();
    (void)state;
    assert_int_equal(add(docket, "a.example", 0), 1);
    assert_int_equal(add(docket, "b.example", 2000), 2);
    revoke_one(docket, 1);
    docket_close(docket);
    docket = open_docket();
    assert_int_equal(docket_count(docket), 2);
    assert_int_equal(docket_find(docket, 1)->revoked_s, NOW + 1);
    assert_string_equal(docket_find(docket, 1)->revoked_by, "smith");
    assert_string_equal(docket_find(docket, 1)->by, "jones");
    assert_true(decision_in_force(docket_find(docket, 2), NOW));
    assert_null(docket_find(docket, 3));
    assert_int_equal(add(docket, "c.example", 0), 3);
    docket_close(docket);
    assert_int_equal(complained_line, 0);
}

static void only_what_is_in_force_can_be_revoked(void **state)
{
    const struct decision unknown = {.id = 9, .revoked_s = NOW};
    const struct decision over = {.id = 1, .revoked_s = 3000};
    struct docket *docket = open_docket();
    (void)state;
    add(docket, "a.example", 2000);
    assert_int_equal(docket_revoke(docket, &unknown), ERR_NOENT);
    assert_int_equal(docket_revoke(docket, &over), ERR_NOENT);
    revoke_one(docket, 1);
    assert_int_equal(docket_revoke(docket, &(struct decision){.id = 1, .revoked_s = NOW + 2}), ERR_NOENT);
    docket_close(docket);
}

static struct decision approval_of(uint32_t id)
{
    return (struct decision){.id = id, .approved_s = NOW + 1, .uid = 8, .by = "okafor"};
}

static uint32_t propose(struct docket *docket, const char *name)
{
    struct decision d = block_of(name);
    uint32_t id = 0;
    d.pending = true;
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    return id;
}

static void what_was_proposed_holds_once_it_is_approved(void **state)
{
    struct docket *docket = open_docket();
    const struct decision first = approval_of(1), unknown = approval_of(9), withdrawn = approval_of(2);
    (void)state;
    propose(docket, "a.example");
    propose(docket, "b.example");
    add(docket, "c.example", 0);
    assert_false(decision_in_force(docket_find(docket, 1), NOW));
    revoke_one(docket, 2);
    assert_int_equal(docket_approve(docket, &withdrawn), ERR_NOENT);
    assert_int_equal(docket_approve(docket, &unknown), ERR_NOENT);
    docket_close(docket);
    docket = open_docket();
    assert_true(docket_find(docket, 1)->pending);
    assert_int_equal(docket_approve(docket, &first), 0);
    assert_int_equal(docket_approve(docket, &first), ERR_NOENT);
    docket_close(docket);
    docket = open_docket();
    const struct decision *d = docket_find(docket, 1);
    assert_true(decision_in_force(d, NOW));
    assert_string_equal(d->approved, "okafor");
    assert_int_equal(d->approved_uid, 8);
    assert_int_equal(d->approved_s, NOW + 1);
    assert_true(docket_find(docket, 2)->pending);
    assert_int_equal(complained_line, 0);
    docket_close(docket);
}

/* A torn approval is none: what was proposed still waits. */
static void a_torn_approval_was_never_given(void **state)
{
    struct docket *docket = open_docket();
    const struct decision approval = approval_of(1);
    (void)state;
    propose(docket, "a.example");
    long whole = file_size();
    assert_int_equal(docket_approve(docket, &approval), 0);
    long end = file_size();
    docket_close(docket);
    for (long cut = end - 1; cut >= whole; cut--) {
        assert_int_equal(truncate(path, cut), 0);
        docket = open_docket();
        assert_true(docket_find(docket, 1)->pending);
        docket_close(docket);
    }
    assert_int_equal(complained_line, 0);
}

/* A damaged line of a pause or a grant takes nothing with it but itself. */
static void lines_of_all_kinds_survive_a_damaged_one_between_them(void **state)
{
    struct docket *docket = open_docket();
    struct decision d = block_of("site.example");
    uint32_t id;
    (void)state;
    d.kind = DECISION_GRANT;
    d.until_s = 2000;
    assert_int_equal(decision_name_add(&d,
                                       (const uint8_t *)"\x03"
                                                        "cdn\x07"
                                                        "example",
                                       false),
                     0);
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    add(docket, "b.example", 0);
    long behind = file_size();
    d = (struct decision){.kind = DECISION_SUSPEND,
                          .scope = DECISION_USER,
                          .whom = "a.pupil",
                          .below = true,
                          .made_s = NOW,
                          .from_s = NOW + 5,
                          .until_s = 3000,
                          .by = "jones",
                          .reason = "why"};
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    behind = file_size() - behind;
    docket_close(docket);
    damage(behind + 10);
    docket = open_docket();
    assert_int_equal(complained_line, 3);
    assert_int_equal(docket_find(docket, 1)->kind, DECISION_GRANT);
    assert_int_equal(docket_find(docket, 1)->names_len, 14);
    assert_null(docket_find(docket, 2));
    assert_true(decision_is_whole(docket_find(docket, 3)));
    assert_string_equal(docket_find(docket, 3)->whom, "a.pupil");
    assert_false(decision_in_force(docket_find(docket, 3), NOW));
    docket_close(docket);
}

/* As a kill or a power cut in the middle of a write leaves it, at every byte. */
static void a_torn_last_line_was_never_decided(void **state)
{
    struct docket *docket = open_docket();
    (void)state;
    add(docket, "a.example", 0);
    long whole = file_size();
    add(docket, "b.example", 0);
    long end = file_size();
    docket_close(docket);
    for (long cut = end - 1; cut >= whole; cut--) {
        assert_int_equal(truncate(path, cut), 0);
        docket = open_docket();
        assert_int_equal(docket_count(docket), 1);
        assert_int_equal(file_size(), whole);
        docket_close(docket);
    }
    docket = open_docket();
    assert_int_equal(add(docket, "c.example", 0), 2);
    docket_close(docket);
    docket = open_docket();
    assert_int_equal(docket_count(docket), 2);
    docket_close(docket);
    assert_int_equal(complained_line, 0);
}

static void a_damaged_line_is_told_and_all_others_count(void **state)
{
    struct docket *docket = open_docket();
    (void)state;
    add(docket, "a.example", 0);
    long before = file_size();
    add(docket, "b.example", 0);
    long behind = file_size() - before;
    docket_close(docket);
    damage(behind + 10);
    docket = open_docket();
    assert_int_equal(complained_line, 2);
    assert_int_equal(complained_err, ERR_DAMAGED);
    assert_int_equal(docket_damaged(docket), 1);
    assert_int_equal(docket_count(docket), 1);
    assert_null(docket_find(docket, 1));
    assert_non_null(docket_find(docket, 2));
    assert_true(add(docket, "c.example", 0) > 2);
    docket_close(docket);
}

static void a_number_is_never_given_twice(void **state)
{
    struct docket *docket = open_docket();
    (void)state;
    add(docket, "a.example", 0);
    add(docket, "b.example", 0);
    docket_close(docket);
    damage(10);
    docket = open_docket();
    assert_int_equal(add(docket, "c.example", 0), 3);
    docket_close(docket);
}

static void numbers_end_with_the_last_one(void **state)
{
    struct decision_line line = {.op = DECISION_OP_DECIDE, .decision = block_of("a.example")};
    struct decision decision = block_of("b.example");
    struct text text = {0};
    uint32_t id = 0;
    (void)state;
    line.decision.id = UINT32_MAX;
    decision_line_write(&line, &text);
    text_printf(&text, "damaged\n");
    assert_true(text_ok(&text));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.bytes, 1, text.len, file), text.len);
    fclose(file);
    text_done(&text);
    struct docket *docket = open_docket();
    assert_int_equal(docket_add(docket, &decision, NOW, &id), ERR_LIMIT);
    assert_int_equal(docket_count(docket), 1);
    docket_close(docket);
}

/* A file as years of decisions leave it: the first holds for good, all others have ended. */
static void write_past(uint32_t count)
{
    struct text text = {0};
    struct decision_line line = {.op = DECISION_OP_BEGIN, .next = 1};
    decision_line_write(&line, &text);
    line = (struct decision_line){.op = DECISION_OP_DECIDE, .decision = block_of("kept.example")};
    for (uint32_t id = 1; id <= count; id++) {
        line.decision.id = id;
        decision_line_write(&line, &text);
        line.decision.until_s = NOW - 1;
    }
    assert_true(text_ok(&text));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.bytes, 1, text.len, file), text.len);
    fclose(file);
    text_done(&text);
}

static void a_file_full_of_the_past_is_written_anew(void **state)
{
    const uint32_t count = DOCKET_ENDED_MAX + DOCKET_SLACK + 1;
    char made[160];
    (void)state;
    write_past(count);
    long before = file_size();
    struct docket *docket = open_docket();
    assert_int_equal(docket_count(docket), DOCKET_ENDED_MAX + 1);
    assert_true(file_size() < before);
    assert_int_equal(add(docket, "next.example", 0), count + 1);
    docket_close(docket);
    docket = open_docket();
    assert_non_null(docket_find(docket, 1));
    assert_null(docket_find(docket, 2));
    assert_non_null(docket_find(docket, count));
    assert_non_null(docket_find(docket, count + 1));
    docket_close(docket);
    snprintf(made, sizeof made, "%s.new", path);
    assert_int_equal(access(made, F_OK), -1);
    assert_int_equal(complained_line, 0);
}

static void a_damaged_file_stays_beside_the_new_one(void **state)
{
    char aside[160];
    (void)state;
    write_past(DOCKET_ENDED_MAX + DOCKET_SLACK + 2);
    damage(10);
    docket_close(open_docket());
    assert_int_not_equal(complained_line, 0);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    assert_int_equal(access(aside, F_OK), 0);
    complained_line = 0;
    docket_close(open_docket());
    assert_int_equal(complained_line, 0);
}

static void two_programs_do_not_write_into_one_file(void **state)
{
    struct docket *docket = open_docket();
    struct docket *other = NULL;
    (void)state;
    add(docket, "a.example", 0);
    assert_int_equal(docket_open(path, NOW, NULL, NULL, &other), ERR_BUSY);
    assert_int_equal(docket_read(path, NULL, NULL, &other), 0);
    assert_int_equal(docket_count(other), 1);
    struct decision d = block_of("b.example");
    uint32_t id;
    assert_int_equal(docket_add(other, &d, NOW, &id), ERR_ACCESS);
    assert_int_equal(docket_count(other), 1);
    docket_close(other);
    docket_close(docket);
}

/* The bytes that fitted are taken away again, so that the next line does not begin in the middle of one. */
static void what_does_not_fit_on_the_disk_was_not_decided(void **state)
{
    struct docket *docket = open_docket();
    struct decision d = block_of("b.example");
    struct rlimit old, small;
    uint32_t id;
    (void)state;
    add(docket, "a.example", 0);
    long whole = file_size();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = (rlim_t)whole + 20, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = docket_add(docket, &d, NOW, &id);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(docket_count(docket), 1);
    assert_int_equal(file_size(), whole);
    assert_int_equal(add(docket, "c.example", 0), 2);
    docket_close(docket);
}

static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    (void)ctx;
    return scope == DECISION_USER && strcmp(name, "a.pupil") == 0 ? 17 : -1;
}

static void a_copy_for_others_names_nobody(void **state)
{
    const struct docket_numbers numbers = {.find = number};
    struct docket *docket = open_docket();
    struct docket *copy = NULL;
    char published[160], line[1024];
    struct decision d = block_of("a.example");
    uint32_t id;
    (void)state;
    snprintf(published, sizeof published, "%s/in-force", folder);
    d.scope = DECISION_USER;
    strcpy(d.whom, "a.pupil");
    strcpy(d.asked, "Mr Patel");
    strcpy(d.approved, "Mrs Okafor");
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    strcpy(d.whom, "b.pupil");
    assert_int_equal(docket_add(docket, &d, NOW, &id), 0);
    propose(docket, "c.example");
    assert_int_equal(docket_publish(docket, published, NOW, &numbers), 0);
    assert_int_equal(docket_read(published, complain, NULL, &copy), 0);
    assert_int_equal(docket_count(copy), 1);
    assert_string_equal(docket_all(copy)[0]->whom, "#17");
    FILE *file = fopen(published, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        assert_true(strstr(line, "pupil") == NULL && strstr(line, "Patel") == NULL && strstr(line, "Okafor") == NULL);
    fclose(file);
    docket_close(copy);
    docket_close(docket);
}

static void a_copy_for_others_has_neither_who_nor_why(void **state)
{
    struct docket *docket = open_docket();
    struct docket *copy = NULL;
    char published[160];
    struct stat st;
    (void)state;
    snprintf(published, sizeof published, "%s/in-force", folder);
    add(docket, "a.example", 0);
    add(docket, "over.example", NOW - 1);
    add(docket, "b.example", 2000);
    revoke_one(docket, 1);
    assert_int_equal(docket_publish(docket, published, NOW, NULL), 0);
    assert_int_equal(docket_read(published, complain, NULL, &copy), 0);
    assert_int_equal(docket_count(copy), 1);
    assert_int_equal(docket_all(copy)[0]->id, 3);
    assert_string_equal(docket_all(copy)[0]->by, "");
    assert_string_equal(docket_all(copy)[0]->reason, "");
    assert_int_equal(stat(published, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0007, 0);
    docket_close(copy);
    docket_close(docket);
}

static void a_file_that_is_not_there_is_an_error_to_who_only_looks(void **state)
{
    struct docket *docket = NULL;
    (void)state;
    assert_int_equal(docket_read(path, NULL, NULL, &docket), ERR_NOENT);
    snprintf(path, sizeof path, "%s/none/decisions", folder);
    assert_int_equal(docket_open(path, NOW, NULL, NULL, &docket), ERR_NOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(decisions_outlive_the_program),
        TEST(only_what_is_in_force_can_be_revoked),
        TEST(a_torn_last_line_was_never_decided),
        TEST(what_was_proposed_holds_once_it_is_approved),
        TEST(a_torn_approval_was_never_given),
        TEST(lines_of_all_kinds_survive_a_damaged_one_between_them),
        TEST(a_copy_for_others_names_nobody),
        TEST(a_damaged_line_is_told_and_all_others_count),
        TEST(a_number_is_never_given_twice),
        TEST(numbers_end_with_the_last_one),
        TEST(a_file_full_of_the_past_is_written_anew),
        TEST(a_damaged_file_stays_beside_the_new_one),
        TEST(two_programs_do_not_write_into_one_file),
        TEST(what_does_not_fit_on_the_disk_was_not_decided),
        TEST(a_copy_for_others_has_neither_who_nor_why),
        TEST(a_file_that_is_not_there_is_an_error_to_who_only_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
