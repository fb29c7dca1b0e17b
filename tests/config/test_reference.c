/* docs/reference/config.md and docs/man/belisha.yaml.5 against the options that the programs take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/options.h"

static char *read_page(const char *path)
{
    static char page[256 * 1024];
    FILE *from = fopen(path, "r");
    assert_non_null(from);
    size_t len = fread(page, 1, sizeof page - 1, from);
    fclose(from);
    page[len] = '\0';
    return page;
}

/* "| `cache.size` | size, 1MiB to 64GiB | `64MiB` | memory for answers |" */
static void row_of(const char *path, const struct schema_option *option, char *out, size_t cap)
{
    FILE *to = fmemopen(out, cap, "w");
    assert_non_null(to);
    fprintf(to, "\n| `%s` | ", path);
    schema_describe(option, to);
    if (option->fallback != NULL)
        fprintf(to, " | `%s` | %s |\n", option->fallback, option->help);
    else
        fprintf(to, " | %s | %s |\n", option->required ? "required" : "", option->help);
    fclose(to);
}

struct comparison {
    const char *page;
    size_t options;
    size_t missing;
};

static void compare(void *ctx, const char *path, const struct schema_option *option)
{
    struct comparison *c = ctx;
    char row[1024] = "";
    row_of(path, option, row, sizeof row);
    c->options++;
    if (strstr(c->page, row) == NULL) {
        c->missing++;
        print_error("the page lacks this row:%s", row);
    }
}

static void every_option_has_its_row(void **state)
{
    struct comparison c = {.page = read_page(BELISHA_DOCS "/reference/config.md")};
    (void)state;
    schema_walk(options_table, compare, &c);
    assert_int_equal(c.missing, 0);
    assert_true(c.options > 80);
}

static void every_row_is_an_option(void **state)
{
    struct comparison c = {.page = read_page(BELISHA_DOCS "/reference/config.md")};
    size_t rows = 0;
    (void)state;
    schema_walk(options_table, compare, &c);
    for (const char *at = c.page; (at = strstr(at, "\n| `")) != NULL; at++)
        rows++;
    assert_int_equal(rows, c.options);
}

static void count_entry(void *ctx, const char *path, const struct schema_option *option)
{
    struct comparison *c = ctx;
    char entry[256];
    (void)option;
    snprintf(entry, sizeof entry, "\n.B \"%s\"\n", path);
    c->options++;
    if (strstr(c->page, entry) == NULL) {
        c->missing++;
        print_error("the manual lacks %s\n", path);
    }
}

static void the_manual_has_an_entry_for_every_option(void **state)
{
    struct comparison c = {.page = read_page(BELISHA_DOCS "/man/belisha.yaml.5")};
    size_t entries = 0;
    (void)state;
    schema_walk(options_table, count_entry, &c);
    for (const char *at = c.page; (at = strstr(at, "\n.B \"")) != NULL; at++)
        entries++;
    assert_int_equal(c.missing, 0);
    assert_int_equal(entries, c.options);
}

static void has_help(void *ctx, const char *path, const struct schema_option *option)
{
    (void)ctx;
    if (option->help == NULL || option->help[0] == '\0' || option->help[strlen(option->help) - 1] == '.')
        fail_msg("%s: its help is missing, or ends in a full stop", path);
}

static void every_option_has_a_line_of_help(void **state)
{
    (void)state;
    schema_walk(options_table, has_help, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_has_its_row),
        cmocka_unit_test(every_row_is_an_option),
        cmocka_unit_test(the_manual_has_an_entry_for_every_option),
        cmocka_unit_test(every_option_has_a_line_of_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
