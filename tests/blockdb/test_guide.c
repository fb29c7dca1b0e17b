/* The guide against the plain definition: the last of the words that is not above a given one. */
#include "blockdb/guide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORDS_MAX 5000
#define ASKED     3000

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* A word of up to eight characters out of an alphabet; NULL: of any bytes. */
static uint64_t random_word(const char *alphabet, unsigned letters, uint64_t *seed)
{
    uint64_t word = 0;
    unsigned len = 1 + (unsigned)(random_next(seed) % 8);
    for (unsigned i = 0; i < len; i++) {
        uint64_t n = random_next(seed);
        word |= (alphabet ? (uint8_t)alphabet[n % letters] : n % 256) << (56 - 8 * i);
    }
    return word;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* words[0] is not above the word. */
static uint32_t last_not_above(const uint64_t *words, uint32_t count, uint64_t word)
{
    uint32_t at = 0;
    while (at + 1 < count && words[at + 1] <= word)
        at++;
    return at;
}

static void check_window(const uint64_t *words, uint32_t count, uint32_t window, uint64_t word)
{
    if (window == GUIDE_EVERYWHERE)
        return;
    assert_true(window + GUIDE_WINDOW <= count);
    uint32_t right = last_not_above(words, count, word);
    if (words[0] <= word)
        assert_in_range(right, window, window + GUIDE_WINDOW - 1);
    else
        assert_int_equal(window, 0);
}

static void check_words(uint64_t *words, uint32_t count, const char *alphabet, unsigned letters, uint64_t *seed)
{
    struct guide guide = {0};
    uint32_t slot;
    assert_int_equal(guide_add(&guide, words, count, &slot), 0);
    for (uint32_t i = 0; i < count; i++) {
        check_window(words, count, guide_find(&guide, slot, words[i]), words[i]);
        check_window(words, count, guide_find(&guide, slot, words[i] - 1), words[i] - 1);
        check_window(words, count, guide_find(&guide, slot, words[i] + 1), words[i] + 1);
    }
    for (uint32_t i = 0; i < ASKED; i++) {
        uint64_t word = random_word(i % 2 ? alphabet : NULL, letters, seed);
        check_window(words, count, guide_find(&guide, slot, word), word);
    }
    guide_done(&guide);
}

static const struct {
    const char *alphabet;
    unsigned letters;
} KINDS[] = {
    {"abcdefghijklmnopqrstuvwxyz0123456789-_", 38},
    {"ab", 2},
    {"eeeeeeeeeeeeeeeeabz", 19},
    {NULL, 0},
    {"~}|{", 4},
    {"-.:_`a", 6},
};

static void the_window_holds_the_last_word_not_above(void **state)
{
    (void)state;
    static const uint32_t COUNTS[] = {1, 15, 16, 17, 100, WORDS_MAX};
    static uint64_t words[WORDS_MAX];
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t k = 0; k < sizeof(KINDS) / sizeof(KINDS[0]); k++)
        for (size_t c = 0; c < sizeof(COUNTS) / sizeof(COUNTS[0]); c++) {
            uint32_t count = 1;
            for (uint32_t i = 0; i < COUNTS[c]; i++)
                words[i] = random_word(KINDS[k].alphabet, KINDS[k].letters, &seed);
            qsort(words, COUNTS[c], sizeof(words[0]), compare);
            for (uint32_t i = 1; i < COUNTS[c]; i++)
                if (words[i] != words[count - 1])
                    words[count++] = words[i];
            check_words(words, count, KINDS[k].alphabet, KINDS[k].letters, &seed);
        }
}

static void many_words_with_equal_slots_have_no_window(void **state)
{
    (void)state;
    uint64_t words[100];
    struct guide guide = {0};
    uint32_t slot;
    for (uint32_t i = 0; i < 100; i++)
        words[i] = UINT64_C(0x7b7b7b7b7b7b7b80) + i;
    assert_int_equal(guide_add(&guide, words, 100, &slot), 0);
    assert_int_equal(guide_find(&guide, slot, words[50]), GUIDE_EVERYWHERE);
    guide_done(&guide);
}

static void words_in_no_order_give_windows_inside(void **state)
{
    (void)state;
    static uint64_t words[WORDS_MAX];
    uint64_t seed = 7;
    struct guide guide = {0};
    uint32_t slot;
    for (uint32_t i = 0; i < WORDS_MAX; i++)
        words[i] = random_word(NULL, 0, &seed);
    assert_int_equal(guide_add(&guide, words, WORDS_MAX, &slot), 0);
    for (uint32_t i = 0; i < WORDS_MAX; i++) {
        uint32_t window = guide_find(&guide, slot, words[i]);
        assert_true(window == GUIDE_EVERYWHERE || window + GUIDE_WINDOW <= WORDS_MAX);
    }
    guide_done(&guide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_holds_the_last_word_not_above),
        cmocka_unit_test(many_words_with_equal_slots_have_no_window),
        cmocka_unit_test(words_in_no_order_give_windows_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
