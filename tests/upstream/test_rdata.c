#include "upstream/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROOT    "\0"
#define POINTER "\xc0\x0c" /* to the name at 12, which is "a" */

struct sample {
    uint16_t type;
    const char *data;
    uint16_t len;
};

#define SAMPLE(type, text)                                                                                             \
    {                                                                                                                  \
        type, text, sizeof(text) - 1                                                                                   \
    }

static int check(const struct sample *s)
{
    uint8_t msg[MSG_HEADER_LEN + 3 + 64] = {[MSG_HEADER_LEN] = 1, 'a', 0};
    struct msg_rr rr = {.type = s->type, .rdata_pos = MSG_HEADER_LEN + 3, .rdata_len = s->len};
    memcpy(msg + rr.rdata_pos, s->data, s->len);
    return rdata_check(msg, (size_t)rr.rdata_pos + s->len, &rr);
}

static void data_of_the_right_shape_is_taken(void **state)
{
    static const struct sample samples[] = {
        SAMPLE(1, "\x01\x02\x03\x04"),
        SAMPLE(28, "0123456789abcdef"),
        SAMPLE(2, "\x02ns" ROOT),
        SAMPLE(5, "\x02ns" POINTER),
        SAMPLE(6, ROOT POINTER "serirefrretrexpimini"),
        SAMPLE(15, "\0\x0a" POINTER),
        SAMPLE(17, POINTER ROOT),
        SAMPLE(33, "prwepo" ROOT),
        SAMPLE(30, ROOT "bitmap"),
        SAMPLE(24, "tyallttlexpiinceke" POINTER "signature"),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"
                   "\3!x!"
                   "\02ns" POINTER),
        SAMPLE(39, POINTER),
        SAMPLE(16, "any bytes"),
        SAMPLE(16, ""),
        SAMPLE(65280, "\xff"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        assert_int_equal(check(&samples[i]), 0);
}

static void data_that_is_cut_or_padded_is_not(void **state)
{
    static const struct sample samples[] = {
        SAMPLE(1, ""),
        SAMPLE(1, "\x01\x02\x03"),
        SAMPLE(1, "\x01\x02\x03\x04\x05"),
        SAMPLE(28, "0123456789abcde"),
        SAMPLE(28, "0123456789abcdefg"),
        SAMPLE(2, ""),
        SAMPLE(2, "\x02ns"),
        SAMPLE(2, ROOT "x"),
        SAMPLE(5, "\x02ns" POINTER "x"),
        SAMPLE(5, "\xc0\x0f"), /* to itself */
        SAMPLE(6, ROOT POINTER "serirefrretrexpimin"),
        SAMPLE(6, ROOT POINTER "serirefrretrexpiminix"),
        SAMPLE(15, "\0"),
        SAMPLE(15, "\0\x0a"),
        SAMPLE(15, "\0\x0a" ROOT "x"),
        SAMPLE(33, "prwepo"),
        SAMPLE(30, "\x02"),
        SAMPLE(24, "tyallttlexpiinceke"),
        SAMPLE(24, "tyallttlexpiincek"),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"
                   "\3!x"),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"
                   "\3!x!"),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"
                   "\3!x!"
                   "\x04ns" ROOT),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"
                   "\3!x!" ROOT "x"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        assert_true(check(&samples[i]) < 0);
}

static void a_name_that_goes_on_behind_its_record_is_refused(void **state)
{
    const uint8_t msg[] = {[MSG_HEADER_LEN] = 2, 'n', 's', 0};
    const struct msg_rr rr = {.type = 2, .rdata_pos = MSG_HEADER_LEN, .rdata_len = 3};
    (void)state;
    assert_int_equal(rdata_check(msg, sizeof msg, &rr), ERR_MALFORMED);
}

/* How many names the walk finds; negative: it breaks off. */
static int names_in(const struct sample *s, uint8_t last[NAME_MAX_LEN])
{
    uint8_t msg[MSG_HEADER_LEN + 3 + 64] = {[MSG_HEADER_LEN] = 1, 'a', 0};
    struct msg_rr rr = {.type = s->type, .rdata_pos = MSG_HEADER_LEN + 3, .rdata_len = s->len};
    struct rdata_walk walk;
    int count = 0;
    memcpy(msg + rr.rdata_pos, s->data, s->len);
    int code = rdata_walk_begin(&walk, msg, (size_t)rr.rdata_pos + s->len, &rr);
    while (code >= 0 && (code = rdata_walk_next(&walk, last)) > 0)
        count++;
    return code < 0 ? code : count;
}

static void all_names_in_the_data_are_found(void **state)
{
    static const struct sample samples[] = {
        SAMPLE(2, "\2ns" POINTER),
        SAMPLE(6, ROOT "\2ns" POINTER "serirefrretrexpimini"),
        SAMPLE(35, "orpr"
                   "\1u"
                   "\0"
                   "\3!x!"
                   "\2ns" POINTER),
        SAMPLE(46, "tyallttlexpiinceke"
                   "\2ns" POINTER "signature"),
        SAMPLE(47, "\2ns" POINTER "bitmap"),
        SAMPLE(64, "pr"
                   "\2ns" POINTER),
        SAMPLE(65, "pr"
                   "\2ns" POINTER "parameters"),
    };
    static const struct sample none = SAMPLE(16, "\2ns" POINTER);
    static const struct sample cut = SAMPLE(65, "p");
    uint8_t last[NAME_MAX_LEN];
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        assert_int_equal(names_in(&samples[i], last), samples[i].type == 6 ? 2 : 1);
        assert_memory_equal(last, "\2ns\1a", 6);
    }
    assert_int_equal(names_in(&none, last), 0);
    assert_true(names_in(&cut, last) < 0);
}

static void layouts_are_found_by_type(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        uint16_t found = rdata_layout_of((uint16_t)type)->type;
        assert_true(found == type || found == 0);
    }
    assert_int_equal(rdata_layout_of(1)->before, 4);
    assert_int_equal(rdata_layout_of(39)->names, 1);
    assert_int_equal(rdata_layout_of(40)->after, RDATA_ANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_the_right_shape_is_taken),
        cmocka_unit_test(data_that_is_cut_or_padded_is_not),
        cmocka_unit_test(a_name_that_goes_on_behind_its_record_is_refused),
        cmocka_unit_test(all_names_in_the_data_are_found),
        cmocka_unit_test(layouts_are_found_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
