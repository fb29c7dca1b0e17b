#include "config/people.h"

#include <string.h>
#include <strings.h>

#include "base/category.h"
#include "base/csv.h"
#include "policy/opts.h"
#include "policy/calendar.h"

static const char *const column_names[PEOPLE_COLUMNS] = {
    [PEOPLE_USER] = "user",       [PEOPLE_GROUP] = "group",     [PEOPLE_LEVEL] = "level",
    [PEOPLE_YEAR] = "year",       [PEOPLE_NOTES] = "notes",     [PEOPLE_BLOCK] = "block",
    [PEOPLE_ALLOW] = "allow",     [PEOPLE_UNTIL] = "until",     [PEOPLE_ACCEPTED] = "accepted",
    [PEOPLE_SPONSOR] = "sponsor", [PEOPLE_PURPOSE] = "purpose",
};

struct reading {
    struct arena *arena;
    struct config_errors *errors;
    struct config_source *source;
    struct csv csv;
    int column_of[CSV_FIELDS_MAX]; /* enum people_column of each field; -1: passed over */
    int field_count;
    struct people_row *rows;
    size_t count, cap;
};

static struct config_place place_of(const struct reading *r, const struct csv_field *field)
{
    return (struct config_place){.source = r->source,
                                 .line = field->line,
                                 .column = field->column,
                                 .width = field->width == 0 ? 1 : field->width};
}

static void complain(struct reading *r, const struct csv_field *field, const char *want)
{
    struct config_place at = place_of(r, field);
    config_errors_add(r->errors, &at, "%s: '%s'", want, field->text);
}

/* ---- UTF-8 ---- */

/* Bytes of the sequence at text, 0: it is none (RFC 3629, 4, but for the surrogates, which no spreadsheet writes). */
static size_t sequence_len(const unsigned char *text, size_t left)
{
    size_t len = text[0] < 0x80   ? 1
                 : text[0] < 0xc2 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                 : text[0] < 0xf5 ? 4
                                  : 0;
    if (len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* The line of the first byte that is no UTF-8; 0: all of it is. */
static uint32_t foreign_line(const char *text, size_t len)
{
    uint32_t line = 1;
    for (size_t at = 0; at < len;) {
        size_t bytes = sequence_len((const unsigned char *)text + at, len - at);
        if (bytes == 0)
            return line;
        line += text[at] == '\n';
        at += bytes;
    }
    return 0;
}

/* ---- the header ---- */

/* Whether a wrong letter, or one too many or too few, is all that keeps one from the other. */
static bool is_nearly(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return strcmp(a, b) != 0 &&
           (*a == '\0' || *b == '\0' || strcmp(a + 1, b + 1) == 0 || strcmp(a + 1, b) == 0 || strcmp(a, b + 1) == 0 ||
            (a[1] == b[0] && a[0] == b[1] && strcmp(a + 2, b + 2) == 0)) &&
           (*a != '\0' || b[1] == '\0') && (*b != '\0' || a[1] == '\0');
}

static int column_find(struct reading *r, const struct csv_field *field)
{
    for (int column = 0; column < PEOPLE_COLUMNS; column++)
        if (strcasecmp(field->text, column_names[column]) == 0)
            return column;
    if (strcasecmp(field->text, "reason") == 0)
        complain(
            r, field,
            "reasons have a file of their own (policy.reasons), since many may read this one; it has no such column");
    struct config_place at = place_of(r, field);
    for (int column = 0; column < PEOPLE_COLUMNS; column++)
        if (is_nearly(field->text, column_names[column]))
            config_errors_add(r->errors, &at, "there is no column '%s'; did you mean '%s'?", field->text,
                              column_names[column]);
    return -1;
}

static int read_header(struct reading *r)
{
    struct csv_field fields[CSV_FIELDS_MAX];
    bool seen[PEOPLE_COLUMNS] = {false};
    int count = csv_next(&r->csv, fields);
    if (count <= 0) {
        const struct config_place at = {.source = r->source, .line = 1, .column = 1, .width = 1};
        config_errors_add(r->errors, &at, "the first line must name the columns, such as user,group,level,year,notes");
        return ERR_CONFIG;
    }
    for (int i = 0; i < count; i++) {
        int column = r->column_of[i] = column_find(r, &fields[i]);
        if (column >= 0 && seen[column])
            complain(r, &fields[i], "two columns have this name");
        if (column >= 0)
            seen[column] = true;
    }
    r->field_count = count;
    if (!seen[PEOPLE_USER]) {
        const struct config_place at = place_of(r, &fields[0]);
        config_errors_add(r->errors, &at,
                          "there is no column 'user'; the first line names the columns, separated by commas");
        return ERR_CONFIG;
    }
    return 0;
}

/* ---- one person ---- */

/* Names separated by blanks, commas or semicolons. */
static uint64_t read_categories(struct reading *r, const struct csv_field *field)
{
    static const char separators[] = " \t,;\r\n";
    uint64_t mask = 0;
    for (const char *at = field->text + strspn(field->text, separators); *at != '\0'; at += strspn(at, separators)) {
        size_t len = strcspn(at, separators);
        int id = category_from_name(at, len);
        struct config_place place = place_of(r, field);
        if (id < 0)
            config_errors_add(r->errors, &place, "'%.*s' is no category", (int)len, at);
        else if (id == CATEGORY_ILLEGAL)
            config_errors_add(r->errors, &place, "'illegal' is always blocked: no entry changes that");
        else
            mask |= CATEGORY_BIT(id);
        at += len;
    }
    return mask;
}

static void check_allow(struct reading *r, const struct csv_field *field, uint64_t allow)
{
    unsigned id = category_first(allow & POLICY_NEVER_OPENED & ~CATEGORY_BIT(CATEGORY_ILLEGAL));
    struct config_place place = place_of(r, field);
    if (id != CATEGORY_NONE)
        config_errors_add(r->errors, &place, "an entry of a person can't open '%s': only a level can",
                          category_name(id));
}

/* A date, to the end of which it holds, or a date and a time: 2026-12-18 15:30. */
static bool read_until(const char *text, struct people_row *row)
{
    char date[11];
    size_t len = strlen(text);
    if (len != 10 && len != 16)
        return false;
    memcpy(date, text, 10);
    date[10] = '\0';
    if (calendar_day_from_text(date, &row->until_day) < 0)
        return false;
    row->has_until = true;
    if (len == 10) {
        row->until_day++;
        return true;
    }
    struct window window[WINDOWS_MAX];
    struct window_fault fault;
    char times[] = "hh:mm-24:00";
    memcpy(times, text + 11, 5);
    if ((text[10] != ' ' && text[10] != 'T') || window_parse(times, NULL, 0, window, &fault) != 1 || times[2] != ':')
        return false;
    row->until_second = window[0].from_s;
    return true;
}

/* yes, or the day on which it was. */
static bool read_accepted(const char *text, bool *out)
{
    static const char *const yes[] = {"yes", "true", "y", "1"};
    static const char *const no[] = {"no", "false", "n", "0"};
    int32_t day;
    *out = calendar_day_from_text(text, &day) == 0;
    if (*out)
        return true;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *out = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    return false;
}

static void read_field(struct reading *r, const struct csv_field *field, enum people_column column,
                       struct people_row *row)
{
    row->text[column] = field->text;
    row->at[column] = place_of(r, field);
    switch (column) {
    case PEOPLE_BLOCK:
        row->block = read_categories(r, field);
        break;
    case PEOPLE_ALLOW:
        row->allow = read_categories(r, field);
        check_allow(r, field, row->allow);
        break;
    case PEOPLE_UNTIL:
        if (!read_until(field->text, row))
            complain(r, field,
                     "until must be a date such as 2027-07-20, or a time such as 2027-07-20 15:30, unlike this");
        break;
    case PEOPLE_ACCEPTED:
        if (!read_accepted(field->text, &row->accepted))
            complain(r, field, "accepted must be yes, no, or the date of it, unlike this");
        break;
    case PEOPLE_USER:
        if (strlen(field->text) > PEOPLE_USER_MAX)
            complain(r, field, "a user name has at most 128 bytes");
        break;
    case PEOPLE_GROUP:
    case PEOPLE_LEVEL:
    case PEOPLE_YEAR:
    case PEOPLE_NOTES:
    case PEOPLE_SPONSOR:
    case PEOPLE_PURPOSE:
    case PEOPLE_COLUMNS:
        break;
    }
}

static struct people_row *new_row(struct reading *r)
{
    if (r->count == r->cap) {
        size_t cap = r->cap == 0 ? 64 : r->cap * 2;
        struct people_row *grown = arena_alloc(r->arena, cap * sizeof *grown);
        if (grown == NULL)
            return NULL;
        if (r->count > 0)
            memcpy(grown, r->rows, r->count * sizeof *grown);
        r->rows = grown;
        r->cap = cap;
    }
    return &r->rows[r->count++];
}

static bool is_all_empty(const struct csv_field fields[], int count)
{
    for (int i = 0; i < count; i++)
        if (fields[i].text[0] != '\0')
            return false;
    return true;
}

static int read_person(struct reading *r, const struct csv_field fields[], int count)
{
    if (is_all_empty(fields, count)) /* as spreadsheets leave them at the end */
        return 0;
    if (count > r->field_count) {
        complain(r, &fields[r->field_count], "this line has more fields than the first, from here on");
        return 0;
    }
    struct people_row *row = new_row(r);
    if (row == NULL)
        return ERR_NOMEM;
    *row = (struct people_row){.accepted = false};
    for (int i = 0; i < count; i++) {
        if (r->column_of[i] < 0)
            continue;
        if (fields[i].text[0] != '\0')
            read_field(r, &fields[i], (enum people_column)r->column_of[i], row);
        else
            row->at[r->column_of[i]] = place_of(r, &fields[i]);
    }
    if (row->text[PEOPLE_USER] == NULL)
        complain(r, &fields[0], "this person has no user name");
    return 0;
}

static int read_people(struct reading *r)
{
    struct csv_field fields[CSV_FIELDS_MAX];
    int count;
    while ((count = csv_next(&r->csv, fields)) != 0) {
        if (count == ERR_LIMIT)
            complain(r, &fields[0], "this line has too many fields");
        else if (count < 0)
            complain(r, &fields[0],
                     "the quotes here do not pair (a quote in a field is doubled, and the field stands in quotes)");
        if (count < 0)
            continue;
        if (r->count == PEOPLE_MAX) {
            complain(r, &fields[0], "a people file has at most 1,000,000 people, and here is one more");
            return 0;
        }
        int rc = read_person(r, fields, count);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int begin(struct reading *r, const char *name, const char *text, size_t len)
{
    char *copy = arena_text(r->arena, text, len);
    char *kept = arena_text(r->arena, text, len);
    r->source = arena_alloc(r->arena, sizeof *r->source);
    if (copy == NULL || kept == NULL || r->source == NULL)
        return ERR_NOMEM;
    *r->source = (struct config_source){.name = name, .text = kept, .text_len = len};
    uint32_t line = foreign_line(text, len);
    if (line > 0) {
        const struct config_place at = {.source = r->source, .line = line, .column = 1, .width = 1};
        config_errors_add(r->errors, &at, "this is no UTF-8: save the file as \"CSV UTF-8\"");
        return ERR_CONFIG;
    }
    csv_begin(&r->csv, copy, len);
    return 0;
}

int people_read(struct arena *arena, const char *name, const char *text, size_t len, struct config_errors *errors,
                struct people *out)
{
    struct reading r = {.arena = arena, .errors = errors};
    size_t before = errors->count;
    int rc = begin(&r, name, text, len);
    if (rc == 0)
        rc = read_header(&r);
    if (rc == 0)
        rc = read_people(&r);
    if (rc < 0)
        return rc;
    if (errors->count > before)
        return ERR_CONFIG;
    *out = (struct people){.rows = r.rows, .count = r.count};
    return 0;
}
