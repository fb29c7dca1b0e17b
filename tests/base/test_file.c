/* Whole files, and the kinds of failure that errno tells of. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"

static char path[64];

static int make_file(void **state)
{
    (void)state;
    strcpy(path, "/tmp/belisha-file-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void what_is_written_is_read(void **state)
{
    char *bytes;
    size_t len;
    (void)state;
    int fd = open(path, O_WRONLY);
    assert_int_equal(file_write_at(fd, "behind", 6, 4), 0);
    assert_int_equal(file_write_at(fd, "a\0b\n", 4, 0), 0);
    close(fd);
    assert_int_equal(file_read_path(path, 10, &bytes, &len), 0);
    assert_int_equal(len, 10);
    assert_memory_equal(bytes, "a\0b\nbehind", 11);
    free(bytes);
    assert_int_equal(file_read_path(path, 9, &bytes, &len), ERR_LIMIT);
    assert_int_equal(file_sync_folder_of(path), 0);
}

static void an_empty_file_is_no_failure(void **state)
{
    char *bytes;
    size_t len;
    (void)state;
    assert_int_equal(file_read_path(path, 0, &bytes, &len), 0);
    assert_int_equal(len, 0);
    assert_string_equal(bytes, "");
    free(bytes);
}

static void what_is_not_there_is_told(void **state)
{
    char *bytes = path;
    size_t len = 7;
    (void)state;
    assert_int_equal(file_read_path("/tmp/belisha-no-such-file", 10, &bytes, &len), ERR_NOENT);
    assert_ptr_equal(bytes, path);
    assert_int_equal(len, 7);
    assert_int_equal(file_sync_folder_of("/tmp/belisha-no-such-folder/file"), ERR_NOENT);
    assert_int_equal(file_sync_folder_of("here"), 0);
    assert_int_equal(file_sync_folder_of("/file"), 0);
}

static void a_file_is_replaced_whole_or_stays(void **state)
{
    char *bytes;
    size_t len;
    (void)state;
    const char *name = strrchr(path, '/') + 1;
    int dir_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(file_save_at(dir_fd, name, "belisha-file-beside", "a longer one", 12, 0640), 0);
    assert_int_equal(file_save_at(dir_fd, name, "belisha-file-beside", "short", 5, 0640), 0);
    assert_int_equal(file_save_at(dir_fd, "no-such-folder/file", "belisha-file-beside", "other", 5, 0640), ERR_NOENT);
    assert_int_equal(access("/tmp/belisha-file-beside", F_OK), -1);
    assert_int_equal(file_read_path(path, 100, &bytes, &len), 0);
    assert_string_equal(bytes, "short");
    free(bytes);
    close(dir_fd);
}

static void kinds_of_errno_that_are_mended_alike_are_one(void **state)
{
    (void)state;
    assert_int_equal(err_from_errno(ENOTDIR), ERR_NOENT);
    assert_int_equal(err_from_errno(EROFS), ERR_ACCESS);
    assert_int_equal(err_from_errno(EDQUOT), ERR_NOSPACE);
    assert_int_equal(err_from_errno(EWOULDBLOCK), ERR_BUSY);
    assert_int_equal(err_from_errno(ENAMETOOLONG), ERR_LIMIT);
    assert_int_equal(err_from_errno(EISDIR), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, make_file, remove_file),
        cmocka_unit_test_setup_teardown(an_empty_file_is_no_failure, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_whole_or_stays, make_file, remove_file),
        cmocka_unit_test(what_is_not_there_is_told),
        cmocka_unit_test(kinds_of_errno_that_are_mended_alike_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
