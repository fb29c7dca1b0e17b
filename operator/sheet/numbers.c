#include "sheet/numbers.h"

#include <inttypes.h>
#include <string.h>

#include "base/markup.h"
#include "policy/civil.h"
#include "sheet/chart.h"
#include "sheet/words.h"

#define TOPICS_MAX  10
#define SUMMARY_MAX 256
#define TREND_WEEKS 4
#define QUIET_PART  5 /* a week with less than a fifth of the questions is no week of school */
#define WEEKS_LEAST 5 /* shown even where there are no figures */

static const char *const kind_concern = "of concern", *const kind_other = "other";

/* "Tue 17 Nov" as two lines: "Tue 17" and "Nov". */
static void put_label(int32_t day, bool with_weekday, struct chart_column *out)
{
    char text[PERIOD_TEXT_MAX];
    char *month = strrchr(period_day_text(day, text), ' ');
    *month++ = '\0';
    snprintf(out->label, sizeof out->label, "%.15s", with_weekday ? text : text + 4);
    snprintf(out->below, sizeof out->below, "%.15s", month);
}

/* ---- days ---- */

static size_t busiest(const struct sheet *sheet)
{
    size_t best = 0;
    for (size_t i = 1; i < sheet->day_count; i++)
        if (sheet->days[i].concerning + sheet->days[i].other > sheet->days[best].concerning + sheet->days[best].other)
            best = i;
    return best;
}

void numbers_of_days(const struct sheet *sheet, FILE *to)
{
    struct chart_column columns[PERIOD_DAYS_MAX];
    char summary[SUMMARY_MAX], day[PERIOD_TEXT_MAX];
    if (sheet->day_count == 0)
        return;
    for (size_t i = 0; i < sheet->day_count; i++) {
        columns[i] = (struct chart_column){.value = {sheet->days[i].concerning, sheet->days[i].other}};
        put_label(sheet->days[i].day, true, &columns[i]);
    }
    const struct sheet_day *most = &sheet->days[busiest(sheet)];
    snprintf(summary, sizeof summary,
             "Blocked visits on each day. The most were on %s: %" PRIu64 ", %" PRIu64 " of them of concern.",
             period_day_text(most->day, day), most->concerning + most->other, most->concerning);
    const struct chart chart = {.id = "c-days",
                                .caption = "Blocked visits, by day",
                                .summary = summary,
                                .unit = "day",
                                .kinds = {kind_concern, kind_other}};
    chart_columns(&chart, columns, sheet->day_count, to);
}

/* ---- hours ---- */

void numbers_of_hours(const struct sheet *sheet, bool hides_small, FILE *to)
{
    uint64_t cells[CHART_WEEKDAYS][CHART_HOURS] = {0};
    uint64_t best = 0, all = 0;
    unsigned best_hour = 0, best_day = 0;
    char summary[SUMMARY_MAX];
    static const char *const names[] = {"Mondays", "Tuesdays",  "Wednesdays", "Thursdays",
                                        "Fridays", "Saturdays", "Sundays"};
    for (size_t i = 0; i < sheet->day_count; i++)
        for (unsigned hour = 0; hour < CHART_HOURS; hour++) {
            const unsigned weekday = civil_weekday(sheet->days[i].day);
            const uint64_t sum = cells[weekday][hour] += sheet->days[i].hours[hour];
            all += sheet->days[i].hours[hour];
            if (sum > best) {
                best = sum;
                best_hour = hour;
                best_day = weekday;
            }
        }
    if (all == 0)
        snprintf(summary, sizeof summary, "There were no blocked visits at any hour.");
    else
        snprintf(summary, sizeof summary,
                 "Blocked visits by day and hour. The busiest hour was that from %02u:00 on %s.", best_hour,
                 names[best_day]);
    const struct chart chart = {.id = "c-hours",
                                .caption = "Blocked visits, by hour of the day",
                                .summary = summary,
                                .unit = "hour from",
                                .hides_small = hides_small};
    chart_heat(&chart, (const uint64_t(*)[CHART_HOURS])cells, to);
}

/* ---- categories ---- */

void numbers_of_topics(const struct sheet *sheet, bool hides_small, FILE *to)
{
    struct chart_row rows[TOPICS_MAX];
    char summary[SUMMARY_MAX] = "There were no blocked visits.";
    size_t count = 0;
    for (; count < sheet->topic_count && count < TOPICS_MAX; count++)
        rows[count] = (struct chart_row){.label = sheet->topics[count].topic,
                                         .value = sheet->topics[count].visits,
                                         .marked = sheet->topics[count].is_concern};
    if (count > 0)
        snprintf(summary, sizeof summary, "Blocked visits by category. The most were for %s.", rows[0].label);
    const struct chart chart = {.id = "c-topics",
                                .caption = sheet->topic_count > TOPICS_MAX
                                               ? "Blocked visits, by category: the first ten"
                                               : "Blocked visits, by category",
                                .summary = summary,
                                .unit = "category",
                                .kinds = {kind_concern, kind_other},
                                .hides_small = hides_small};
    chart_rows(&chart, rows, count, to);
}

/* ---- weeks ---- */

/* The mean of the known ones of the last few weeks before the sheet's own, holidays left out; negative: none is
 * known. */
static double usual(const struct sheet *sheet)
{
    double sum = 0;
    unsigned known = 0;
    for (size_t back = 2; back <= TREND_WEEKS + 1 && back <= sheet->week_count; back++) {
        const struct sheet_week *week = &sheet->weeks[sheet->week_count - back];
        if (!week->known || week->asked < sheet->asked / QUIET_PART)
            continue;
        sum += (double)week->concerning;
        known++;
    }
    return known == 0 ? -1 : sum / known;
}

static const char *compared(double now, double before)
{
    const double slack = before < 10 ? 3 : before * 0.25;
    return now > before + slack ? "more than usual" : now < before - slack ? "fewer than usual" : "about as usual";
}

static void put_compared(const struct sheet *sheet, double before, FILE *to)
{
    fprintf(to, ": %s (a week had ", compared((double)sheet->concerning, before));
    markup_count((uint64_t)(before + 0.5), to);
    fputs(" on average in the month before)", to);
}

void numbers_trend(const struct sheet *sheet, FILE *to)
{
    const double before = usual(sheet);
    words_count(sheet->concerning, "blocked visit", to);
    fputs(" in categories of concern", to);
    if (before < 0)
        fputs("; there are no earlier weeks to compare with", to);
    else
        put_compared(sheet, before, to);
}

void numbers_of_weeks(const struct sheet *sheet, bool hides_small, FILE *to)
{
    struct chart_column columns[SHEET_WEEKS_MAX];
    size_t known = 0, count = sheet->week_count;
    if (count == 0)
        return;
    while (count > WEEKS_LEAST && !sheet->weeks[sheet->week_count - count].known)
        count--;
    for (size_t i = 0; i < count; i++) {
        const struct sheet_week *week = &sheet->weeks[sheet->week_count - count + i];
        columns[i] = (struct chart_column){.value = {week->concerning, week->other},
                                           .unknown = !week->known,
                                           .marked = i + 1 == count && !hides_small};
        if (hides_small) /* of two parts and their sum, one could be worked out */
            columns[i] = (struct chart_column){.value = {week->concerning + week->other}, .unknown = !week->known};
        put_label(week->first_day, false, &columns[i]);
        known += week->known;
    }
    char summary[SUMMARY_MAX];
    snprintf(summary, sizeof summary, "Blocked visits in each of %zu weeks; of %zu there are figures.",
             sheet->week_count, known);
    const struct chart chart = {.id = "c-weeks",
                                .caption = "Blocked visits, by week (of its Monday)",
                                .summary = summary,
                                .unit = "week of",
                                .kinds = {hides_small ? "visits" : kind_concern, hides_small ? NULL : kind_other},
                                .hides_small = hides_small};
    chart_columns(&chart, columns, count, to);
}
