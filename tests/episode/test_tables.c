#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"
#include "episode/tables.h"

static struct tables *shipped(void)
{
    struct config_errors errors = {0};
    struct tables *tables;
    int err = tables_new(NULL, &errors, &tables);
    config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    assert_int_equal(err, 0);
    return tables;
}

static void every_category_has_a_weight_and_words(void **state)
{
    struct tables *tables = shipped();
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        const struct concern *concern = tables_concern(tables, id);
        assert_true(concern->weight <= 60);
        if (category_name(id) == NULL)
            continue;
        assert_true(strlen(concern->means) > 0 && strlen(concern->then) > 0 && concern->risks != 0);
    }
    assert_int_equal(tables_concern(tables, CATEGORY_NONE)->weight, 0);
    assert_true(tables_concern(tables, CATEGORY_SELF_HARM)->weight > tables_concern(tables, CATEGORY_GAMBLING)->weight);
    tables_free(tables);
    (void)state;
}

static void the_gravest_of_several_is_found(void **state)
{
    struct tables *tables = shipped();
    assert_int_equal(tables_gravest(tables, CATEGORY_BIT(CATEGORY_GAMING) | CATEGORY_BIT(CATEGORY_SELF_HARM)),
                     CATEGORY_SELF_HARM);
    assert_int_equal(tables_gravest(tables, CATEGORY_BIT(CATEGORY_NEWS)), CATEGORY_NEWS);
    assert_int_equal(tables_gravest(tables, 0), CATEGORY_NONE);
    assert_int_equal(tables_gravest(tables, CATEGORY_BIT(63)), 63);
    tables_free(tables);
    (void)state;
}

static int wrong(const struct tables_texts *texts, const char *said)
{
    struct config_errors errors = {0};
    struct tables *tables = NULL;
    int err = tables_new(texts, &errors, &tables);
    assert_true(errors.count > 0);
    assert_non_null(strstr(errors.text[0], said));
    config_errors_done(&errors);
    return err;
}

static void a_wrong_file_is_refused_with_the_reason(void **state)
{
    assert_int_equal(wrong(&(struct tables_texts){.sites = "services: [{name: X}]"}, "domains"), ERR_CONFIG);
    assert_int_equal(wrong(&(struct tables_texts){.background = "background: [{kind: cdn, names: [a.b]}]"}, "kind"),
                     ERR_CONFIG);
    assert_int_equal(wrong(&(struct tables_texts){.concern = "categories: []"}, "local"), ERR_CONFIG);
    assert_int_equal(
        wrong(&(struct tables_texts){.concern =
                                         "categories: [{name: news, weight: 61, risks: [content], means: a, then: b}]"},
              "61"),
        ERR_CONFIG);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_category_has_a_weight_and_words),
                                       cmocka_unit_test(the_gravest_of_several_is_found),
                                       cmocka_unit_test(a_wrong_file_is_refused_with_the_reason)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
