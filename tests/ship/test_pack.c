/* Compression of what is sent, undone by the libraries that receivers have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "ship/pack.h"

#define LEN 300000

static void fill(struct text *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char byte = (char)(i * i / 7 % 251);
        text_add(in, &byte, 1);
    }
    text_add(in, "", 0);
}

static size_t gunzip(const struct text *packed, uint8_t *out, size_t size)
{
    z_stream z = {
        .next_in = (Bytef *)packed->bytes, .avail_in = (uInt)packed->len, .next_out = out, .avail_out = (uInt)size};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    size_t len = z.total_out;
    inflateEnd(&z);
    return len;
}

static void what_is_packed_comes_back(void **state)
{
    static uint8_t out[LEN + 1];
    static const size_t lens[] = {0, 1, 1000, LEN, 17};
    struct text packed = {0};
    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct text in = {0};
        fill(&in, lens[i]);
        assert_int_equal(pack(PACK_GZIP, &in, &packed), 0);
        assert_int_equal(gunzip(&packed, out, sizeof out), lens[i]);
        assert_memory_equal(out, in.bytes, lens[i]);
        assert_int_equal(pack(PACK_ZSTD, &in, &packed), 0);
        assert_int_equal(ZSTD_decompress(out, sizeof out, packed.bytes, packed.len), lens[i]);
        assert_memory_equal(out, in.bytes, lens[i]);
        text_done(&in);
    }
    text_done(&packed);
}

static void encodings_have_the_names_of_http(void **state)
{
    (void)state;
    assert_string_equal(pack_name(PACK_GZIP), "gzip");
    assert_string_equal(pack_name(PACK_ZSTD), "zstd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back),
        cmocka_unit_test(encodings_have_the_names_of_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
