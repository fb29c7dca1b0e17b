#include "sheet/visits_csv.h"

#include <string.h>

#include "base/text.h"
#include "grid/grid.h"
#include "qlog/record.h"
#include "sheet/words.h"

enum column {
    FIRST,
    LAST,
    GRADE,
    HOW_KNOWN,
    USER,
    DEVICE,
    ADDRESS,
    GROUP,
    YEAR,
    WEBSITE,
    CATEGORY,
    CATEGORY_WORDS,
    VISITS,
    QUESTIONS,
    OUTCOME,
    CONCERN,
    WHY,
    COLUMNS
};

static const struct grid_column columns[COLUMNS] = {
    [FIRST] = {.name = "first", .type = GRID_TEXT},
    [LAST] = {.name = "last", .type = GRID_TEXT},
    [GRADE] = {.name = "grade", .type = GRID_TEXT},
    [HOW_KNOWN] = {.name = "how_known", .type = GRID_TEXT},
    [USER] = {.name = "user", .type = GRID_TEXT},
    [DEVICE] = {.name = "device", .type = GRID_TEXT},
    [ADDRESS] = {.name = "address", .type = GRID_TEXT},
    [GROUP] = {.name = "group", .type = GRID_TEXT},
    [YEAR] = {.name = "year", .type = GRID_TEXT},
    [WEBSITE] = {.name = "website", .type = GRID_TEXT},
    [CATEGORY] = {.name = "category", .type = GRID_TEXT},
    [CATEGORY_WORDS] = {.name = "category_words", .type = GRID_TEXT},
    [VISITS] = {.name = "visits", .type = GRID_NUMBER},
    [QUESTIONS] = {.name = "questions", .type = GRID_NUMBER},
    [OUTCOME] = {.name = "outcome", .type = GRID_TEXT},
    [CONCERN] = {.name = "concern", .type = GRID_NUMBER},
    [WHY] = {.name = "why", .type = GRID_TEXT},
};

static int write_to_file(void *ctx, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, ctx) == len ? 0 : ERR_IO;
}

static struct grid_cell words(const char *text)
{
    return (struct grid_cell){.there = text[0] != '\0', .text = text, .len = strlen(text)};
}

static struct grid_cell number(uint64_t value)
{
    return (struct grid_cell){.there = true, .number = (int64_t)value};
}

static const char *grade_letter(unsigned grade)
{
    static const char *const letters[SHEET_GRADES] = {"", "A", "B", "C", "D", "E"};
    return grade < SHEET_GRADES ? letters[grade] : "";
}

static int put(struct grid *grid, const struct sheet *sheet, const struct sheet_visit *visit)
{
    char first[PERIOD_TEXT_MAX], last[PERIOD_TEXT_MAX];
    const struct sheet_who *who = &visit->who;
    struct grid_cell cells[COLUMNS] = {
        [FIRST] = words(period_stamp(sheet->calendar, visit->first_s, first)),
        [LAST] = words(period_stamp(sheet->calendar, visit->last_s, last)),
        [GRADE] = words(grade_letter(who->grade)),
        [HOW_KNOWN] = words(words_grade(who->grade)),
        [USER] = words(who->user),
        [DEVICE] = words(who->device),
        [ADDRESS] = words(who->address),
        [GROUP] = words(who->group),
        [YEAR] = words(who->year),
        [WEBSITE] = words(visit->site),
        [CATEGORY] = words(visit->category),
        [CATEGORY_WORDS] = words(visit->topic),
        [VISITS] = number(visit->visits),
        [QUESTIONS] = number(visit->questions),
        [OUTCOME] = words(visit->blocked ? "blocked" : "open"),
        [CONCERN] = number((uint64_t)visit->concern),
        [WHY] = words(visit->reason),
    };
    return grid_add(grid, cells);
}

int visits_csv_write(const struct sheet *sheet, FILE *to)
{
    const struct grid_opts opts = {.format = GRID_CSV,
                                   .columns = columns,
                                   .column_count = COLUMNS,
                                   .name = "visits",
                                   .bom = true,
                                   .write = write_to_file,
                                   .ctx = to};
    struct grid *grid;
    int code = grid_open(&opts, &grid);
    if (code < 0)
        return code;
    for (size_t i = 0; i < sheet->visit_count && code == 0; i++)
        code = put(grid, sheet, &sheet->visits[i]);
    if (code == 0)
        code = grid_finish(grid);
    grid_close(grid);
    return code;
}
