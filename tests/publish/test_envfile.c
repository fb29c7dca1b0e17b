#include "publish/envfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/belisha-envfile-XXXXXX";

/* Every region as long as `len`. */
static int write_regions(size_t len)
{
    struct blockdb_meta meta = {.magic = BLOCKDB_MAGIC, .version = BLOCKDB_VERSION};
    struct bytes regions[BLOCKDB_REGION_COUNT] = {0};
    uint8_t *data = calloc(1, len + 1);
    assert_non_null(data);
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        bytes_add(&regions[id], data, len);
    unlink(path);
    int err = envfile_write(path, &meta, regions);
    for (unsigned id = 0; id < BLOCKDB_REGION_COUNT; id++)
        bytes_done(&regions[id]);
    free(data);
    return err;
}

static void envfile_write_makes_the_map_as_large_as_its_regions_need(void **state)
{
    /* around the ends of pages, and of pages less their header of 16 bytes */
    static const size_t sizes[] = {0, 1, 15, 16, 17}, pages[] = {1, 2, 3, 16};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(write_regions(sizes[i]), 0);
        for (size_t j = 0; j < 4; j++) {
            assert_int_equal(write_regions(pages[j] * page - sizes[i]), 0);
            assert_int_equal(write_regions(pages[j] * page + sizes[i]), 0);
        }
    }
    assert_int_equal(write_regions((8 << 20) + 1), 0);
}

static void envfile_write_tells_of_a_file_that_may_not_grow(void **state)
{
    struct rlimit old, small;
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = write_regions(4 << 20);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(err < 0);
    assert_int_equal(write_regions(4 << 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envfile_write_makes_the_map_as_large_as_its_regions_need),
        cmocka_unit_test(envfile_write_tells_of_a_file_that_may_not_grow),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
