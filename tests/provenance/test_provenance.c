/* Every format's rules and refusals, found again with file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "belisha/category.h"
#include "feed/format.h"
#include "provenance/provenance.h"

static char folder[] = "/tmp/belisha-provenance-XXXXXX";

static const struct {
    const char *name, *format, *text;
} files[] = {
    {"hosts", "hosts", "# a comment\n0.0.0.0 a.example # why\n0.0.0.0 b.example a.example\n0.0.0.0 sub.a.example\n"},
    {"domains", "domains", "a.example\n*.b.example\nchildline.org.uk\nco.uk\nbad name a.example\n"},
    {"adblock", "adblock",
     "! title\n||a.example^\n@@||www.a.example^$important\n||a.exa*le^\n/^www\\.[ab]\\.example$/\n"
     "||example.org^$denyallow=good.example.org\n||a.example/ads\n||b.example^$client=10.0.0.1\n"
     "||gone.example^\n||gone.example^$badfilter\n"},
    {"rpz", "rpz", "$ORIGIN rpz.test.\n@ SOA a. b. 1 2 3 4 5\na.example CNAME .\n*.b.example CNAME *. ; why\n"},
    {"dnsmasq", "dnsmasq", "address=/a.example/b.example/0.0.0.0\n"},
    {"unbound", "unbound", "local-zone: \"a.example\" always_nxdomain\n"},
};
#define FILE_COUNT (sizeof files / sizeof files[0])

static struct recipe_feed feeds[FILE_COUNT + 2];

static size_t format_index(const char *name)
{
    size_t i = 0;
    while (strcmp(feed_format_at(i)->name, name) != 0)
        i++;
    return i;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The copies of all formats, a tree that is its own source, and a feed without any copy. */
static int make_feeds(void **state)
{
    char path[256];
    static char tree[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < FILE_COUNT; i++) {
        feeds[i] = recipe_feed_default();
        feeds[i].name = files[i].name;
        feeds[i].source = "https://lists.example/";
        feeds[i].format = format_index(files[i].format);
        feeds[i].categories = CATEGORY_BIT(CATEGORY_GAMBLING);
        snprintf(path, sizeof path, "%s/%s.feed", folder, files[i].name);
        write_file(path, files[i].text);
    }
    snprintf(tree, sizeof tree, "%s/tree", folder);
    mkdir(tree, 0700);
    snprintf(path, sizeof path, "%s/games", tree);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/games/domains", tree);
    write_file(path, "b.example\na.example\n");
    feeds[FILE_COUNT] = recipe_feed_default();
    feeds[FILE_COUNT].name = "tree";
    feeds[FILE_COUNT].source = tree;
    feeds[FILE_COUNT].format = format_index("ut1");
    feeds[FILE_COUNT + 1] = feeds[0];
    feeds[FILE_COUNT + 1].name = "missing";
    return 0;
}

static int remove_feeds(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static struct provenance *find(const char *text, unsigned threads)
{
    struct listed_name name;
    struct guard *guard;
    struct provenance *found = NULL;
    unsigned line;
    assert_int_equal(normalise_name(span_of(text), &name), REFUSED_NONE);
    assert_int_equal(guard_new(span_of("childline.org.uk\n"), &guard, &line), 0);
    struct provenance_opts opts = {.feeds = feeds,
                                   .feed_count = FILE_COUNT + 2,
                                   .copies = folder,
                                   .guard = guard,
                                   .name = &name,
                                   .threads = threads};
    assert_int_equal(provenance_new(&opts, &found), 0);
    guard_free(guard);
    return found;
}

/* One line as text: "hosts 2 blocks exact a.example". */
static void tell(const struct provenance_feed *feed, const struct provenance_line *line, char *out, size_t cap)
{
    static const char *const effects[] = {"blocks", "allows", "refused"};
    static const char *const extents[] = {"exact", "tree", "below", "pattern"};
    bool refused = line->effect == PROVENANCE_REFUSED;
    snprintf(out, cap, "%s%s%s %u %s %s %s%s%s", feed->feed->name, line->member[0] == '\0' ? "" : ":", line->member,
             line->line, effects[line->effect], refused ? refusal_name(line->refusal) : extents[line->extent],
             line->listed, line->important ? " important" : "", line->spared ? " spared" : "");
}

static void expect(const char *name, const char *const wanted[], unsigned threads)
{
    struct provenance *found = find(name, threads);
    size_t next = 0;
    char text[256];
    for (size_t i = 0; i < found->feed_count; i++) {
        for (size_t k = 0; k < found->feeds[i].count; k++) {
            tell(&found->feeds[i], &found->feeds[i].lines[k], text, sizeof text);
            if (wanted[next] == NULL || strcmp(wanted[next], text) != 0)
                fail_msg("%s: '%s' is told instead of '%s'", name, text, wanted[next] == NULL ? "" : wanted[next]);
            next++;
        }
    }
    if (wanted[next] != NULL)
        fail_msg("%s: '%s' is not told", name, wanted[next]);
    provenance_free(found);
}

static void each_format_tells_file_line_and_extent(void **state)
{
    static const char *const a[] = {"hosts 2 blocks exact a.example",
                                    "hosts 3 blocks exact a.example",
                                    "domains 1 blocks tree a.example",
                                    "domains 5 refused syntax ",
                                    "adblock 2 blocks tree a.example",
                                    "adblock 4 blocks pattern ",
                                    "adblock 7 refused url ",
                                    "rpz 3 blocks exact a.example",
                                    "dnsmasq 1 blocks tree a.example",
                                    "unbound 1 blocks tree a.example",
                                    "tree:games/domains 2 blocks tree a.example",
                                    NULL};
    (void)state;
    expect("a.example", a, 1);
    expect("a.example", a, 4);
}

static void parents_patterns_and_exceptions_concern_a_name_below(void **state)
{
    static const char *const below_a[] = {"domains 1 blocks tree a.example",
                                          "domains 5 refused syntax ",
                                          "adblock 2 blocks tree a.example",
                                          "adblock 3 allows tree www.a.example important",
                                          "adblock 4 blocks pattern ",
                                          "adblock 5 blocks pattern ",
                                          "adblock 7 refused url ",
                                          "dnsmasq 1 blocks tree a.example",
                                          "unbound 1 blocks tree a.example",
                                          "tree:games/domains 2 blocks tree a.example",
                                          NULL};
    static const char *const below_b[] = {"domains 2 blocks below b.example",
                                          "adblock 5 blocks pattern ",
                                          "adblock 8 refused modifier ",
                                          "rpz 4 blocks below b.example",
                                          "dnsmasq 1 blocks tree b.example",
                                          "tree:games/domains 1 blocks tree b.example",
                                          NULL};
    static const char *const b[] = {"hosts 3 blocks exact b.example", "adblock 8 refused modifier ",
                                    "dnsmasq 1 blocks tree b.example", "tree:games/domains 1 blocks tree b.example",
                                    NULL};
    (void)state;
    expect("www.a.example", below_a, 2);
    expect("www.b.example", below_b, 2);
    expect("b.example", b, 2);
}

static void refusals_are_told_with_their_reason(void **state)
{
    static const char *const help[] = {"domains 3 refused protected-help ", NULL};
    static const char *const suffix[] = {"domains 4 refused public-suffix ", NULL};
    static const char *const disabled[] = {"adblock 9 refused disabled ", NULL};
    static const char *const spared[] = {"adblock 6 blocks tree example.org spared", NULL};
    static const char *const nothing[] = {NULL};
    (void)state;
    expect("www.childline.org.uk", help, 1);
    expect("school.co.uk", suffix, 1);
    expect("gone.example", disabled, 1);
    expect("www.good.example.org", spared, 1);
    expect("nothing.test", nothing, 1);
}

static void lines_stand_as_they_are_written(void **state)
{
    (void)state;
    struct provenance *found = find("www.b.example", 1);
    assert_string_equal(found->feeds[3].lines[0].text, "*.b.example CNAME *. ; why");
    assert_int_equal(found->feeds[3].lines[0].categories, CATEGORY_BIT(CATEGORY_GAMBLING));
    assert_int_equal(found->feeds[3].line_count, 4);
    provenance_free(found);
}

static void a_feed_says_what_was_read_of_it(void **state)
{
    (void)state;
    struct provenance *found = find("a.example", 1);
    assert_int_equal(found->feeds[0].copy, PROVENANCE_COPY_KEPT);
    assert_int_equal(found->feeds[FILE_COUNT].copy, PROVENANCE_COPY_SOURCE);
    assert_int_equal(found->feeds[FILE_COUNT + 1].copy, PROVENANCE_COPY_MISSING);
    assert_string_equal(found->feeds[FILE_COUNT + 1].path, "");
    provenance_free(found);
}

static void a_feed_that_says_it_over_and_over_is_cut_and_counted(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/hosts.feed", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < PROVENANCE_RULES_MAX + 7; i++)
        fputs("0.0.0.0 again.example\nhttp://again.example/\n", file);
    fclose(file);
    struct provenance *found = find("again.example", 1);
    assert_int_equal(found->feeds[0].count, PROVENANCE_RULES_MAX + PROVENANCE_REFUSED_MAX);
    assert_int_equal(found->feeds[0].more, 7);
    assert_int_equal(found->feeds[0].more_refused, PROVENANCE_RULES_MAX + 7 - PROVENANCE_REFUSED_MAX);
    provenance_free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_tells_file_line_and_extent),
        cmocka_unit_test(parents_patterns_and_exceptions_concern_a_name_below),
        cmocka_unit_test(refusals_are_told_with_their_reason),
        cmocka_unit_test(lines_stand_as_they_are_written),
        cmocka_unit_test(a_feed_says_what_was_read_of_it),
        cmocka_unit_test(a_feed_that_says_it_over_and_over_is_cut_and_counted),
    };
    return cmocka_run_group_tests(tests, make_feeds, remove_feeds);
}
