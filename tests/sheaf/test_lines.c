#include "sheaf/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "-went+came" of each change, line ends as "|". */
static void describe(const struct lines *lines, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < lines_change_count(lines); i++) {
        const struct lines_change *change = lines_change_at(lines, i);
        len += (size_t)snprintf(out + len, cap - len, "-%.*s+%.*s", (int)change->went.len,
                                (const char *)change->went.at, (int)change->came.len, (const char *)change->came.at);
        assert_true(len < cap);
    }
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '\n' ? '|' : *at;
}

static void compare_finds_what_went_and_came(void **state)
{
    static const struct {
        const char *old_text, *new_text, *changes;
    } rows[] = {
        {"", "", ""},
        {"a\nb\n", "a\nb\n", ""},
        {"", "a\n", "-+a|"},
        {"a\n", "", "-a|+"},
        {"a\nb\nc\n", "a\nc\n", "-b|+"},
        {"a\nc\n", "a\nb\nc\n", "-+b|"},
        {"a\nb\nc\n", "a\nx\nc\n", "-b|+x|"},
        {"a\nb", "a\nb\n", "-b+b|"},
        {"a\nb\n", "a\nb", "-b|+b"},
        {"a", "ab", "-a+ab"},
        {"aa\nab\nac\n", "aa\nac\nad\n", "-ab|ac|+ac|ad|"}, /* one line alone is no place to go on from */
        {"a\n\n\nb\n", "a\n\nb\n", "-|+"},
        {"x\na\nb\nc\n", "a\nb\nc\ny\n", "-x|+-+y|"},
        {"a\nb\nc\nd\n", "b\nc\nd\na\n", "-a|+-+a|"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char changes[256];
        struct lines lines;
        assert_int_equal(lines_compare(span_of(rows[i].old_text), span_of(rows[i].new_text), 1000, &lines), 0);
        describe(&lines, changes, sizeof changes);
        if (strcmp(changes, rows[i].changes) != 0)
            fail_msg("row %zu: %s", i, changes);
        assert_int_equal(lines.new_count, lines_count(span_of(rows[i].new_text)));
        lines_done(&lines);
    }
}

static void compare_gives_up_over_its_limit(void **state)
{
    struct lines lines;
    (void)state;
    assert_int_equal(lines_compare(span_of("a\nbbbb\nc\n"), span_of("a\ncccc\nc\n"), 10, &lines), 0);
    lines_done(&lines);
    assert_int_equal(lines_compare(span_of("a\nbbbb\nc\n"), span_of("a\ncccc\nc\n"), 9, &lines), ERR_LIMIT);
    lines_done(&lines);
}

static void numbers_follow_their_lines(void **state)
{
    static const struct {
        uint64_t before, now;
    } rows[] = {{1, 3}, {2, 4}, {3, 0}, {4, 5}, {5, 6}, {6, 0}, {7, 0}, {8, 8}, {9, 9}};
    struct lines lines;
    (void)state;
    assert_int_equal(
        lines_compare(span_of("a\nA\nb\nc\nC\ne\nf\ng\nG\n"), span_of("x\ny\na\nA\nc\nC\nz\ng\nG\nw\n"), 1000, &lines),
        0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(lines_number_now(&lines, rows[i].before), rows[i].now);
    assert_int_equal(lines_number_of_new(&lines, 1), 1);
    assert_int_equal(lines_number_of_new(&lines, 2), 2);
    assert_int_equal(lines_number_of_new(&lines, 3), 7);
    assert_int_equal(lines_number_of_new(&lines, 4), 10);
    lines_done(&lines);
}

static uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Puts the new text together from the old one and the changes. */
static size_t apply(struct span old_text, const struct lines *lines, char *out)
{
    size_t at = 0, len = 0;
    for (size_t i = 0; i < lines_change_count(lines); i++) {
        const struct lines_change *change = lines_change_at(lines, i);
        size_t from = (size_t)(change->went.at - old_text.at);
        memcpy(out + len, old_text.at + at, from - at);
        len += from - at;
        memcpy(out + len, change->came.at, change->came.len);
        len += change->came.len;
        at = from + change->went.len;
    }
    memcpy(out + len, old_text.at + at, old_text.len - at);
    return len + old_text.len - at;
}

static size_t random_text(uint64_t *seed, char *out)
{
    size_t len = 0;
    unsigned count = (unsigned)(random_next(seed) % 60);
    for (unsigned i = 0; i < count; i++)
        len += (size_t)sprintf(out + len, "%u\n", (unsigned)(random_next(seed) % 20));
    return random_next(seed) % 4 == 0 && len > 0 ? len - 1 : len;
}

static void changes_make_the_new_text_of_the_old_one(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        char old_bytes[256], new_bytes[256], made[512];
        struct span old_text = {(const uint8_t *)old_bytes, random_text(&seed, old_bytes)};
        struct span new_text = {(const uint8_t *)new_bytes, random_text(&seed, new_bytes)};
        struct lines lines;
        assert_int_equal(lines_compare(old_text, new_text, 10000, &lines), 0);
        assert_int_equal(apply(old_text, &lines, made), new_text.len);
        assert_memory_equal(made, new_bytes, new_text.len);
        lines_done(&lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare_finds_what_went_and_came),
        cmocka_unit_test(compare_gives_up_over_its_limit),
        cmocka_unit_test(numbers_follow_their_lines),
        cmocka_unit_test(changes_make_the_new_text_of_the_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
