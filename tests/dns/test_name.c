#include "dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RANDOM_NAMES 3000

/* Labels of 63, 63, 63 and last_label bytes; 61 makes the 255 bytes that are allowed. */
static size_t long_name(uint8_t *out, size_t last_label)
{
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        size_t label_len = i < 3 ? 63 : last_label;
        out[len] = (uint8_t)label_len;
        memset(out + len + 1, 'x', label_len);
        len += label_len + 1;
    }
    out[len++] = 0;
    return len;
}

static int from_text(const char *text, uint8_t *out)
{
    return name_from_text(text, strlen(text), out);
}

static void name_check_accepts_and_refuses_by_structure(void **state)
{
    static const struct {
        const char *wire;
        size_t len;
        int result;
    } rows[] = {
        {"", 0, ERR_TRUNCATED},
        {"\0", 1, 1},
        {"\0junk", 5, 1},
        {"\1a\0", 3, 3},
        {"\1a", 2, ERR_TRUNCATED},
        {"\1", 1, ERR_TRUNCATED},
        {"\3com\0", 5, 5},
        {"\3co", 3, ERR_TRUNCATED},
        {"\4a\0b.\0", 6, 6},
        {"\100", 1, ERR_MALFORMED},
        {"\200", 1, ERR_MALFORMED},
        {"\300\14", 2, ERR_MALFORMED},
        {"\1a\300\14", 4, ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* exact size, so that AddressSanitizer sees a byte read past the end */
        uint8_t *exact = malloc(rows[i].len + 1);
        memcpy(exact + 1, rows[i].wire, rows[i].len);
        assert_int_equal(name_check(exact + 1, rows[i].len), rows[i].result);
        free(exact);
    }
}

static void name_check_knows_the_longest_label_and_name(void **state)
{
    uint8_t name[320] = {63};
    (void)state;
    memset(name + 1, 'x', 64);
    name[64] = 0;
    assert_int_equal(name_check(name, sizeof name), 65);
    name[0] = 64;
    assert_int_equal(name_check(name, sizeof name), ERR_MALFORMED);

    assert_int_equal(long_name(name, 61), 255);
    assert_int_equal(name_check(name, sizeof name), 255);
    assert_int_equal(name_len(name), 255);
    assert_int_equal(name_check(name, 254), ERR_TRUNCATED);
    assert_int_equal(long_name(name, 62), 256);
    assert_int_equal(name_check(name, sizeof name), ERR_MALFORMED);
}

static void name_label_count_leaves_out_the_root(void **state)
{
    static const struct {
        const char *text;
        unsigned labels;
        size_t len;
    } rows[] = {{".", 0, 1}, {"com", 1, 5}, {"example.com", 2, 13}, {"a.b.c.d.e", 5, 11}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t name[NAME_MAX_LEN];
        assert_int_equal(from_text(rows[i].text, name), rows[i].len);
        assert_int_equal(name_label_count(name), rows[i].labels);
        assert_int_equal(name_len(name), rows[i].len);
    }
}

static void name_lower_changes_only_a_to_z_at_every_offset(void **state)
{
    uint8_t from[256 + 16];
    uint8_t to[sizeof from];
    (void)state;
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)i;
    for (size_t offset = 0; offset < 8; offset++) {
        for (size_t len = 0; len <= 256; len += len < 20 ? 1 : 59) {
            memset(to, 0xee, sizeof to);
            name_lower(to, from + offset, len);
            for (size_t i = 0; i < sizeof to; i++) {
                uint8_t byte = i < len ? from[offset + i] : 0xee;
                if (i < len && byte >= 'A' && byte <= 'Z')
                    byte = (uint8_t)(byte - 'A' + 'a');
                assert_int_equal(to[i], byte);
            }
        }
    }
}

static void name_lower_works_in_place(void **state)
{
    uint8_t name[] = "\7ExAmPlE\12LONG-LABEL\3COM";
    (void)state;
    name_lower(name, name, sizeof name);
    assert_memory_equal(name, "\7example\12long-label\3com", sizeof name);
}

static void name_equal_folds_ascii_letters_and_nothing_else(void **state)
{
    (void)state;
    for (unsigned x = 0; x < 256; x++) {
        for (unsigned y = 0; y < 256; y++) {
            uint8_t a[] = {1, (uint8_t)x, 0};
            uint8_t b[] = {1, (uint8_t)y, 0};
            bool letters = (x | 0x20) >= 'a' && (x | 0x20) <= 'z' && (x | 0x20) == (y | 0x20);
            assert_int_equal(name_equal(a, b), x == y || letters);
        }
    }
}

static void name_equal_never_reads_behind_the_shorter_name(void **state)
{
    uint8_t longer[NAME_MAX_LEN];
    uint8_t *shorter = malloc(3);
    (void)state;
    assert_int_equal(from_text("a.example", longer), 11);
    memcpy(shorter, "\1a", 3);
    assert_false(name_equal(longer, shorter));
    assert_false(name_equal(shorter, longer));
    free(shorter);
}

static void name_is_at_or_below_stops_at_label_boundaries(void **state)
{
    static const struct {
        const char *name, *parent;
        bool below;
    } rows[] = {
        {"example.com", "example.com", true},
        {"www.Example.COM", "exaMPle.com", true},
        {"a.b.example.com", "com", true},
        {"example.com", ".", true},
        {".", ".", true},
        {".", "com", false},
        {"com", "example.com", false},
        {"badexample.com", "example.com", false},
        {"example.com.evil", "example.com", false},
        {"example.org", "example.com", false},
        {"a\\.example.com", "example.com", false},
        {"x\\007example.com", "example.com", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t parent[NAME_MAX_LEN];
        assert_true(from_text(rows[i].name, name) > 0);
        assert_true(from_text(rows[i].parent, parent) > 0);
        if (name_is_at_or_below(name, parent) != rows[i].below)
            fail_msg("%s below %s", rows[i].name, rows[i].parent);
    }
}

static void name_skip_labels_ends_at_the_root(void **state)
{
    uint8_t name[NAME_MAX_LEN];
    (void)state;
    assert_int_equal(from_text("a.bc.def", name), 10);
    assert_ptr_equal(name_skip_labels(name, 0), name);
    assert_memory_equal(name_skip_labels(name, 1), "\2bc\3def", 8);
    assert_memory_equal(name_skip_labels(name, 2), "\3def", 5);
    assert_ptr_equal(name_skip_labels(name, 3), name + 9);
    assert_ptr_equal(name_skip_labels(name, 200), name + 9);
}

static void name_from_text_reads_escapes_and_closing_dots(void **state)
{
    static const struct {
        const char *text, *wire;
        int len;
    } rows[] = {
        {".", "", 1},
        {"com", "\3com", 5},
        {"com.", "\3com", 5},
        {"Example.com", "\7Example\3com", 13},
        {"a\\.b.c", "\3a.b\1c", 7},
        {"a\\\\.c", "\2a\\\1c", 6},
        {"\\000.c", "\1\0\1c", 5},
        {"\\255\\046x", "\3\377.x", 5},
        {"\\0651.c", "\2A1\1c", 6},
        {"\\a", "\1a", 3},
        {"a b", "\3a b", 5},
        {"a\\.", "\2a.", 4},
        {"\xc3\xa4", "\2\xc3\xa4", 4},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t name[NAME_MAX_LEN];
        assert_int_equal(from_text(rows[i].text, name), rows[i].len);
        assert_memory_equal(name, rows[i].wire, rows[i].len);
    }
}

static void name_from_text_refuses_bad_text_and_leaves_the_output_alone(void **state)
{
    static const char *const rows[] = {
        "",    "..",   ".com",  "a..b",  "a..",   "com..",  "\\",     "a\\",
        "\\1", "\\12", "\\12x", "\\256", "\\999", "a\\1.2", "\\25 .", "a.\\",
    };
    uint8_t untouched[NAME_MAX_LEN];
    (void)state;
    memset(untouched, 0xee, sizeof untouched);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t name[NAME_MAX_LEN];
        memset(name, 0xee, sizeof name);
        if (from_text(rows[i], name) != ERR_MALFORMED)
            fail_msg("accepted: %s", rows[i]);
        assert_memory_equal(name, untouched, sizeof name);
    }
}

static void name_from_text_knows_the_longest_label_and_name(void **state)
{
    char text[260];
    uint8_t name[NAME_MAX_LEN];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(name_from_text(text, 63, name), 65);
    assert_int_equal(name_from_text(text, 64, name), ERR_MALFORMED);

    text[63] = text[127] = text[191] = '.';
    assert_int_equal(name_from_text(text, 253, name), 255);
    assert_int_equal(name_from_text(text, 254, name), ERR_MALFORMED);
    text[253] = '.';
    assert_int_equal(name_from_text(text, 254, name), 255);

    for (size_t i = 1; i < 254; i += 2)
        text[i] = '.';
    assert_int_equal(name_from_text(text, 253, name), 255);
    assert_int_equal(name_label_count(name), NAME_MAX_LABELS);
    assert_int_equal(name_from_text(text, 255, name), ERR_MALFORMED);
}

static void name_to_text_escapes_what_text_cannot_hold(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t name[] = {1, (uint8_t)byte, 0};
        char text[NAME_TEXT_MAX];
        char expected[8];
        if (byte < 0x21 || byte > 0x7e)
            snprintf(expected, sizeof expected, "\\%03u", byte);
        else
            snprintf(expected, sizeof expected, "%s%c", strchr(".\\\"();@$", (int)byte) != NULL ? "\\" : "", (int)byte);
        assert_string_equal(name_to_text(name, text), expected);
    }
}

static void name_to_text_of_the_longest_name_fits(void **state)
{
    uint8_t name[NAME_MAX_LEN];
    char *text = malloc(NAME_TEXT_MAX);
    (void)state;
    assert_int_equal(long_name(name, 61), 255);
    for (size_t i = 0; i < 254; i++)
        if (name[i] == 'x')
            name[i] = 0xff;
    assert_int_equal(strlen(name_to_text(name, text)), NAME_TEXT_MAX - 2);
    free(text);
}

static void name_survives_the_way_to_text_and_back(void **state)
{
    struct random random = {.state = 7};
    (void)state;
    for (int i = 0; i < RANDOM_NAMES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t again[NAME_MAX_LEN];
        char text[NAME_TEXT_MAX];
        size_t len = random_name(&random, name);
        assert_int_equal(name_check(name, len), len);
        assert_int_equal(from_text(name_to_text(name, text), again), len);
        assert_memory_equal(again, name, len);
    }
}

static void name_front_grow_gives_each_beginning_but_the_whole(void **state)
{
    static const uint8_t none[] = {0};
    static const uint8_t one[] = "\1a";
    static const uint8_t name[] = "\3www\4help\4test";
    static const uint8_t first[] = "\3www";
    static const uint8_t second[] = "\3www\4help";
    uint8_t front[NAME_MAX_LEN] = {0};
    size_t len = 0;
    (void)state;
    assert_false(name_front_grow(none, front, &len));
    assert_false(name_front_grow(one, front, &len));
    assert_int_equal(len, 0);
    assert_true(name_front_grow(name, front, &len));
    assert_memory_equal(front, first, sizeof first);
    assert_true(name_front_grow(name, front, &len));
    assert_memory_equal(front, second, sizeof second);
    assert_false(name_front_grow(name, front, &len));
    assert_memory_equal(front, second, sizeof second);
}

static void name_front_grow_stays_within_the_longest_name(void **state)
{
    uint8_t name[NAME_MAX_LEN] = {0};
    uint8_t *front = malloc(NAME_MAX_LEN); /* so that a byte too many is seen */
    size_t len = 0;
    unsigned grown = 0;
    (void)state;
    for (size_t i = 0; i < NAME_MAX_LABELS; i++)
        name[2 * i] = 1;
    assert_non_null(front);
    while (name_front_grow(name, front, &len))
        grown++;
    assert_int_equal(grown, NAME_MAX_LABELS - 1);
    assert_int_equal(len, NAME_MAX_LEN - 3);
    free(front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_check_accepts_and_refuses_by_structure),
        cmocka_unit_test(name_check_knows_the_longest_label_and_name),
        cmocka_unit_test(name_label_count_leaves_out_the_root),
        cmocka_unit_test(name_lower_changes_only_a_to_z_at_every_offset),
        cmocka_unit_test(name_lower_works_in_place),
        cmocka_unit_test(name_equal_folds_ascii_letters_and_nothing_else),
        cmocka_unit_test(name_equal_never_reads_behind_the_shorter_name),
        cmocka_unit_test(name_is_at_or_below_stops_at_label_boundaries),
        cmocka_unit_test(name_skip_labels_ends_at_the_root),
        cmocka_unit_test(name_front_grow_gives_each_beginning_but_the_whole),
        cmocka_unit_test(name_front_grow_stays_within_the_longest_name),
        cmocka_unit_test(name_from_text_reads_escapes_and_closing_dots),
        cmocka_unit_test(name_from_text_refuses_bad_text_and_leaves_the_output_alone),
        cmocka_unit_test(name_from_text_knows_the_longest_label_and_name),
        cmocka_unit_test(name_to_text_escapes_what_text_cannot_hold),
        cmocka_unit_test(name_to_text_of_the_longest_name_fits),
        cmocka_unit_test(name_survives_the_way_to_text_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
