#include "base/outfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/belisha-outfile-XXXXXX";
static char path[128], other[128];

static const char *contents(const char *name)
{
    static char text[64];
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return NULL;
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void write_as(struct outfile *out, const char *text)
{
    assert_int_equal(outfile_open(out, path, 0640), 0);
    assert_true(fputs(text, out->file) != EOF);
}

static void outfile_is_there_whole_or_not_at_all(void **state)
{
    struct outfile out;
    struct stat st;
    (void)state;
    write_as(&out, "one");
    assert_null(contents(path));
    assert_int_equal(outfile_commit(&out), 0);
    assert_string_equal(contents(path), "one");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    write_as(&out, "two");
    outfile_abort(&out);
    assert_string_equal(contents(path), "one");
    assert_int_equal(rmdir(dir), -1);
    unlink(path);
    assert_int_equal(rmdir(dir), 0); /* nothing was left */
    assert_int_equal(mkdir(dir, 0755), 0);
}

static void outfile_save_replaces_the_whole_file(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(outfile_save(path, "a longer one", 12, 0600), 0);
    assert_int_equal(outfile_save(path, "short", 5, 0600), 0);
    assert_string_equal(contents(path), "short");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(outfile_save("/nowhere/at/all", "short", 5, 0600), ERR_NOENT);
    unlink(path);
}

static void outfile_never_takes_a_name_that_is_taken(void **state)
{
    struct outfile out;
    (void)state;
    write_as(&out, "one");
    assert_int_equal(outfile_commit(&out), 0);
    write_as(&out, "two");
    assert_int_equal(outfile_commit_as(&out, path), ERR_EXIST);
    assert_int_equal(outfile_commit_as(&out, other), 0);
    assert_string_equal(contents(path), "one");
    assert_string_equal(contents(other), "two");
    unlink(path);
    unlink(other);
}

static void outfile_says_why_not(void **state)
{
    struct outfile out;
    char none[160];
    (void)state;
    snprintf(none, sizeof none, "%s/none/file", dir);
    assert_int_equal(outfile_open(&out, none, 0644), ERR_NOENT);
    assert_int_equal(outfile_open(&out, "/dev/full", 0644), 0); /* written to directly */
    fputs("lost", out.file);
    assert_int_equal(outfile_commit(&out), ERR_NOSPACE);
}

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(other, sizeof other, "%s/other", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outfile_is_there_whole_or_not_at_all),
        cmocka_unit_test(outfile_save_replaces_the_whole_file),
        cmocka_unit_test(outfile_never_takes_a_name_that_is_taken),
        cmocka_unit_test(outfile_says_why_not),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
