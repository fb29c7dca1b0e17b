#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ipaddr.h"

/* A table with one option of every kind. */
struct part {
    struct config_place at;
    const char *name;
    int64_t age_ms;
};

struct sample {
    bool on;
    int64_t count;
    int64_t age_ms;
    int64_t bytes;
    const char *text;
    int colour;
    int category;
    struct ipaddr address;
    struct ipaddr address6;
    struct endpoint endpoint;
    const uint8_t *name;
    struct schema_list networks;
    struct schema_list parts;
    struct schema_list pairs;
    struct part inner;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct schema_option part_options[] = {
    {.key = "", .type = &schema_place, .offset = offsetof(struct part, at)},
    {.key = "name", .type = &schema_string, .offset = offsetof(struct part, name), .required = true, .help = "a name"},
    {.key = "age", .type = &schema_duration, .offset = offsetof(struct part, age_ms), .fallback = "7s"},
    {0}};

static const struct schema_option inner_options[] = {
    {.key = "name", .type = &schema_string, .offset = offsetof(struct part, name), .fallback = "inside"},
    {.key = "age", .type = &schema_duration, .offset = offsetof(struct part, age_ms), .fallback = "7s"},
    {0}};

#define FIELD(member) .offset = offsetof(struct sample, member)
static const struct schema_option options[] = {
    {.key = "on", .type = &schema_bool, FIELD(on), .fallback = "true"},
    {.key = "count", .type = &schema_int, FIELD(count), .min = 1, .max = 9, .fallback = "3"},
    {.key = "age", .type = &schema_duration, FIELD(age_ms), .min = 1000, .max = 86400000, .fallback = "10s"},
    {.key = "bytes", .type = &schema_bytes, FIELD(bytes), .min = 1024, .max = 1 << 30, .fallback = "64MiB"},
    {.key = "text", .type = &schema_string, FIELD(text)},
    {.key = "colour", .type = &schema_word, .words = colours, FIELD(colour), .fallback = "green"},
    {.key = "category", .type = &schema_category, FIELD(category), .fallback = "gambling"},
    {.key = "address", .type = &schema_ipv4, FIELD(address)},
    {.key = "address6", .type = &schema_ipv6, FIELD(address6)},
    {.key = "endpoint", .type = &schema_endpoint, .port = 53, FIELD(endpoint), .fallback = "127.0.0.1"},
    {.key = "name", .type = &schema_name, FIELD(name)},
    {.key = "networks", .type = &schema_prefix, .shape = SCHEMA_LIST, FIELD(networks)},
    {.key = "parts",
     .fields = part_options,
     .shape = SCHEMA_LIST,
     .item_size = sizeof(struct part),
     .short_key = "name",
     FIELD(parts)},
    {.key = "pairs", .type = &schema_int, .shape = SCHEMA_PAIRS, FIELD(pairs)},
    {.key = "inner", .fields = inner_options, FIELD(inner)},
    {0}};

/* ---- a reading per test ---- */

struct reading {
    struct arena *arena;
    struct config_errors errors;
    struct sample sample;
    int rc;
};

static void read_text(struct reading *r, const char *text)
{
    struct yaml_node *tree = NULL;
    memset(r, 0, sizeof *r);
    r->arena = arena_new();
    assert_non_null(r->arena);
    r->rc = yaml_read_text(r->arena, "t.yaml", text, strlen(text), &r->errors, &tree);
    if (r->rc == 0)
        r->rc = schema_read(options, tree, r->arena, &r->errors, &r->sample);
}

static void reading_done(struct reading *r)
{
    config_errors_done(&r->errors);
    arena_free(r->arena);
}

static void a_mistake_is_told_with_place_word_and_what_would_be_right(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"on: maybe", "t.yaml:1:5: error: on must be true or false, not 'maybe'\non: maybe\n    ^~~~~\n"},
        {"count: 10", "t.yaml:1:8: error: count must be from 1 to 9, not '10'\n"},
        {"count: 0", "t.yaml:1:8: error: count must be from 1 to 9, not '0'\n"},
        {"count: -1", "t.yaml:1:8: error: count must be a whole number, not '-1'\n"},
        {"count: 1x", "t.yaml:1:8: error: count must be a whole number, not '1x'\n"},
        {"count: [1]", "t.yaml:1:8: error: count must be a whole number, not a list\n"},
        {"count: 99999999999999999999", "t.yaml:1:8: error: count must be from 1 to 9, not '99999999999999999999'\n"},
        {"age: 10", "t.yaml:1:6: error: age must be a duration such as 500ms, 10s, 2h or 14d, not '10'\n"},
        {"age: 2d", "t.yaml:1:6: error: age must be from 1s to 1d, not '2d'\n"},
        {"age: 999ms", "t.yaml:1:6: error: age must be from 1s to 1d, not '999ms'\n"},
        {"bytes: 2GiB", "t.yaml:1:8: error: bytes must be from 1KiB to 1GiB, not '2GiB'\n"},
        {"bytes: big", "t.yaml:1:8: error: bytes must be a size such as 4096, 64MiB or 2GiB, not 'big'\n"},
        {"text: \"\"", "error: text must be a text that is not empty, not ''\n"},
        {"colour: gren", "t.yaml:1:9: error: colour must be red, green or blue, not 'gren'\n"},
        {"category: gamblin", "error: category must be a category, not 'gamblin'; did you mean 'gambling'?\n"},
        {"category: xyzzy", "error: category must be a category, not 'xyzzy'\n"},
        {"address: 10.0.0.256", "error: address must be an IPv4 address such as 10.0.0.53, not '10.0.0.256'\n"},
        {"address: fd00::53", "error: address must be an IPv4 address such as 10.0.0.53, not 'fd00::53'\n"},
        {"address6: 10.0.0.53", "error: address6 must be an IPv6 address such as fd00::53, not '10.0.0.53'\n"},
        {"endpoint: 10.0.0.1:0", "not '10.0.0.1:0'\n"},
        {"name: a..b", "not 'a..b'\n"},
        {"name: \"*.a.example\"", "(no wildcard, international ones as xn--), not '*.a.example'\n"},
        {"name: b\xc3\xbc"
         "cher.example",
         "international ones as xn--), not 'b\xc3\xbc"
         "cher.example'\n"},
        {"networks: [10.0.0.1/8]", "t.yaml:1:12: error: an entry of networks must be a network such as"},
        {"parts: [{age: 1s}]", "t.yaml:1:9: error: 'name' is missing here: a name\n"},
        {"parts: [{nam: x}]", "t.yaml:1:10: error: unknown key 'nam'; did you mean 'name'?\n"},
        {"parts: [[x]]", "t.yaml:1:9: error: an entry of parts must be a mapping (key: value), not a list\n"},
        {"pairs: 3", "t.yaml:1:8: error: pairs must be a mapping (key: value), not a single value\n"},
        {"inner: 3", "t.yaml:1:8: error: inner must be a mapping (key: value), not a single value\n"},
        {"inner:\n  nmae: x\n", "t.yaml:2:3: error: unknown key 'nmae'; did you mean 'name'?\n  nmae: x\n  ^~~~\n"},
        {"cuont: 3", "t.yaml:1:1: error: unknown key 'cuont'; did you mean 'count'?\n"},
        {"holidays: 3", "t.yaml:1:1: error: unknown key 'holidays'\n"},
        {"on: true\ncount: 1\non: true\n", "t.yaml:3:1: error: 'on' is given twice, first in line 1\n"},
        {"[1, 2]", "t.yaml:1:1: error: the file must be a mapping (key: value), not a list\n"},
        {"on: *x", "t.yaml:1:6: error: aliases (*name) are not read here: write the value out\n"},
        {"on: true\n---\non: false\n", "t.yaml:2:1: error: a second document begins here; one file holds one\n"},
        {"on: \x01", "t.yaml:1:5: error: byte 0x01 is no text: the file must be UTF-8\n"},
        {"on: \xc0\x80", "t.yaml:1:5: error: byte 0xc0 is no text: the file must be UTF-8\n"},
        {"on: [true", "error: flow sequence without a closing bracket"},
        {"on: true\n\tcount: 1\n", "t.yaml:2:1: error: this line is indented with a tab: YAML takes blanks only\n"},
        {"on: true\n  count: 1\n", "t.yaml:1:5: error: invalid multiline plain key\n"},
        {"[a]: 1", "t.yaml:1:1: error: a key must be a word\n"},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "error: nested too deeply\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading r;
        read_text(&r, rows[i].text);
        if (r.rc != ERR_CONFIG || r.errors.count == 0 || strstr(r.errors.text[0], rows[i].message) == NULL)
            fail_msg("%s\n gave %d: %s\n wanted: %s", rows[i].text, r.rc, r.errors.count ? r.errors.text[0] : "-",
                     rows[i].message);
        reading_done(&r);
    }
}

static void all_mistakes_are_told_in_the_order_of_the_file(void **state)
{
    struct reading r;
    (void)state;
    read_text(&r, "bytes: x\ncount: x\nunknown: x\non: x\n");
    assert_int_equal(r.rc, ERR_CONFIG);
    assert_int_equal(r.errors.count, 4);
    for (size_t i = 0; i < 4; i++) {
        char place[16];
        snprintf(place, sizeof place, "t.yaml:%zu:", i + 1);
        assert_memory_equal(r.errors.text[i], place, strlen(place));
    }
    reading_done(&r);
}

static void more_mistakes_than_the_bound_are_counted(void **state)
{
    char text[2048];
    struct reading r;
    size_t len = 0;
    (void)state;
    for (int i = 0; i < CONFIG_ERRORS_MAX + 5; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "unknown-%d: x\n", i);
    read_text(&r, text);
    assert_int_equal(r.errors.count, CONFIG_ERRORS_MAX + 5);
    char *printed = NULL;
    size_t printed_len;
    FILE *to = open_memstream(&printed, &printed_len);
    config_errors_print(&r.errors, to);
    fclose(to);
    assert_non_null(strstr(printed, "5 more errors are not shown\n"));
    free(printed);
    reading_done(&r);
}

static void values_are_read_with_their_units(void **state)
{
    static const struct {
        const char *text;
        int64_t age_ms, bytes;
    } rows[] = {
        {"age: 1000ms\nbytes: 1024", 1000, 1024},       {"age: 1s\nbytes: 1K", 1000, 1024},
        {"age: 2m\nbytes: 2KiB", 120000, 2048},         {"age: 3h\nbytes: 3MB", 10800000, 3145728},
        {"age: 1d\nbytes: 1GiB", 86400000, 1073741824}, {"age: 90min\nbytes: 5MiB", 5400000, 5242880},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading r;
        read_text(&r, rows[i].text);
        assert_int_equal(r.rc, 0);
        assert_int_equal(r.sample.age_ms, rows[i].age_ms);
        assert_int_equal(r.sample.bytes, rows[i].bytes);
        reading_done(&r);
    }
}

static void what_is_not_written_has_its_default(void **state)
{
    static const char *const texts[] = {"", "# nothing\n", "on:\ninner:\ncount:\n", "{}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reading r;
        read_text(&r, texts[i]);
        assert_int_equal(r.rc, 0);
        assert_true(r.sample.on);
        assert_int_equal(r.sample.count, 3);
        assert_int_equal(r.sample.age_ms, 10000);
        assert_int_equal(r.sample.colour, 1);
        assert_int_equal(r.sample.endpoint.port, 53);
        assert_null(r.sample.text);
        assert_int_equal(r.sample.networks.count, 0);
        assert_string_equal(r.sample.inner.name, "inside");
        assert_int_equal(r.sample.inner.age_ms, 7000);
        reading_done(&r);
    }
}

static void lists_take_a_single_value_and_parts_take_a_short_form(void **state)
{
    struct reading r;
    (void)state;
    read_text(&r, "networks: 10.0.0.0/8\nparts: [first, {name: second, age: 1s}]\npairs: {one: 1, two: 2}\n");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.sample.networks.count, 1);
    assert_int_equal(((struct prefix *)r.sample.networks.items)->bits, 104);
    const struct part *parts = r.sample.parts.items;
    assert_int_equal(r.sample.parts.count, 2);
    assert_string_equal(parts[0].name, "first");
    assert_int_equal(parts[0].age_ms, 7000);
    assert_string_equal(parts[1].name, "second");
    assert_int_equal(parts[1].at.line, 2);
    assert_int_equal(parts[1].at.column, 16);
    assert_int_equal(r.sample.pairs.count, 2);
    assert_string_equal(r.sample.pairs.keys[1], "two");
    assert_int_equal(((int64_t *)r.sample.pairs.items)[1], 2);
    reading_done(&r);
}

static void files_of_windows_editors_are_read(void **state)
{
    struct reading r;
    (void)state;
    read_text(&r, "\xef\xbb\xbf"
                  "count: 7\r\ntext: caf\xc3\xa9\r\ninner:\r\n  name: x\r\n");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.sample.count, 7);
    assert_string_equal(r.sample.text, "caf\xc3\xa9");
    assert_string_equal(r.sample.inner.name, "x");
    reading_done(&r);
}

static void names_are_kept_in_lower_case_wire_form(void **state)
{
    static const uint8_t wire[] = "\3www\6school\7example";
    struct reading r;
    (void)state;
    read_text(&r, "name: WWW.School.EXAMPLE.");
    assert_int_equal(r.rc, 0);
    assert_memory_equal(r.sample.name, wire, sizeof wire);
    reading_done(&r);
}

static void merged(const char *under, const char *over, struct reading *r)
{
    struct yaml_node *trees[2] = {NULL, NULL};
    const char *const texts[] = {under, over};
    memset(r, 0, sizeof *r);
    r->arena = arena_new();
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(yaml_read_text(r->arena, "t.yaml", texts[i], strlen(texts[i]), &r->errors, &trees[i]), 0);
    struct yaml_node *tree = yaml_merge(trees[0], trees[1]);
    assert_int_equal(schema_read(options, tree, r->arena, &r->errors, &r->sample), 0);
}

static void later_files_override_values_replace_lists_and_merge_mappings(void **state)
{
    struct reading r;
    (void)state;
    merged("count: 1\nage: 20s\nnetworks: [10.0.0.0/8, 192.168.0.0/16]\ninner: {name: under, age: 1s}\n",
           "count: 2\nnetworks: [127.0.0.0/8]\ninner: {age: 2s}\ntext: new\n", &r);
    assert_int_equal(r.sample.count, 2);
    assert_int_equal(r.sample.age_ms, 20000);
    assert_int_equal(r.sample.networks.count, 1);
    assert_string_equal(r.sample.inner.name, "under");
    assert_int_equal(r.sample.inner.age_ms, 2000);
    assert_string_equal(r.sample.text, "new");
    reading_done(&r);
}

static void a_section_without_values_overrides_nothing(void **state)
{
    struct reading r;
    (void)state;
    merged("count: 1\ninner: {name: under}\n", "count:\ninner:\n", &r);
    assert_int_equal(r.sample.count, 1);
    assert_string_equal(r.sample.inner.name, "under");
    reading_done(&r);
}

static void written_values_read_back_the_same(void **state)
{
    static const char text[] =
        "on: false\ncount: 7\ntext: \"a: b, [\\\"x\\\"]\"\nnetworks: [\"fc00::/7\", 10.0.0.0/8]\n"
        "parts:\n  - {name: \"- odd\", age: 3s}\ninner: {name: yes}\n";
    struct reading first;
    struct reading second;
    char *written = NULL;
    size_t written_len;
    struct yaml_node *tree = NULL;
    (void)state;
    read_text(&first, text);
    assert_int_equal(first.rc, 0);
    assert_int_equal(yaml_read_text(first.arena, "t.yaml", text, strlen(text), &first.errors, &tree), 0);
    FILE *to = open_memstream(&written, &written_len);
    schema_write(options, tree, to);
    fclose(to);
    read_text(&second, written);
    if (second.rc != 0)
        fail_msg("%s\n%s", written, second.errors.text[0]);
    assert_false(second.sample.on);
    assert_int_equal(second.sample.count, 7);
    assert_string_equal(second.sample.text, "a: b, [\"x\"]");
    assert_int_equal(second.sample.networks.count, 2);
    assert_string_equal(((struct part *)second.sample.parts.items)[0].name, "- odd");
    assert_int_equal(second.sample.age_ms, 10000);
    free(written);
    reading_done(&first);
    reading_done(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_told_with_place_word_and_what_would_be_right),
        cmocka_unit_test(all_mistakes_are_told_in_the_order_of_the_file),
        cmocka_unit_test(more_mistakes_than_the_bound_are_counted),
        cmocka_unit_test(values_are_read_with_their_units),
        cmocka_unit_test(what_is_not_written_has_its_default),
        cmocka_unit_test(lists_take_a_single_value_and_parts_take_a_short_form),
        cmocka_unit_test(files_of_windows_editors_are_read),
        cmocka_unit_test(names_are_kept_in_lower_case_wire_form),
        cmocka_unit_test(later_files_override_values_replace_lists_and_merge_mappings),
        cmocka_unit_test(a_section_without_values_overrides_nothing),
        cmocka_unit_test(written_values_read_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
