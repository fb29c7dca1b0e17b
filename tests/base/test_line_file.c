/* Files of lines: torn, full disks, written anew, two programs at once. */
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

#include "base/line_file.h"

static char folder[64];
static char path[128];
static char seen[256];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-lines-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/lines", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char other[160];
    (void)state;
    snprintf(other, sizeof other, "%s.damaged", path);
    unlink(other);
    unlink(path);
    return rmdir(folder);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static off_t size_on_disk(void)
{
    struct stat st;
    return stat(path, &st) < 0 ? -1 : st.st_size;
}

static int see(void *ctx, const char *line, size_t len)
{
    assert_int_equal(line[len], '\n');
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%.*s;", (int)len, line);
    return strncmp(line, "stop", 4) == 0 ? *(int *)ctx : 0;
}

static const char *look(void)
{
    int none = 0;
    seen[0] = '\0';
    assert_int_equal(line_file_look(path, see, &none), 0);
    return seen;
}

static void open_file(struct line_file *file)
{
    assert_int_equal(line_file_init(file, path), 0);
    assert_int_equal(line_file_open(file, 0640), 0);
}

static void lines_are_appended_and_read(void **state)
{
    struct line_file file;
    (void)state;
    assert_int_equal(line_file_init(&file, path), 0);
    assert_int_equal(line_file_append(&file, "a\n", 2), ERR_ACCESS);
    assert_int_equal(line_file_open(&file, 0), ERR_NOENT);
    assert_int_equal(line_file_open(&file, 0640), 0);
    assert_int_equal(line_file_append(&file, "a\n", 2), 0);
    assert_int_equal(line_file_append(&file, "b\nc\n", 4), 0);
    assert_string_equal(look(), "a;b;c;");
    line_file_done(&file);
}

static void a_torn_line_is_taken_away(void **state)
{
    struct line_file file;
    int none = 0;
    (void)state;
    put("a\n\nto");
    assert_string_equal(look(), "a;;");
    open_file(&file);
    seen[0] = '\0';
    assert_int_equal(line_file_load(&file, see, &none), 0);
    assert_string_equal(seen, "a;;");
    assert_int_equal(size_on_disk(), 3);
    assert_int_equal(line_file_append(&file, "b\n", 2), 0);
    assert_string_equal(look(), "a;;b;");
    line_file_done(&file);
}

static void reading_stops_when_it_is_told_to_and_leaves_the_file(void **state)
{
    struct line_file file;
    int err = ERR_FORMAT_VERSION;
    (void)state;
    put("a\nstop\nb\nto");
    open_file(&file);
    assert_int_equal(line_file_load(&file, see, &err), ERR_FORMAT_VERSION);
    assert_int_equal(size_on_disk(), 11);
    line_file_done(&file);
}

static void what_a_full_disk_has_left_is_taken_away(void **state)
{
    struct line_file file;
    struct rlimit before, little = {.rlim_cur = 4};
    (void)state;
    open_file(&file);
    assert_int_equal(line_file_append(&file, "a\n", 2), 0);
    getrlimit(RLIMIT_FSIZE, &before);
    little.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    int err = line_file_append(&file, "long line\n", 10);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(size_on_disk(), 2);
    assert_int_equal(line_file_append(&file, "b\n", 2), 0);
    assert_string_equal(look(), "a;b;");
    line_file_done(&file);
}

static void one_program_writes(void **state)
{
    struct line_file file, other;
    (void)state;
    open_file(&file);
    assert_int_equal(line_file_init(&other, path), 0);
    assert_int_equal(line_file_open(&other, 0640), ERR_BUSY);
    line_file_done(&other);
    line_file_done(&file);
}

static void a_file_is_written_anew(void **state)
{
    struct line_file file, made, other;
    (void)state;
    put("old\n");
    open_file(&file);
    assert_int_equal(line_file_begin(&file, 0640, &made), 0);
    assert_int_equal(line_file_add(&made, "new\n", 4), 0);
    assert_string_equal(look(), "old;");
    assert_int_equal(line_file_set_aside(&file), 0);
    assert_int_equal(line_file_replace(&file, &made), 0);
    assert_int_equal(line_file_append(&file, "next\n", 5), 0);
    assert_string_equal(look(), "new;next;");
    assert_int_equal(line_file_init(&other, path), 0);
    assert_int_equal(line_file_open(&other, 0), ERR_BUSY);
    line_file_done(&file);
}

static void a_new_file_that_is_dropped_leaves_the_old_one(void **state)
{
    struct line_file file, made;
    (void)state;
    put("old\n");
    open_file(&file);
    assert_int_equal(line_file_begin(&file, 0640, &made), 0);
    assert_int_equal(line_file_add(&made, "new\n", 4), 0);
    line_file_drop(&made);
    assert_string_equal(look(), "old;");
    line_file_done(&file);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    struct line_file file;
    static char far[PATH_MAX];
    (void)state;
    memset(far, 'a', sizeof far - 1);
    assert_int_equal(line_file_init(&file, far), ERR_LIMIT);
    line_file_done(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_appended_and_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_torn_line_is_taken_away, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reading_stops_when_it_is_told_to_and_leaves_the_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_a_full_disk_has_left_is_taken_away, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(one_program_writes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_is_written_anew, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_new_file_that_is_dropped_leaves_the_old_one, make_folder, remove_folder),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
