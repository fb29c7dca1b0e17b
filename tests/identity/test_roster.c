/* Numbers of users and devices: for ever the same, also after a kill, a full disk, and when a name must be forgotten. */
#include <fcntl.h>
#include <inttypes.h>
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
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

#include "identity/roster.h"

static char folder[64], path[128];
static unsigned complaints, complained_line;

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-roster-XXXXXX");
    complaints = 0;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/roster", folder);
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
    complaints++;
    complained_line = line;
}

static struct roster *open_roster(void)
{
    struct roster *roster = NULL;
    assert_int_equal(roster_open(path, complain, NULL, &roster), 0);
    return roster;
}

static size_t read_file(char *out, size_t cap)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(out, 1, cap - 1, file);
    out[len] = '\0';
    fclose(file);
    return len;
}

static void write_file(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void fill(void)
{
    struct roster *roster = open_roster();
    assert_int_equal(roster_number(roster, ROSTER_USER, "jones"), 1);
    assert_int_equal(roster_number(roster, ROSTER_USER, "smith"), 2);
    assert_int_equal(roster_number(roster, ROSTER_DEVICE, "3c:22:fb:01:02:03"), 1);
    roster_call(roster, 1, "toms-ipad");
    assert_int_equal(roster_sync(roster), 0);
    roster_close(roster);
}

static void a_number_is_the_same_for_ever(void **state)
{
    (void)state;
    fill();
    struct roster *roster = open_roster();
    assert_int_equal(roster_find(roster, ROSTER_USER, "smith"), 2);
    assert_int_equal(roster_number(roster, ROSTER_USER, "jones"), 1);
    assert_int_equal(roster_find(roster, ROSTER_DEVICE, "3C:22:FB:01:02:03"), 1);
    assert_int_equal(roster_find(roster, ROSTER_USER, "nobody"), 0);
    assert_int_equal(roster_number(roster, ROSTER_USER, "brown"), 3);
    assert_string_equal(roster_name(roster, ROSTER_USER, 2), "smith");
    assert_string_equal(roster_called(roster, 1), "toms-ipad");
    assert_null(roster_name(roster, ROSTER_USER, 0));
    assert_null(roster_name(roster, ROSTER_USER, 4));
    assert_int_equal(roster_damaged(roster), 0);
    roster_close(roster);
}

static void names_are_cleaned_and_an_empty_one_has_no_number(void **state)
{
    struct roster *roster = open_roster();
    (void)state;
    assert_int_equal(roster_number(roster, ROSTER_USER, "\x1b\n"), 0);
    assert_int_equal(roster_number(roster, ROSTER_USER, "a\nb"), 1);
    assert_string_equal(roster_name(roster, ROSTER_USER, 1), "a b");
    assert_int_equal(roster_number(roster, ROSTER_USER, "a b"), 1);
    assert_int_equal(roster_sync(roster), 0);
    roster_close(roster);
    roster = open_roster();
    assert_int_equal(roster_find(roster, ROSTER_USER, "a b"), 1);
    assert_int_equal(roster_damaged(roster), 0);
    roster_close(roster);
}

static void only_one_program_writes(void **state)
{
    struct roster *roster = open_roster(), *other = NULL;
    struct stat st;
    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(roster_open(path, NULL, NULL, &other), ERR_BUSY);
    assert_int_equal(roster_read(path, NULL, NULL, &other), 0);
    assert_int_equal(roster_number(other, ROSTER_USER, "new"), 1);
    assert_int_equal(roster_sync(other), ERR_ACCESS);
    assert_int_equal(roster_find(other, ROSTER_USER, "new"), 0); /* taken back */
    assert_int_equal(roster_forget(other, ROSTER_USER, 1), ERR_NOENT);
    roster_close(other);
    roster_close(roster);
    assert_int_equal(roster_read("/nonexistent/roster", NULL, NULL, &other), ERR_NOENT);
}

static void what_was_not_synced_was_never_given(void **state)
{
    (void)state;
    fill();
    struct roster *roster = open_roster();
    assert_int_equal(roster_number(roster, ROSTER_USER, "brown"), 3);
    roster_close(roster);
    roster = open_roster();
    assert_int_equal(roster_find(roster, ROSTER_USER, "brown"), 0);
    assert_int_equal(roster_count(roster, ROSTER_USER), 2);
    roster_close(roster);
}

static void a_torn_last_line_is_cut_off_at_every_byte(void **state)
{
    char bytes[4096];
    (void)state;
    fill();
    size_t len = read_file(bytes, sizeof bytes);
    for (size_t cut = 1; cut < len; cut++) {
        size_t whole = 0;
        for (size_t i = 0; i < cut; i++)
            whole += bytes[i] == '\n';
        write_file(bytes, cut);
        struct roster *roster = open_roster();
        assert_int_equal(roster_damaged(roster), 0);
        assert_int_equal(roster_find(roster, ROSTER_USER, "jones"), whole > 1 ? 1 : 0);
        uint32_t next = roster_number(roster, ROSTER_USER, "after");
        assert_int_equal(next, roster_count(roster, ROSTER_USER));
        assert_int_equal(roster_sync(roster), 0);
        roster_close(roster);
        roster = open_roster();
        assert_int_equal(roster_find(roster, ROSTER_USER, "after"), next);
        assert_int_equal(roster_damaged(roster), 0);
        roster_close(roster);
    }
}

static void a_damaged_line_is_told_and_its_number_is_not_given_again(void **state)
{
    char bytes[4096];
    (void)state;
    fill();
    size_t len = read_file(bytes, sizeof bytes);
    char *smith = strstr(bytes, "smith");
    assert_non_null(smith);
    smith[0] = 'S';
    write_file(bytes, len);
    struct roster *roster = open_roster();
    assert_int_equal(complaints, 1);
    assert_int_equal(complained_line, 3);
    assert_int_equal(roster_damaged(roster), 1);
    assert_int_equal(roster_find(roster, ROSTER_USER, "jones"), 1);
    assert_null(roster_name(roster, ROSTER_USER, 2));
    assert_true(roster_number(roster, ROSTER_USER, "brown") > 2);
    assert_int_equal(roster_find(roster, ROSTER_DEVICE, "3c:22:fb:01:02:03"), 1);
    assert_int_equal(roster_forget(roster, ROSTER_USER, 1), 0); /* written anew: the damaged file is kept */
    roster_close(roster);
    strcat(path, ".damaged");
    assert_int_equal(access(path, F_OK), 0);
}

static void a_later_versions_file_is_left_alone(void **state)
{
    static const char body[] = "roster 2 persons 9";
    char line[64], bytes[4096];
    struct roster *roster = NULL;
    (void)state;
    size_t len =
        (size_t)snprintf(line, sizeof line, "%016" PRIx64 " %s\n", (uint64_t)XXH3_64bits(body, sizeof body - 1), body);
    write_file(line, len);
    assert_int_equal(roster_open(path, NULL, NULL, &roster), ERR_FORMAT_VERSION);
    assert_int_equal(read_file(bytes, sizeof bytes), len);
    assert_string_equal(bytes, line);
}

static void a_forgotten_name_is_gone_from_the_file_and_its_number_stays(void **state)
{
    char bytes[4096];
    (void)state;
    fill();
    struct roster *roster = open_roster();
    assert_int_equal(roster_forget(roster, ROSTER_USER, 1), 0);
    assert_int_equal(roster_forget(roster, ROSTER_DEVICE, 1), 0);
    assert_int_equal(roster_forget(roster, ROSTER_USER, 1), ERR_NOENT);
    assert_string_equal(roster_name(roster, ROSTER_USER, 1), "");
    assert_string_equal(roster_called(roster, 1), "");
    assert_int_equal(roster_find(roster, ROSTER_USER, "jones"), 0);
    assert_int_equal(roster_number(roster, ROSTER_USER, "jones"), 3);
    assert_int_equal(roster_sync(roster), 0);
    read_file(bytes, sizeof bytes);
    assert_null(strstr(bytes, "user 1 jones"));
    assert_null(strstr(bytes, "3c:22:fb"));
    assert_null(strstr(bytes, "toms-ipad"));
    roster_close(roster);
    roster = open_roster();
    assert_string_equal(roster_name(roster, ROSTER_USER, 1), "");
    assert_int_equal(roster_find(roster, ROSTER_USER, "jones"), 3);
    assert_int_equal(roster_find(roster, ROSTER_USER, "smith"), 2);
    assert_int_equal(roster_count(roster, ROSTER_DEVICE), 1);
    assert_int_equal(roster_damaged(roster), 0);
    roster_close(roster);
}

/* The limit on the size of files stands for a full disk. */
static void on_a_full_disk_no_number_is_given(void **state)
{
    struct rlimit limit = {.rlim_cur = 300, .rlim_max = RLIM_INFINITY};
    const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    (void)state;
    fill();
    signal(SIGXFSZ, SIG_IGN);
    struct roster *roster = open_roster();
    for (unsigned i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "user-%u", i);
        assert_int_equal(roster_number(roster, ROSTER_USER, name), 3 + i);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int err = roster_sync(roster);
    int forgot = roster_forget(roster, ROSTER_USER, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(roster_count(roster, ROSTER_USER), 2);
    assert_int_equal(roster_find(roster, ROSTER_USER, "user-3"), 0);
    (void)forgot; /* what is left may have fitted */
    assert_int_equal(roster_number(roster, ROSTER_USER, "later"), 3);
    assert_int_equal(roster_sync(roster), 0);
    roster_close(roster);
    roster = open_roster();
    assert_int_equal(roster_find(roster, ROSTER_USER, "later"), 3);
    assert_int_equal(roster_find(roster, ROSTER_USER, "smith"), 2);
    assert_int_equal(roster_damaged(roster), 0);
    roster_close(roster);
}

/* Gives numbers, tells each through the pipe once it lasts, and now and then forgets one. */
static void give_until_killed(int pipe_end)
{
    struct roster *roster = NULL;
    if (roster_open(path, NULL, NULL, &roster) < 0)
        _exit(1);
    for (uint32_t i = roster_count(roster, ROSTER_USER);; i++) {
        char name[32];
        snprintf(name, sizeof name, "user-%u", (unsigned)i);
        uint32_t number = roster_number(roster, ROSTER_USER, name);
        if (roster_sync(roster) < 0 || write(pipe_end, &number, sizeof number) != sizeof number)
            _exit(1);
        if (i % 16 == 15 && roster_forget(roster, ROSTER_USER, number - 8) < 0)
            _exit(1);
    }
}

static void a_killed_writer_loses_no_number_that_was_used(void **state)
{
    uint32_t last = 0;
    (void)state;
    for (unsigned round = 0; round < 12; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            give_until_killed(ends[1]);
        }
        close(ends[1]);
        for (unsigned i = 0; i < 5 + round * 7; i++) {
            uint32_t number;
            assert_int_equal(read(ends[0], &number, sizeof number), sizeof number);
            assert_true(number > last); /* none is ever given twice */
            last = number;
        }
        kill(child, SIGKILL);
        for (uint32_t number; read(ends[0], &number, sizeof number) == sizeof number;)
            last = number;
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct roster *roster = open_roster();
        assert_int_equal(roster_damaged(roster), 0);
        assert_true(roster_count(roster, ROSTER_USER) >= last);
        for (uint32_t number = 1; number <= last; number++) {
            char name[32];
            snprintf(name, sizeof name, "user-%u", (unsigned)number - 1);
            const char *got = roster_name(roster, ROSTER_USER, number);
            assert_non_null(got);
            assert_true(got[0] == '\0' || strcmp(got, name) == 0);
        }
        last = roster_count(roster, ROSTER_USER);
        roster_close(roster);
    }
}

static void there_are_as_many_numbers_as_there_may_be(void **state)
{
    struct roster *roster = NULL;
    char name[32];
    (void)state;
    assert_int_equal(roster_new(&roster), 0);
    for (uint32_t i = 1; i <= ROSTER_MAX; i++) {
        snprintf(name, sizeof name, "%u", (unsigned)i);
        if (roster_number(roster, ROSTER_USER, name) != i)
            fail_msg("number %u", (unsigned)i);
    }
    assert_int_equal(roster_number(roster, ROSTER_USER, "one more"), 0);
    assert_int_equal(roster_number(roster, ROSTER_DEVICE, "one more"), 1);
    assert_int_equal(roster_find(roster, ROSTER_USER, "777777"), 777777);
    assert_int_equal(roster_sync(roster), 0);
    roster_close(roster);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_number_is_the_same_for_ever),
        CASE(names_are_cleaned_and_an_empty_one_has_no_number),
        CASE(only_one_program_writes),
        CASE(what_was_not_synced_was_never_given),
        CASE(a_torn_last_line_is_cut_off_at_every_byte),
        CASE(a_damaged_line_is_told_and_its_number_is_not_given_again),
        CASE(a_later_versions_file_is_left_alone),
        CASE(a_forgotten_name_is_gone_from_the_file_and_its_number_stays),
        CASE(on_a_full_disk_no_number_is_given),
        CASE(a_killed_writer_loses_no_number_that_was_used),
        cmocka_unit_test(there_are_as_many_numbers_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
