/* The tables of data/clickhouse/ and the page against the columns that are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ship/columns.h"
#include "ship/ddl.h"

/* The columns of a CREATE TABLE in their order, with commas between; ALIAS columns are not written. */
static void columns_of(const char *ddl, struct text *out)
{
    const char *at = strstr(ddl, "\n(\n");
    assert_non_null(at);
    for (at += 3; strncmp(at, ")\n", 2) != 0; at = strchr(at, '\n') + 1) {
        size_t indent = strspn(at, " ");
        size_t len = strcspn(at + indent, " ");
        const char *end = strchr(at, '\n');
        const char *alias = strstr(at, " ALIAS ");
        if (strncmp(at + indent, "--", 2) == 0 || (alias != NULL && alias < end))
            continue;
        text_printf(out, "%s%.*s", out->len == 0 ? "" : ",", (int)len, at + indent);
    }
}

static void compare(const char *name)
{
    struct text expected = {0}, found = {0};
    const struct ship_ddl *ddl = ship_ddl_find(name);
    assert_non_null(ddl);
    columns_names(&expected);
    columns_of(ddl->text, &found);
    assert_true(text_ok(&expected) && text_ok(&found));
    assert_string_equal(found.bytes, expected.bytes);
    text_done(&expected);
    text_done(&found);
}

static void the_table_for_today_has_the_columns_in_their_order(void **state)
{
    (void)state;
    compare("current");
}

static void the_table_for_debian_has_the_columns_in_their_order(void **state)
{
    (void)state;
    compare("debian");
}

static void debians_table_asks_for_nothing_that_its_server_does_not_know(void **state)
{
    static const char *const later[] = {"CODEC", "TTL ", "DateTime64", "LowCardinality", "IPv6", "ALIAS", "SETTINGS"};
    const char *table = strstr(ship_ddl_find("debian")->text, "CREATE TABLE");
    (void)state;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        assert_null(strstr(table, later[i]));
}

static void a_name_that_is_none_finds_nothing(void **state)
{
    (void)state;
    assert_null(ship_ddl_find("oracle"));
    assert_non_null(ship_ddl_find("cluster"));
}

static void the_page_tells_of_every_column(void **state)
{
    static char page[256 * 1024];
    struct text names = {0};
    char row[128], *rest = NULL;
    FILE *from = fopen(BELISHA_DOCS "/shipping.md", "r");
    (void)state;
    assert_non_null(from);
    page[fread(page, 1, sizeof page - 1, from)] = '\0';
    fclose(from);
    columns_names(&names);
    for (char *name = strtok_r(names.bytes, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        snprintf(row, sizeof row, "\n| `%s` |", name);
        if (strstr(page, row) == NULL)
            fail_msg("docs/shipping.md has no row for %s", name);
    }
    text_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_for_today_has_the_columns_in_their_order),
        cmocka_unit_test(the_table_for_debian_has_the_columns_in_their_order),
        cmocka_unit_test(debians_table_asks_for_nothing_that_its_server_does_not_know),
        cmocka_unit_test(a_name_that_is_none_finds_nothing),
        cmocka_unit_test(the_page_tells_of_every_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
