#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/statutory.h"

#define HOSTILE "<script>alert('1')</script>\"&\x1b"

struct fixture {
    struct feed_stats stats;
    struct report_feed feeds[3];
    struct report_reference references[2];
    struct report_changes changes[CATEGORY_MAX];
    struct report_popular popular[2];
    struct report report;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    feed_stats_init(&f->stats);
    f->stats.blocks = 1234567;
    feed_stats_refuse(&f->stats, REFUSED_SYNTAX, HOSTILE, 7, span_of(HOSTILE));
    feed_stats_refuse(&f->stats, REFUSED_OWN_DOMAIN, "one", 8, span_of("school.example"));
    feed_stats_flag(&f->stats, FLAG_PRIVATE_SUFFIX, "one", 9, span_of("github.io"));
    for (size_t i = 0; i < 3; i++)
        f->feeds[i] = (struct report_feed){
            .name = "one", .format = "hosts", .source = "/lists/one", .licence = HOSTILE, .why = "", .categories = 2};
    f->feeds[0].stats = &f->stats;
    f->feeds[0].overlap = (struct report_overlap){.names = 10, .only = 4, .shared = {{1, 6}}};
    f->feeds[0].popular = 2;
    f->feeds[1].state = REPORT_FEED_STALE;
    f->feeds[1].why = HOSTILE;
    f->feeds[2].state = REPORT_FEED_MISSING;
    f->feeds[2].why = "gone";
    f->references[0] =
        (struct report_reference){.name = "public suffixes", .used = "the system's copy", .why = "", .count = 9};
    f->references[1] = (struct report_reference){
        .name = "popular names", .used = "the shipped list", .why = HOSTILE, .state = REPORT_FEED_MISSING};
    f->changes[1].added_count = 1;
    f->changes[1].added[0] = (struct report_change){3, "added.example"};
    f->changes[1].removed_count = 1;
    strcpy(f->changes[1].removed[0].name, "removed.example");
    f->popular[0] = (struct report_popular){"www.popular.example", "popular.example", 3, true, 2, 2, 1, {0}};
    f->popular[1] = (struct report_popular){"by-pattern.example", NULL, 5, false, 2, 0, 1, {1}};
    f->report = (struct report){.outcome = REPORT_PUBLISHED,
                                .why = "",
                                .now_s = 1795311000,
                                .generation = 8,
                                .previous = 7,
                                .feeds = f->feeds,
                                .feed_count = 3,
                                .references = {&f->references[0], &f->references[1]},
                                .changes = f->changes,
                                .popular = f->popular,
                                .popular_count = 2,
                                .popular_new = 1,
                                .inputs = "00ff",
                                .stages = {{"fetch", 1500}},
                                .stage_count = 1,
                                .peak_bytes = 5 << 20};
    f->report.categories[1] = (struct report_count){10, 2, 1};
    f->report.all = f->report.categories[1];
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    feed_stats_done(&f->stats);
    free(f);
    return 0;
}

static char *html_of(const struct report *report)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    report_write_html(report, to);
    fclose(to);
    return text;
}

static json_t *json_of(const struct report *report, int (*write)(const struct report *report, FILE *to))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_int_equal(write(report, to), 0);
    fclose(to);
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    free(text);
    return object;
}

static void html_has_nothing_of_others_as_markup(void **state)
{
    struct fixture *f = *state;
    static const enum report_outcome outcomes[] = {REPORT_PUBLISHED, REPORT_UNCHANGED, REPORT_FAILED};
    f->report.why = HOSTILE;
    for (size_t i = 0; i < 3; i++) {
        f->report.outcome = outcomes[i];
        char *page = html_of(&f->report);
        assert_null(strstr(page, "<script"));
        assert_null(strchr(page, '\x1b'));
        assert_non_null(strstr(page, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;"));
        assert_null(strstr(page, "http://"));
        assert_null(strstr(page, "https://"));
        free(page);
    }
}

/* How often a word stands in a text. */
static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)) != NULL; text += strlen(word))
        count++;
    return count;
}

static void html_can_be_read_aloud(void **state)
{
    struct fixture *f = *state;
    char *page = html_of(&f->report);
    assert_non_null(strstr(page, "<html lang=\"en-GB\">"));
    assert_int_equal(count_of(page, "<h1>"), 1);
    assert_int_equal(count_of(page, "<table>"), count_of(page, "<caption id="));
    assert_int_equal(count_of(page, "<table>"), count_of(page, "</table>"));
    assert_int_equal(count_of(page, "<tr>"), count_of(page, "</tr>"));
    assert_int_equal(count_of(page, "<td"), count_of(page, "</td>"));
    assert_int_equal(count_of(page, "<th "), count_of(page, "</th>"));
    assert_int_equal(count_of(page, "<th "), count_of(page, "<th scope="));
    assert_int_equal(count_of(page, "<li>"), count_of(page, "</li>"));
    assert_int_equal(count_of(page, "<h3>"), count_of(page, "</h3>"));
    free(page);
}

static void html_tells_all_that_the_report_has(void **state)
{
    static const char *const words[] = {
        "generation 8",
        "1,234,567",
        "own-domain",
        "school.example",
        "github.io",
        "www.popular.example",
        "added.example",
        "removed.example",
        "<span class=\"bad\">stale</span>",
        "<span class=\"bad\">missing</span>",
        "a pattern",
        "rank 3",
        "the system's copy",
        "5.2 MB",
        "1.500",
        "60 %",
    };
    struct fixture *f = *state;
    char *page = html_of(&f->report);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(page, words[i]) == NULL)
            print_message("missing: %s\n", words[i]);
        assert_non_null(strstr(page, words[i]));
    }
    free(page);
}

static void json_has_the_fields_that_programs_need(void **state)
{
    struct fixture *f = *state;
    json_t *object = json_of(&f->report, report_write_json);
    const json_t *feed = json_array_get(json_object_get(object, "feeds"), 0);
    const json_t *popular = json_array_get(json_object_get(object, "popular"), 0);
    assert_string_equal(json_string_value(json_object_get(object, "inputs")), "00ff");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(feed, "overlap"), "only")), 4);
    assert_int_equal(json_integer_value(json_object_get(feed, "popular")), 2);
    assert_string_equal(json_string_value(json_object_get(popular, "by")), "popular.example");
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(object, "popular"), 1), "by")));
    assert_int_equal(json_array_size(json_object_get(object, "references")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "stages_ms"), "fetch")), 1500);
    assert_int_equal(json_object_size(json_object_get(object, "changes")), 1);
    json_decref(object);
}

static void record_has_counts_but_no_lines_of_feeds(void **state)
{
    struct fixture *f = *state;
    json_t *object = json_of(&f->report, report_write_record);
    const json_t *feed = json_array_get(json_object_get(object, "feeds"), 0);
    const json_t *refused = json_object_get(json_object_get(feed, "refused"), "own-domain");
    assert_int_equal(json_integer_value(json_object_get(refused, "count")), 1);
    assert_null(json_object_get(refused, "samples"));
    assert_null(json_object_get(object, "changes"));
    json_decref(object);
}

static void html_shows_what_is_wrong_with_the_statutory_lists(void **state)
{
    struct fixture *f = *state;
    struct statutory_feed_record record = {.name = "watchdogs", .body = "iwf", .membership = "M", .max_age_s = 3600};
    struct report_statutory_feed row = {.record = &record, .state = REPORT_FEED_FRESH, .why = ""};
    struct report_statutory tier = {
        .outcome = REPORT_PUBLISHED, .why = "", .warning = "", .now_s = 1000, .feeds = &row, .feed_count = 1};
    static const char alarm[] = "The <a href=\"#statutory\">statutory lists</a> want a look";
    char *html = html_of(&f->report);
    assert_null(strstr(html, "tatutory"));
    free(html);
    f->report.statutory = &tier;
    html = html_of(&f->report);
    assert_non_null(strstr(html, "watchdogs"));
    assert_null(strstr(html, alarm));
    free(html);
    for (int i = 0; i < 5; i++) {
        row.state = i == 0 ? REPORT_FEED_STALE : REPORT_FEED_FRESH;
        row.forsaken = i == 1;
        row.why = i == 0 ? HOSTILE : "";
        tier.now_s = i == 2 ? 3601 : 1000;
        tier.warning = i == 3 ? HOSTILE : "";
        tier.outcome = i == 4 ? REPORT_FAILED : REPORT_PUBLISHED;
        html = html_of(&f->report);
        assert_non_null(strstr(html, alarm));
        assert_null(strstr(html, "<script>"));
        free(html);
    }
    f->report.statutory = NULL;
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(html_has_nothing_of_others_as_markup),
        IN_FIXTURE(html_can_be_read_aloud),
        IN_FIXTURE(html_tells_all_that_the_report_has),
        IN_FIXTURE(json_has_the_fields_that_programs_need),
        IN_FIXTURE(record_has_counts_but_no_lines_of_feeds),
        IN_FIXTURE(html_shows_what_is_wrong_with_the_statutory_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
