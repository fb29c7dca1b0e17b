#include "fetch/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT "a.example\nb.example\n"
#define MIB  (1U << 20)

static char path[] = "/tmp/belisha-packed-XXXXXX";
static int file; /* at path, empty at the start of each test */

static int empty_file(void **state)
{
    (void)state;
    lseek(file, 0, SEEK_SET);
    return ftruncate(file, 0);
}

/* The first len bytes of text, again and again `times` times, as filter packs them, to path. */
static void pack(int filter, const char *text, size_t len, unsigned times)
{
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_raw(archive);
    archive_write_add_filter(archive, filter);
    assert_int_equal(archive_write_open_fd(archive, file), ARCHIVE_OK);
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    while (times-- > 0)
        assert_int_equal(archive_write_data(archive, text, len), len);
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
    archive_entry_free(entry);
}

static int unpack(uint64_t bytes_max, char *out, size_t cap)
{
    FILE *to = tmpfile();
    assert_non_null(to);
    lseek(file, 0, SEEK_SET);
    int err = packed_unpack(file, fileno(to), bytes_max);
    ssize_t got = pread(fileno(to), out, cap - 1, 0);
    out[got < 0 ? 0 : got] = '\0';
    fclose(to);
    return err;
}

static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD};
#define FILTER_COUNT (sizeof filters / sizeof filters[0])

static void packed_files_are_known_and_unpacked(void **state)
{
    char text[64];
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        empty_file(state);
        pack(filters[i], TEXT, strlen(TEXT), 1);
        assert_true(packed_is(path));
        assert_int_equal(unpack(MIB, text, sizeof text), 0);
        assert_string_equal(text, TEXT);
    }
}

static void plain_files_are_not_packed(void **state)
{
    static const struct {
        size_t len;
        const char *bytes;
    } rows[] = {{0, ""},
                {2, "\x1f\x8b"},
                {6, "\xfd"
                    "7zXZ "},
                {10, "a.example\n"},
                {4, "PK\3\4"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        empty_file(state);
        assert_int_equal(write(file, rows[i].bytes, rows[i].len), rows[i].len);
        assert_false(packed_is(path));
    }
    assert_false(packed_is("/tmp/belisha/no/such"));
}

static void packed_unpack_holds_its_limit(void **state)
{
    char text[64];
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        empty_file(state);
        pack(filters[i], TEXT, strlen(TEXT), 10);
        assert_int_equal(unpack(10 * strlen(TEXT), text, sizeof text), 0);
        assert_int_equal(unpack(10 * strlen(TEXT) - 1, text, sizeof text), ERR_LIMIT);
    }
}

static void packed_unpack_stops_what_swells(void **state)
{
    char text[64], *zeros = calloc(1, MIB);
    assert_non_null(zeros);
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        empty_file(state);
        pack(filters[i], zeros, MIB, 8);
        assert_int_equal(unpack(64 * MIB, text, sizeof text), 0); /* so little may swell as it likes */
        empty_file(state);
        pack(filters[i], zeros, MIB, 32);
        assert_int_equal(unpack(64 * MIB, text, sizeof text), ERR_LIMIT);
    }
    free(zeros);
}

static void packed_unpack_refuses_what_is_cut(void **state)
{
    char text[64];
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        empty_file(state);
        pack(filters[i], TEXT, strlen(TEXT), 1000);
        assert_int_equal(ftruncate(file, lseek(file, 0, SEEK_END) / 2), 0);
        assert_true(unpack(MIB, text, sizeof text) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(packed_files_are_known_and_unpacked, empty_file),
        cmocka_unit_test_setup(plain_files_are_not_packed, empty_file),
        cmocka_unit_test_setup(packed_unpack_holds_its_limit, empty_file),
        cmocka_unit_test_setup(packed_unpack_stops_what_swells, empty_file),
        cmocka_unit_test_setup(packed_unpack_refuses_what_is_cut, empty_file),
    };
    file = mkstemp(path);
    if (file < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close(file);
    unlink(path);
    return failed;
}
