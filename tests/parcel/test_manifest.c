/* Manifests of parcels, as strangers may have written them. */
#include "parcel/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HASH            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FILE_OF(name)   "{\"name\":\"" name "\",\"bytes\":7,\"blake2b_256\":\"" HASH "\",\"sha256\":\"" HASH "\"}"
#define MANIFEST(files) "{\"manifest\":{\"program\":\"x\",\"files\":[" files "]}}"

static int parse(const char *json, struct manifest *out)
{
    return manifest_parse(json, strlen(json), out);
}

static void files_are_found_by_name(void **state)
{
    struct manifest m;
    (void)state;
    assert_int_equal(parse(MANIFEST(FILE_OF("rows.csv") "," FILE_OF("READ-ME.txt")), &m), 0);
    assert_int_equal(m.file_count, 2);
    assert_int_equal(manifest_find(&m, "rows.csv")->bytes, 7);
    assert_int_equal(manifest_find(&m, "rows.csv")->sha256[1], 0x11);
    assert_null(manifest_find(&m, "other"));
    manifest_done(&m);
}

static void what_is_no_manifest_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "{}",
        "[]",
        "{\"manifest\":{}}",
        "{\"manifest\":[]}",
        MANIFEST(""),
        MANIFEST("1"),
        MANIFEST(FILE_OF("../rows.csv")),
        MANIFEST(FILE_OF("..")),
        MANIFEST(FILE_OF("/etc/passwd")),
        MANIFEST(FILE_OF("")),
        MANIFEST(FILE_OF("a") "," FILE_OF("a")),
        "{\"manifest\":{\"files\":[{\"name\":\"a\",\"bytes\":-1,\"blake2b_256\":\"" HASH "\",\"sha256\":\"" HASH
        "\"}]}}",
        "{\"manifest\":{\"files\":[{\"name\":\"a\",\"bytes\":1,\"blake2b_256\":\"00\",\"sha256\":\"" HASH "\"}]}}",
        "{\"manifest\":{\"files\":[{\"name\":\"a\",\"bytes\":1,\"sha256\":\"" HASH "\"}]}}",
        "{\"manifest\":{\"files\":[" FILE_OF("a") "]},\"manifest\":{}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct manifest m = {.file_count = 77};
        assert_int_equal(parse(rows[i], &m), ERR_MALFORMED);
        assert_int_equal(m.file_count, 77);
    }
}

static void there_may_be_so_many_files_and_no_more(void **state)
{
    for (int more = 0; more < 2; more++) {
        struct text json = {0};
        struct manifest m;
        text_printf(&json, "{\"manifest\":{\"files\":[");
        for (int i = 0; i < PARCEL_FILES_MAX + more; i++)
            text_printf(&json, "%s{\"name\":\"f%d\",\"bytes\":7,\"blake2b_256\":\"" HASH "\",\"sha256\":\"" HASH "\"}",
                        i == 0 ? "" : ",", i);
        text_printf(&json, "]}}");
        int code = manifest_parse(json.bytes, json.len, &m);
        assert_int_equal(code, more == 0 ? 0 : ERR_LIMIT);
        if (code == 0)
            manifest_done(&m);
        text_done(&json);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found_by_name),
        cmocka_unit_test(what_is_no_manifest_is_refused),
        cmocka_unit_test(there_may_be_so_many_files_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
