#include "base/csv.h"

#include <string.h>

void csv_begin(struct csv *csv, char *text, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t skipped = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    *csv = (struct csv){.at = text + skipped, .end = text + len, .line_start = text + skipped, .line = 1};
}

static void new_line(struct csv *csv)
{
    csv->line++;
    csv->line_start = csv->at;
}

/* Whether a line ends here; then it is passed. */
static bool pass_line_end(struct csv *csv)
{
    if (csv->at == csv->end || (*csv->at != '\r' && *csv->at != '\n'))
        return false;
    if (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n')
        csv->at++;
    csv->at++;
    new_line(csv);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct csv *csv)
{
    while (csv->at < csv->end && is_blank(*csv->at))
        csv->at++;
}

static void skip_line(struct csv *csv)
{
    while (csv->at < csv->end && *csv->at != '\r' && *csv->at != '\n')
        csv->at++;
    (void)pass_line_end(csv);
}

static struct csv_field field_at(const struct csv *csv, char *text)
{
    return (struct csv_field){.text = text, .line = csv->line, .column = (uint32_t)(csv->at - csv->line_start) + 1};
}

/* Behind the opening quote. The text moves to where that was. ERR_MALFORMED: it is never closed. */
static int take_quoted(struct csv *csv, char **out_end)
{
    char *to = csv->at++;
    while (csv->at < csv->end) {
        if (*csv->at == '\0')
            return ERR_MALFORMED;
        if (*csv->at == '"') {
            if (csv->at + 1 == csv->end || csv->at[1] != '"') {
                csv->at++;
                *out_end = to;
                return 0;
            }
            csv->at++;
        }
        bool line_end = *csv->at == '\n' || (*csv->at == '\r' && !(csv->at + 1 < csv->end && csv->at[1] == '\n'));
        *to++ = *csv->at++;
        if (line_end)
            new_line(csv);
    }
    return ERR_MALFORMED;
}

static int take_plain(struct csv *csv, char **out_end)
{
    char *end = csv->at;
    while (csv->at < csv->end && *csv->at != ',' && *csv->at != '\r' && *csv->at != '\n') {
        if (*csv->at == '\0' || *csv->at == '"')
            return ERR_MALFORMED;
        end = is_blank(*csv->at) ? end : csv->at + 1;
        csv->at++;
    }
    *out_end = end;
    return 0;
}

/* The field ends at out_end, which is not zero yet: what follows it has to be read first. */
static int take_field(struct csv *csv, struct csv_field *out, char **out_end)
{
    skip_blanks(csv);
    const char *start = csv->at;
    bool quoted = csv->at < csv->end && *csv->at == '"';
    *out = field_at(csv, csv->at);
    int rc = quoted ? take_quoted(csv, out_end) : take_plain(csv, out_end);
    if (rc < 0)
        return rc;
    out->width = (uint32_t)(quoted ? csv->at - start : *out_end - start);
    skip_blanks(csv);
    if (csv->at == csv->end || *csv->at == ',' || *csv->at == '\r' || *csv->at == '\n')
        return 0;
    *out = field_at(csv, csv->at);
    return ERR_MALFORMED;
}

static int fail(struct csv *csv, int rc, struct csv_field fault, struct csv_field out[CSV_FIELDS_MAX])
{
    static char nothing[1];
    fault.text = nothing;
    fault.width = 1;
    out[0] = fault;
    skip_line(csv);
    return rc;
}

int csv_next(struct csv *csv, struct csv_field out[CSV_FIELDS_MAX])
{
    int count = 0;
    char *last_end = NULL;
    while (pass_line_end(csv))
        ;
    if (csv->at == csv->end)
        return 0;
    for (;;) {
        char *end = NULL;
        struct csv_field field;
        int rc = take_field(csv, &field, &end);
        if (last_end != NULL)
            *last_end = '\0';
        if (rc < 0)
            return fail(csv, rc, field, out);
        if (count == CSV_FIELDS_MAX)
            return fail(csv, ERR_LIMIT, field, out);
        out[count++] = field;
        last_end = end;
        if (csv->at == csv->end || *csv->at != ',')
            break;
        csv->at++;
    }
    (void)pass_line_end(csv);
    *last_end = '\0';
    return count;
}
