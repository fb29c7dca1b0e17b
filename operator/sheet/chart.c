#include "sheet/chart.h"

#include <inttypes.h>
#include <string.h>

#include "base/markup.h"
#include "sheet/sheet.h"

#define WIDTH      340.0
#define PLOT_TOP   18.0 /* room for the number over the highest bar */
#define PLOT       120.0
#define LABELS     30.0
#define ROW        24.0
#define ROW_LABEL  174.0
#define ROW_NUMBER 44.0
#define CELL       16.0
#define HOUR_LABEL 40.0
#define SHADES     4

static const char *const weekdays[CHART_WEEKDAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static bool is_small(const struct chart *chart, uint64_t value)
{
    return chart->hides_small && value > 0 && value < SHEET_SMALL;
}

/* What is drawn of a small number is the same for all of them. */
static double drawn(const struct chart *chart, uint64_t value)
{
    return is_small(chart, value) ? SHEET_SMALL / 2.0 : (double)value;
}

static void put_number(const struct chart *chart, uint64_t value, FILE *to)
{
    if (is_small(chart, value))
        fprintf(to, "&lt;%d", SHEET_SMALL);
    else
        markup_count(value, to);
}

/* Where there is little room: "4.1k". The table has it in full. */
static void put_short(const struct chart *chart, uint64_t value, double room, FILE *to)
{
    if (value >= 1000 && room < 34)
        fprintf(to, value < 100000 ? "%.1fk" : "%.0fk", (double)value / 1000);
    else
        put_number(chart, value, to);
}

static void put_cell(const struct chart *chart, uint64_t value, FILE *to)
{
    fputs("<td class=\"n\">", to);
    if (is_small(chart, value))
        fprintf(to, "under %d", SHEET_SMALL);
    else
        markup_count(value, to);
    fputs("</td>", to);
}

/* ---- frame ---- */

static void put_begin(const struct chart *chart, double height, FILE *to)
{
    fprintf(to, "<figure class=\"chart\" id=\"%s\">\n<figcaption>%s</figcaption>\n", chart->id, chart->caption);
    fprintf(to, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", WIDTH, height);
    markup_text(chart->summary, to);
    fputs("\" focusable=\"false\">\n", to);
}

static void put_legend(const struct chart *chart, FILE *to)
{
    if (chart->kinds[1] == NULL)
        return;
    fputs("<p class=\"key\" aria-hidden=\"true\">", to);
    for (int i = 0; i < 2; i++)
        fprintf(to,
                "<span><svg viewBox=\"0 0 14 14\" class=\"swatch\"><rect width=\"14\" height=\"14\" "
                "class=\"bar%d\"/></svg> %s</span> ",
                i, chart->kinds[i]);
    fputs("</p>\n", to);
}

static void put_table_begin(const struct chart *chart, FILE *to)
{
    fprintf(to,
            "<details><summary>The same as a table</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
            "aria-labelledby=\"%s-t\">\n<table><caption id=\"%s-t\">",
            chart->id, chart->id);
    fputs(chart->caption, to);
    fprintf(to, "</caption>\n<thead><tr><th scope=\"col\">%s</th>", chart->unit);
}

static void put_end(FILE *to)
{
    fputs("</tbody></table></div>\n</details>\n</figure>\n", to);
}

/* ---- bars that stand ---- */

static double highest(const struct chart *chart, const struct chart_column *columns, size_t count)
{
    double max = 1;
    for (size_t i = 0; i < count; i++) {
        const double sum = drawn(chart, columns[i].value[0]) + drawn(chart, columns[i].value[1]);
        if (!columns[i].unknown && sum > max)
            max = sum;
    }
    return max;
}

static void put_text(double x, double y, const char *class, const char *text, FILE *to)
{
    if (text[0] == '\0')
        return;
    fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    markup_text(text, to);
    fputs("</text>", to);
}

static void put_column(const struct chart *chart, const struct chart_column *column, double x, double step, double max,
                       FILE *to)
{
    const double middle = x + step / 2, width = step * (step > 30 ? 0.6 : 0.75);
    double y = PLOT_TOP + PLOT;
    for (int i = 0; i < 2 && !column->unknown; i++) {
        const double height = PLOT * drawn(chart, column->value[i]) / max;
        if (height <= 0)
            continue;
        y -= height;
        fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"bar%d\"/>", middle - width / 2,
                y, width, height, i);
    }
    if (column->unknown) {
        put_text(middle, y - 4, "none", "?", to);
    } else {
        fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" class=\"value\">", middle, y - 4);
        put_short(chart, column->value[0] + column->value[1], step, to);
        fputs("</text>", to);
    }
    put_text(middle, PLOT_TOP + PLOT + 13, column->marked ? "label marked" : "label", column->label, to);
    put_text(middle, PLOT_TOP + PLOT + 26, column->marked ? "label marked" : "label", column->below, to);
    fputc('\n', to);
}

static void put_columns_table(const struct chart *chart, const struct chart_column *columns, size_t count, FILE *to)
{
    put_table_begin(chart, to);
    for (int i = 0; i < 2 && chart->kinds[i] != NULL; i++)
        fprintf(to, "<th scope=\"col\" class=\"n\">%s</th>", chart->kinds[i]);
    fputs("</tr></thead>\n<tbody>\n", to);
    for (size_t i = 0; i < count; i++) {
        fputs("<tr><th scope=\"row\">", to);
        markup_text(columns[i].label, to);
        fputc(' ', to);
        markup_text(columns[i].below, to);
        fputs("</th>", to);
        for (int k = 0; k < 2 && chart->kinds[k] != NULL; k++) {
            if (columns[i].unknown)
                fputs("<td class=\"n\">not known</td>", to);
            else
                put_cell(chart, columns[i].value[k], to);
        }
        fputs("</tr>\n", to);
    }
    put_end(to);
}

void chart_columns(const struct chart *chart, const struct chart_column *columns, size_t count, FILE *to)
{
    const double step = WIDTH / (double)(count == 0 ? 1 : count), max = highest(chart, columns, count);
    put_begin(chart, PLOT_TOP + PLOT + LABELS, to);
    for (size_t i = 0; i < count; i++)
        put_column(chart, &columns[i], step * (double)i, step, max, to);
    fprintf(to, "<path d=\"M0 %.1fH%.0f\" class=\"axis\"/>\n</svg>\n", PLOT_TOP + PLOT, WIDTH);
    put_legend(chart, to);
    put_columns_table(chart, columns, count, to);
}

/* ---- bars that lie ---- */

static void put_row(const struct chart *chart, const struct chart_row *row, double y, double max, FILE *to)
{
    const double room = WIDTH - ROW_LABEL - ROW_NUMBER, width = room * drawn(chart, row->value) / max;
    put_text(ROW_LABEL - 6, y + ROW / 2 + 4, "label end", row->label, to);
    fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"bar%d\"/>", ROW_LABEL, y + 4,
            width < 1 ? 1 : width, ROW - 8, row->marked ? 0 : 1);
    fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" class=\"value start\">", ROW_LABEL + width + 5, y + ROW / 2 + 4);
    put_number(chart, row->value, to);
    fputs("</text>\n", to);
}

void chart_rows(const struct chart *chart, const struct chart_row *rows, size_t count, FILE *to)
{
    double max = 1;
    for (size_t i = 0; i < count; i++)
        max = drawn(chart, rows[i].value) > max ? drawn(chart, rows[i].value) : max;
    put_begin(chart, ROW * (double)(count == 0 ? 1 : count), to);
    for (size_t i = 0; i < count; i++)
        put_row(chart, &rows[i], ROW * (double)i, max, to);
    fprintf(to, "<path d=\"M%.1f 0V%.0f\" class=\"axis\"/>\n</svg>\n", ROW_LABEL, ROW * (double)count);
    put_legend(chart, to);
    put_table_begin(chart, to);
    fputs("<th scope=\"col\" class=\"n\">visits</th></tr></thead>\n<tbody>\n", to);
    for (size_t i = 0; i < count; i++) {
        fputs("<tr><th scope=\"row\">", to);
        markup_text(rows[i].label, to);
        fputs("</th>", to);
        put_cell(chart, rows[i].value, to);
        fputs("</tr>\n", to);
    }
    put_end(to);
}

/* ---- hours ---- */

struct range {
    unsigned first, last;
};

/* School hours, and what there is beside them. */
static struct range hours_used(const uint64_t cells[CHART_WEEKDAYS][CHART_HOURS])
{
    struct range range = {.first = 8, .last = 16};
    for (unsigned hour = 0; hour < CHART_HOURS; hour++)
        for (unsigned day = 0; day < CHART_WEEKDAYS; day++) {
            if (cells[day][hour] == 0)
                continue;
            range.first = hour < range.first ? hour : range.first;
            range.last = hour > range.last ? hour : range.last;
        }
    return range;
}

static uint64_t most(const uint64_t cells[CHART_WEEKDAYS][CHART_HOURS])
{
    uint64_t max = 1;
    for (unsigned i = 0; i < CHART_WEEKDAYS * CHART_HOURS; i++)
        max = cells[i / CHART_HOURS][i % CHART_HOURS] > max ? cells[i / CHART_HOURS][i % CHART_HOURS] : max;
    return max;
}

static void put_hour(const struct chart *chart, const uint64_t cells[CHART_WEEKDAYS][CHART_HOURS], unsigned hour,
                     double y, uint64_t max, FILE *to)
{
    const double width = (WIDTH - HOUR_LABEL) / CHART_WEEKDAYS;
    char label[16];
    snprintf(label, sizeof label, "%02u:00", hour);
    put_text(HOUR_LABEL - 6, y + 12, "label end", label, to);
    for (unsigned day = 0; day < CHART_WEEKDAYS; day++) {
        const uint64_t value = cells[day][hour];
        const unsigned shade = value == 0 ? 0 : (unsigned)((value * SHADES + max - 1) / max);
        const double x = HOUR_LABEL + width * day;
        fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"shade%u\"/>", x + 1, y + 1,
                width - 2, CELL - 2, shade);
        if (value == 0)
            continue;
        fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" class=\"heat on%u\">", x + width / 2, y + 12, shade);
        put_number(chart, value, to);
        fputs("</text>", to);
    }
    fputc('\n', to);
}

static void put_heat_table(const struct chart *chart, const uint64_t cells[CHART_WEEKDAYS][CHART_HOURS],
                           struct range range, FILE *to)
{
    put_table_begin(chart, to);
    for (unsigned day = 0; day < CHART_WEEKDAYS; day++)
        fprintf(to, "<th scope=\"col\" class=\"n\">%s</th>", weekdays[day]);
    fputs("</tr></thead>\n<tbody>\n", to);
    for (unsigned hour = range.first; hour <= range.last; hour++) {
        fprintf(to, "<tr><th scope=\"row\">%02u:00</th>", hour);
        for (unsigned day = 0; day < CHART_WEEKDAYS; day++)
            put_cell(chart, cells[day][hour], to);
        fputs("</tr>\n", to);
    }
    put_end(to);
}

void chart_heat(const struct chart *chart, const uint64_t cells[CHART_WEEKDAYS][CHART_HOURS], FILE *to)
{
    const struct range range = hours_used(cells);
    const uint64_t max = most(cells);
    const double width = (WIDTH - HOUR_LABEL) / CHART_WEEKDAYS;
    put_begin(chart, CELL * (range.last - range.first + 1) + 16, to);
    for (unsigned day = 0; day < CHART_WEEKDAYS; day++)
        put_text(HOUR_LABEL + width * (day + 0.5), 11, "label", weekdays[day], to);
    fputc('\n', to);
    for (unsigned hour = range.first; hour <= range.last; hour++)
        put_hour(chart, cells, hour, 16 + CELL * (hour - range.first), max, to);
    fputs("</svg>\n", to);
    put_heat_table(chart, cells, range, to);
}

void chart_defs(FILE *to)
{
    fputs("<svg class=\"defs\" aria-hidden=\"true\" focusable=\"false\"><defs><pattern id=\"hatch\" width=\"5\" "
          "height=\"5\" "
          "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" "
          "class=\"hatch-back\"/><path d=\"M0 0V5\" class=\"hatch-line\"/></pattern></defs></svg>\n",
          to);
}
