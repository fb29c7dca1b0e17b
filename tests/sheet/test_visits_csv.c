#include "sheet/visits_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/csv.h"
#include "sample.h"

struct csv_file {
    char *text;
    struct csv csv;
};

static void begin(struct csv_file *file, const struct sheet *sheet)
{
    size_t len;
    FILE *to = open_memstream(&file->text, &len);
    assert_int_equal(visits_csv_write(sheet, to), 0);
    fclose(to);
    assert_memory_equal(file->text, "\xef\xbb\xbf", 3);
    csv_begin(&file->csv, file->text, len);
}

static void every_visit_has_its_row(void **state)
{
    struct csv_file file;
    struct csv_field fields[CSV_FIELDS_MAX];
    const struct sheet *sheet = sample_sheet(false);
    (void)state;
    begin(&file, sheet);
    assert_int_equal(csv_next(&file.csv, fields), 17);
    assert_string_equal(fields[9].text, "website");
    for (size_t i = 0; i < sheet->visit_count; i++) {
        assert_int_equal(csv_next(&file.csv, fields), 17);
        assert_string_equal(fields[9].text, sheet->visits[i].site);
        assert_int_equal(atoi(fields[12].text), sheet->visits[i].visits);
    }
    assert_int_equal(csv_next(&file.csv, fields), 0);
    free(file.text);
}

static void times_are_as_spreadsheets_read_them_and_grades_are_in_words(void **state)
{
    struct csv_file file;
    struct csv_field fields[CSV_FIELDS_MAX];
    (void)state;
    begin(&file, sample_sheet(false));
    assert_int_equal(csv_next(&file.csv, fields), 17);
    assert_int_equal(csv_next(&file.csv, fields), 17);
    assert_string_equal(fields[0].text, "2026-11-17 13:12:00");
    assert_string_equal(fields[2].text, "B");
    assert_string_equal(fields[3].text, "logged on as");
    assert_int_equal(csv_next(&file.csv, fields), 17);
    assert_string_equal(fields[3].text, "device only, not known who used it");
    assert_string_equal(fields[4].text, "");
    free(file.text);
}

static void no_cell_is_a_formula(void **state)
{
    struct csv_file file;
    struct csv_field fields[CSV_FIELDS_MAX];
    int count;
    (void)state;
    begin(&file, sample_sheet(true));
    while ((count = csv_next(&file.csv, fields)) > 0)
        for (int i = 0; i < count; i++)
            assert_null(strchr("=+-@\t\r", fields[i].text[0] == '\0' ? 'x' : fields[i].text[0]));
    assert_int_equal(count, 0);
    free(file.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_visit_has_its_row),
        cmocka_unit_test(times_are_as_spreadsheets_read_them_and_grades_are_in_words),
        cmocka_unit_test(no_cell_is_a_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
