/* What a risk assessment must say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change/assessment.h"

#define NOW    INT64_C(1764403200) /* 2025-11-29 */
#define DAYS   INT64_C(86400)
#define LATEST (400 * DAYS)

static struct assessment whole(void)
{
    return (struct assessment){.purpose = "art",
                               .benefit = "museums",
                               .risks = "comments \"and\" more",
                               .measures = "a teacher watches",
                               .data_protection = "no accounts",
                               .educational_assessor = "Mrs Okafor",
                               .technical_assessor = "Anna",
                               .age_minimum = 13,
                               .terms_checked = true,
                               .review_s = NOW + 200 * DAYS};
}

static void what_is_written_reads_back_the_same(void **state)
{
    struct assessment a = whole(), read;
    const char *wrong;
    (void)state;
    for (int age = ASSESSMENT_AGE_NONE; age <= 99; age += 50) {
        struct text text = {0};
        a.age_minimum = age;
        assert_int_equal(assessment_day_from_text("2026-06-17", &a.review_s), 0);
        assessment_write(&a, &text);
        assert_int_equal(assessment_parse(text.bytes, text.len, &read, &wrong), 0);
        assert_int_equal(read.age_minimum, age);
        assert_int_equal(read.review_s, a.review_s);
        assert_string_equal(read.risks, a.risks);
        assert_true(read.terms_checked);
        text_done(&text);
    }
}

static void each_missing_piece_is_named(void **state)
{
    (void)state;
    struct assessment a = whole();
    assert_null(assessment_missing(&a, NOW, LATEST));
    static const struct {
        size_t offset;
        const char *said;
    } rows[] = {{offsetof(struct assessment, purpose), "(purpose)"},
                {offsetof(struct assessment, benefit), "(benefit)"},
                {offsetof(struct assessment, risks), "(risks)"},
                {offsetof(struct assessment, measures), "(measures)"},
                {offsetof(struct assessment, data_protection), "(data_protection)"},
                {offsetof(struct assessment, educational_assessor), "(educational_assessor)"},
                {offsetof(struct assessment, technical_assessor), "(technical_assessor)"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        a = whole();
        strcpy((char *)&a + rows[i].offset, " \t");
        assert_non_null(strstr(assessment_missing(&a, NOW, LATEST), rows[i].said));
    }
    a = whole();
    a.terms_checked = false;
    assert_non_null(strstr(assessment_missing(&a, NOW, LATEST), "(terms_checked)"));
}

static void a_review_lies_ahead_and_not_too_far(void **state)
{
    static const struct {
        int64_t at;
        bool fine;
    } rows[] = {{0, false}, {NOW, false}, {NOW + 1, true}, {NOW + LATEST, true}, {NOW + LATEST + 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assessment a = whole();
        a.review_s = rows[i].at;
        assert_int_equal(assessment_missing(&a, NOW, LATEST) == NULL, rows[i].fine);
    }
}

static void days_are_days_of_the_calendar(void **state)
{
    static const char *const wrong[] = {"",         "2026",        "2026-13-01", "2026-02-30",
                                        "2026-2-3", "2026-02-03x", "1960-01-01"};
    int64_t day;
    char text[ASSESSMENT_DAY_MAX];
    (void)state;
    assert_int_equal(assessment_day_from_text("2028-02-29", &day), 0);
    assert_string_equal(assessment_day_to_text(day, text), "2028-02-29");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(assessment_day_from_text(wrong[i], &day), ERR_MALFORMED);
}

static void what_is_not_of_the_form_is_named(void **state)
{
    static const struct {
        const char *json, *wrong;
    } rows[] = {{"[]", "no JSON object"},
                {"{\"purpose\":1}", "purpose"},
                {"{\"age_minimum\":100}", "age_minimum"},
                {"{\"terms_checked\":\"yes\"}", "terms_checked"},
                {"{\"review\":\"soon\"}", "review"},
                {"{\"colour\":\"red\"}", "not known"}};
    struct assessment read;
    const char *wrong;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(assessment_parse(rows[i].json, strlen(rows[i].json), &read, &wrong), ERR_MALFORMED);
        assert_non_null(strstr(wrong, rows[i].wrong));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same), cmocka_unit_test(each_missing_piece_is_named),
        cmocka_unit_test(a_review_lies_ahead_and_not_too_far), cmocka_unit_test(days_are_days_of_the_calendar),
        cmocka_unit_test(what_is_not_of_the_form_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
