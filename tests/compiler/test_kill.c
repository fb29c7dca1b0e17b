/* The real program, killed at any moment: what is in force stays in force, and the next run finds nothing in its way. */
#include <dirent.h>
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

#ifdef __SANITIZE_ADDRESS__
#define KILLS 25 /* a run takes ten times as long; the release build kills the rest */
#else
#define KILLS 100
#endif
#define NAME_COUNT 20000
#define MEASURED   3  /* runs that tell how long one takes; the fastest, as a busy machine makes all others longer */
#define FILES_MAX  10 /* in a folder of ours, however many runs were killed */

static char dir[] = "/tmp/belisha-kill-XXXXXX";

/* A version of the feed, as if it had just come. */
static void write_list(char version)
{
    char path[128];
    snprintf(path, sizeof path, "%s/list.txt", dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "always.example\nonly-%c.example\n", version);
    for (int i = 0; i < NAME_COUNT; i++)
        fprintf(file, "name%d.%c.example\n", i, version);
    fclose(file);
}

static void write_recipe(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/feeds.yaml", dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("keep: 2\nout: out\nfeeds:\n"
          "  - {name: list, source: list.txt, format: domains, category: malware}\n"
          "  - {name: small, source: small.txt, format: hosts, category: gambling}\n",
          file);
    fclose(file);
    snprintf(path, sizeof path, "%s/small.txt", dir);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("0.0.0.0 small.example\n", file);
    fclose(file);
}

static pid_t start(char version)
{
    char recipe[128];
    write_list(version);
    snprintf(recipe, sizeof recipe, "%s/feeds.yaml", dir);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl(BLOCKLIST_COMPILER, "blocklist-compiler", "--recipe", recipe, "--quiet", "--report-file", "/dev/null",
              (char *)NULL);
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
    assert_true(is_listed(db, "small.example"));
    assert_true(is_listed(db, "only-a.example") != is_listed(db, "only-b.example"));
    assert_int_equal(blockdb_name_count(db), NAME_COUNT + 3);
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

static unsigned count_files(const char *folder)
{
    char path[128];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/%s", dir, folder);
    DIR *open_dir = opendir(path);
    assert_non_null(open_dir);
    for (const struct dirent *entry = readdir(open_dir); entry != NULL; entry = readdir(open_dir))
        count += entry->d_name[0] != '.';
    closedir(open_dir);
    return count;
}

static void a_killed_compiler_leaves_the_list_in_force(void **state)
{
    uint64_t generation = 1;
    unsigned killed = 0;
    (void)state;
    write_recipe();
    int64_t run_us = INT64_MAX;
    for (int i = 0; i < MEASURED; i++) {
        int64_t begin_us = now_us();
        assert_int_equal(finish(start(i % 2 == 0 ? 'a' : 'b')), 0);
        int64_t took_us = now_us() - begin_us;
        run_us = took_us < run_us ? took_us : run_us;
    }
    generation = check_in_force();
    assert_int_equal(generation, MEASURED);
    srand(1);
    for (int i = 0; killed < KILLS; i++) {
        assert_true(i < 10 * KILLS); /* or no run takes long enough to be killed */
        pid_t pid = start(i % 2 == 0 ? 'b' : 'a');
        usleep((unsigned)(rand() % (int)(run_us + run_us / 8)));
        kill(pid, SIGKILL);
        killed += WIFSIGNALED(finish(pid));
        uint64_t now = check_in_force();
        assert_true(now >= generation);
        generation = now;
    }
    assert_int_equal(finish(start('a')), 0);
    assert_int_equal(finish(start('b')), 0);
    assert_true(check_in_force() > generation);
    assert_in_range(count_files("out"), 1, FILES_MAX);
    assert_in_range(count_files("out/feeds"), 1, FILES_MAX);
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
