#include "base/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* All records as "a|b|c;" each, faults as "!line:column;". */
static char *read_all(const char *text, size_t len)
{
    static char out[4096];
    struct csv csv;
    struct csv_field fields[CSV_FIELDS_MAX];
    char *copy = malloc(len + 1); /* exact, so that a byte too far is seen */
    int count;
    memcpy(copy, text, len);
    csv_begin(&csv, copy, len);
    out[0] = '\0';
    while ((count = csv_next(&csv, fields)) != 0) {
        char *at = out + strlen(out);
        if (count < 0) {
            sprintf(at, "!%u:%u;", fields[0].line, fields[0].column);
            continue;
        }
        for (int i = 0; i < count; i++)
            sprintf(out + strlen(out), "%s%s", i == 0 ? "" : "|", fields[i].text);
        strcat(out, ";");
    }
    free(copy);
    return out;
}

static void records_are_read_as_spreadsheets_write_them(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a,b\n", "a|b;"},
        {"a,b", "a|b;"},
        {"a,b\r\nc,d\re,f", "a|b;c|d;e|f;"},
        {"\xef\xbb\xbf"
         "a,b\r\n",
         "a|b;"},
        {",\n", "|;"},
        {"a,\n", "a|;"},
        {"a,,b\n", "a||b;"},
        {" a , b c \n", "a|b c;"},
        {"\"a\",\"b,c\"\n", "a|b,c;"},
        {"\"say \"\"hi\"\"\",x\n", "say \"hi\"|x;"},
        {"\"\",\"\"\n", "|;"},
        {"\"two\nlines\",x\ny,z\n", "two\nlines|x;y|z;"},
        {" \" kept \" ,x", " kept |x;"},
        {"a\n\n\nb", "a;b;"},
        {"\"a\"b,c\nd\n", "!1:4;d;"},
        {"a\"b,c\nd\n", "!1:1;d;"},
        {"\"open\nand on", "!1:1;"},
        {"x,\"open", "!1:3;"},
        {"\"a\r\nb\"x\nc", "!2:3;c;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(read_all(rows[i].text, strlen(rows[i].text)), rows[i].want);
}

static void a_zero_byte_is_a_fault(void **state)
{
    (void)state;
    assert_string_equal(read_all("a\0b,c\nd", 7), "!1:1;d;");
    assert_string_equal(read_all("\"a\0b\",c\nd", 9), "!1:1;d;");
}

static void places_are_those_of_the_text(void **state)
{
    char text[] = "user,level\n\"ann\", year-7\n";
    struct csv csv;
    struct csv_field fields[CSV_FIELDS_MAX];
    (void)state;
    csv_begin(&csv, text, sizeof text - 1);
    assert_int_equal(csv_next(&csv, fields), 2);
    assert_int_equal(csv_next(&csv, fields), 2);
    assert_int_equal(fields[0].line, 2);
    assert_int_equal(fields[0].column, 1);
    assert_int_equal(fields[0].width, 5);
    assert_int_equal(fields[1].column, 8);
    assert_int_equal(fields[1].width, 6);
}

static void too_many_fields_are_a_fault(void **state)
{
    static char text[2 * CSV_FIELDS_MAX + 2];
    (void)state;
    memset(text, ',', CSV_FIELDS_MAX - 1);
    strcpy(text + CSV_FIELDS_MAX - 1, "\nx");
    struct csv csv;
    struct csv_field fields[CSV_FIELDS_MAX];
    csv_begin(&csv, text, strlen(text));
    assert_int_equal(csv_next(&csv, fields), CSV_FIELDS_MAX);
    memset(text, ',', CSV_FIELDS_MAX);
    strcpy(text + CSV_FIELDS_MAX, "\nx");
    csv_begin(&csv, text, strlen(text));
    assert_int_equal(csv_next(&csv, fields), ERR_LIMIT);
    assert_int_equal(csv_next(&csv, fields), 1);
    assert_string_equal(fields[0].text, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read_as_spreadsheets_write_them),
        cmocka_unit_test(a_zero_byte_is_a_fault),
        cmocka_unit_test(places_are_those_of_the_text),
        cmocka_unit_test(too_many_fields_are_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
