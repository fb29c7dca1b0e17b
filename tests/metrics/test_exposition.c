#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/exposition.h"

static void exposition_writes_a_family_and_its_samples(void **state)
{
    struct text out = {0};
    (void)state;
    exposition_family(&out, "a_total", EXPOSITION_COUNTER, "What it is");
    exposition_sample(&out, "a_total", NULL, UINT64_MAX);
    exposition_sample(&out, "a_total", "", 1);
    exposition_sample(&out, "a_total", "x=\"y\"", 0);
    exposition_family(&out, "b", EXPOSITION_GAUGE, "Something else");
    exposition_sample_ns(&out, "b", NULL, 1500000);
    exposition_sample_ns(&out, "b", "x=\"y\"", 10000000000);
    exposition_sample_ns(&out, "b", "x=\"z\"", 0);
    assert_true(text_ok(&out));
    assert_string_equal(out.bytes, "# HELP a_total What it is\n# TYPE a_total counter\n"
                                   "a_total 18446744073709551615\na_total 1\na_total{x=\"y\"} 0\n"
                                   "# HELP b Something else\n# TYPE b gauge\n"
                                   "b 0.0015\nb{x=\"y\"} 10\nb{x=\"z\"} 0\n");
    text_done(&out);
}

/* Names of servers are whatever somebody wrote into the configuration. */
static void exposition_label_escapes_any_bytes(void **state)
{
    static const struct {
        const char *value, *text;
    } rows[] = {
        {"", "a=\"\""},
        {"isp", "a=\"isp\""},
        {"the \"good\" one", "a=\"the \\\"good\\\" one\""},
        {"back\\slash", "a=\"back\\\\slash\""},
        {"two\nlines", "a=\"two\\nlines\""},
        {"}{,= ", "a=\"}{,= \""},
        {"\xc3\xa9t\xc3\xa9", "a=\"\xc3\xa9t\xc3\xa9\""},
        {"bad\xff\xc3", "a=\"bad??\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text labels = {0};
        exposition_label(&labels, "a", rows[i].value);
        assert_string_equal(labels.bytes, rows[i].text);
        exposition_label(&labels, "b", "c");
        assert_string_equal(labels.bytes + strlen(rows[i].text), ",b=\"c\"");
        text_done(&labels);
    }
}

static void exposition_histogram_is_cumulative(void **state)
{
    struct histogram h = {.sum_ns = 0};
    struct text out = {0};
    (void)state;
    histogram_add(&h, 5000, 2);
    histogram_add(&h, 2500000, 3);
    histogram_add(&h, 11000000000, 1);
    exposition_histogram(&out, "t", "x=\"y\"", &h);
    assert_memory_equal(out.bytes, "t_bucket{x=\"y\",le=\"0.000005\"} 2\n", 32);
    assert_non_null(strstr(out.bytes, "\nt_bucket{x=\"y\",le=\"0.001\"} 2\n"));
    assert_non_null(strstr(out.bytes, "\nt_bucket{x=\"y\",le=\"0.0025\"} 5\n"));
    assert_non_null(strstr(out.bytes, "\nt_bucket{x=\"y\",le=\"10\"} 5\nt_bucket{x=\"y\",le=\"+Inf\"} 6\n"
                                      "t_sum{x=\"y\"} 11.00751\nt_count{x=\"y\"} 6\n"));
    text_done(&out);
    exposition_histogram(&out, "t", NULL, &h);
    assert_memory_equal(out.bytes, "t_bucket{le=\"0.000005\"} 2\n", 26);
    text_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exposition_writes_a_family_and_its_samples),
        cmocka_unit_test(exposition_label_escapes_any_bytes),
        cmocka_unit_test(exposition_histogram_is_cumulative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
