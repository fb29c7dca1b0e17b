/* The real program, killed at any moment: what is in force stays in force, and the next run finds nothing in its way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "blockdb/blockdb.h"
#include "dns/name.h"

#define KILLS      50
#define NAME_COUNT 20000

static char dir[] = "/tmp/belisha-kill-XXXXXX";

static void write_list(char version)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%c.txt", dir, version);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "always.example\nonly-%c.example\n", version);
    for (int i = 0; i < NAME_COUNT; i++)
        fprintf(file, "name%d.%c.example\n", i, version);
    fclose(file);
}

static pid_t start(char version)
{
    char list[128], out[128];
    snprintf(list, sizeof list, "%s/%c.txt", dir, version);
    snprintf(out, sizeof out, "%s/out", dir);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl(BLOCKLIST_COMPILER, "blocklist-compiler", "--list", list, "--format", "domains", "--category", "malware",
              "--out", out, "--keep", "2", "--quiet", "--report-file", "/dev/null", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int finish(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool is_listed(const struct blockdb *db, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    struct blockdb_match match;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    blockdb_lookup(db, &key, &match);
    return match.categories != 0;
}

/* The generation in force, which must be one of the two lists and whole. Returns its number. */
static uint64_t check_in_force(void)
{
    char path[128], why[256] = "";
    struct blockdb *db = NULL;
    snprintf(path, sizeof path, "%s/out/current", dir);
    if (blockdb_open(path, &db, why, sizeof why) < 0)
        fail_msg("%s", why);
    assert_true(is_listed(db, "always.example"));
    assert_true(is_listed(db, "only-a.example") != is_listed(db, "only-b.example"));
    assert_int_equal(blockdb_name_count(db), NAME_COUNT + 2);
    uint64_t generation = blockdb_generation(db);
    blockdb_close(db);
    return generation;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void a_killed_compiler_leaves_the_list_in_force(void **state)
{
    uint64_t generation = 1;
    unsigned killed = 0;
    (void)state;
    write_list('a');
    write_list('b');
    int64_t begin_us = now_us();
    assert_int_equal(finish(start('a')), 0);
    int64_t run_us = now_us() - begin_us;
    assert_int_equal(check_in_force(), 1);
    srand(1);
    for (int i = 0; i < KILLS; i++) {
        pid_t pid = start(i % 2 == 0 ? 'b' : 'a');
        usleep((unsigned)(rand() % (int)(run_us + run_us / 8)));
        kill(pid, SIGKILL);
        killed += WIFSIGNALED(finish(pid));
        uint64_t now = check_in_force();
        assert_true(now >= generation);
        generation = now;
    }
    print_message("%u of %d runs were killed before their end\n", killed, KILLS);
    assert_true(killed > 0);
    assert_int_equal(finish(start('a')), 0);
    assert_int_equal(finish(start('b')), 0);
    assert_true(check_in_force() > generation);
}

static int remove_dir(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_killed_compiler_leaves_the_list_in_force)};
    return mkdtemp(dir) == NULL ? 1 : cmocka_run_group_tests(tests, NULL, remove_dir);
}
