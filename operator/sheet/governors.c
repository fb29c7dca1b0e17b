#include "sheet/governors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/markup.h"
#include "sheet/numbers.h"
#include "sheet/page.h"
#include "sheet/parts.h"
#include "sheet/words.h"

/* ---- numbers that tell nobody apart ---- */

static void put_rounded(uint64_t count, const char *about, FILE *to)
{
    if (count < 10) {
        fputs(about[0] == 'A' ? "Fewer than 10" : "fewer than 10", to);
        return;
    }
    fprintf(to, "%s ", about);
    markup_count((count + 5) / 10 * 10, to);
}

static double part(uint64_t some, uint64_t all)
{
    return all == 0 ? 0 : (double)some * 100 / (double)all;
}

/* ---- was it at work? ---- */

static void put_heard(const struct sheet *sheet, FILE *to)
{
    if (sheet->term_hours == 0) {
        fputs("There were no hours of school in this time. ", to);
    } else if (sheet->term_hours_heard == sheet->term_hours) {
        fputs("The filter was at work in all of the ", to);
        words_count(sheet->term_hours, "hour", to);
        fputs(" of school. ", to);
    } else {
        fprintf(to, "The filter was at work in %.1f of every 100 hours of school. ",
                part(sheet->term_hours_heard, sheet->term_hours));
    }
}

static void put_at_work(const struct sheet *sheet, FILE *to)
{
    page_section("work", "Was the filter at work?", to);
    fputs("<p>", to);
    put_heard(sheet, to);
    const uint64_t lost = parts_lost(sheet), all = sheet->asked + lost;
    if (lost == 0)
        fputs("Every question that it answered is in the log.</p>\n", to);
    else {
        words_count(lost, "question", to);
        fprintf(to, " (%.3f of every 100) could not be written down; the log itself says when.</p>\n", part(lost, all));
    }
    parts_feeds(sheet, to);
    page_section_end(to);
}

/* ---- what was blocked ---- */

static bool is_told(const struct sheet_topic *topic)
{
    return topic->visits >= SHEET_SMALL && topic->askers >= SHEET_SMALL && !topic->is_statutory;
}

static bool is_small(const struct sheet_topic *topic)
{
    return topic->visits > 0 && !is_told(topic) && !topic->is_statutory;
}

static void put_small_topics(const struct sheet *sheet, FILE *to)
{
    size_t small = 0;
    for (size_t i = 0; i < sheet->topic_count; i++)
        small += is_small(&sheet->topics[i]);
    if (small == 0)
        return;
    fprintf(to, "<p>Fewer than %d visits or people each, so that no number is told: ", SHEET_SMALL);
    for (size_t i = 0, put = 0; i < sheet->topic_count; i++) {
        if (!is_small(&sheet->topics[i]))
            continue;
        fputs(put++ == 0 ? "" : ", ", to);
        markup_text(sheet->topics[i].topic, to);
    }
    fputs(".</p>\n", to);
}

static void put_blocked(const struct sheet *sheet, FILE *to)
{
    page_section("blocked", "What was blocked?", to);
    fputs("<p>", to);
    put_rounded(sheet->concerning, "About", to);
    fputs(" visits in categories of concern, and ", to);
    put_rounded(sheet->other, "about", to);
    fputs(" others, such as games in lessons. A blocked visit is a filter that worked. Most are curiosity, a mistyped "
          "address or an "
          "advert; more of them may mean more use, or a better list.</p>\n<div class=\"charts\">\n",
          to);
    struct sheet told = *sheet;
    struct sheet_topic *topics = calloc(sheet->topic_count + 1, sizeof *topics);
    told.topics = topics;
    told.topic_count = 0;
    for (size_t i = 0; i < sheet->topic_count && topics != NULL; i++)
        if (is_told(&sheet->topics[i]))
            topics[told.topic_count++] = sheet->topics[i];
    numbers_of_topics(&told, true, to);
    free(topics);
    numbers_of_weeks(sheet, true, to);
    fputs("</div>\n", to);
    put_small_topics(sheet, to);
    page_section_end(to);
}

/* ---- does it stand in the way? ---- */

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of the answered ones; negative: none was. */
static int64_t median_answer_s(const struct sheet *sheet)
{
    int64_t *spans = calloc(sheet->request_count + 1, sizeof *spans), median = -1;
    size_t count = 0;
    for (size_t i = 0; i < sheet->request_count && spans != NULL; i++)
        if (sheet->requests[i].kind == SHEET_UNBLOCK && sheet->requests[i].answered_s > 0)
            spans[count++] = sheet->requests[i].answered_s - sheet->requests[i].time_s;
    if (count > 0) {
        qsort(spans, count, sizeof *spans, by_size);
        median = spans[count / 2];
    }
    free(spans);
    return median;
}

static void put_overblocking(const struct sheet *sheet, FILE *to)
{
    uint64_t asked = 0, answered = 0;
    for (size_t i = 0; i < sheet->request_count; i++) {
        asked += sheet->requests[i].kind == SHEET_UNBLOCK;
        answered += sheet->requests[i].kind == SHEET_UNBLOCK && sheet->requests[i].answered_s > 0;
    }
    const int64_t median_s = median_answer_s(sheet);
    page_section("over", "Does it stand in the way of learning?", to);
    fputs("<p>", to);
    if (asked == 0) {
        fputs("Nobody asked for a website to be opened. Either little is blocked that should be open, or people do not "
              "know that they can "
              "ask: the notice page has a form.</p>\n",
              to);
        page_section_end(to);
        return;
    }
    words_small(asked, to);
    fputs(asked == 1 ? " request" : " requests", to);
    fputs(" to open a website, ", to);
    if (asked - answered == 0)
        fputs("all answered", to);
    else {
        words_small(asked - answered, to);
        fputs(" not answered yet", to);
    }
    if (median_s >= 0) {
        fputs("; half of the answers came within ", to);
        words_span(median_s, to);
    }
    fprintf(to, ". That is %.2f for every 1,000 blocked visits.</p>\n",
            sheet->concerning + sheet->other == 0 ? 0
                                                  : (double)asked * 1000 / (double)(sheet->concerning + sheet->other));
    page_section_end(to);
}

/* ---- who decided? ---- */

static void put_changes(const struct sheet *sheet, FILE *to)
{
    char time[PERIOD_TEXT_MAX];
    size_t versions = 0;
    for (size_t i = 0; i < sheet->change_count; i++)
        versions += sheet->changes[i].version > 0;
    page_section("changes", "Was every change agreed?", to);
    if (sheet->change_count == 0) {
        fputs("<p>No rule was changed, and nothing was opened or closed by hand.</p>\n", to);
    } else {
        fputs("<p>", to);
        words_count(versions, "change", to);
        fputs(" of the rules, and ", to);
        words_count(sheet->change_count - versions, "decision", to);
        fputs(" on the spot. Each is in a ledger that shows whether anybody has altered it.</p>\n", to);
    }
    if (versions > 0) {
        markup_table("t-changes", "Changes of the rules", "when|what|#approvals by other people", to);
        for (size_t i = 0; i < sheet->change_count && i < SHEET_LISTED_MAX; i++) {
            const struct sheet_change *change = &sheet->changes[i];
            if (change->version == 0)
                continue;
            fprintf(to, "<tr><th scope=\"row\">%s</th><td>version %u in force</td>",
                    period_time_text(sheet->calendar, change->time_s, time), change->version);
            markup_figure(change->approvals, to);
            fputs("</tr>\n", to);
        }
        markup_table_end(to);
    }
    page_section_end(to);
}

static void put_lead(const struct sheet *sheet, FILE *to)
{
    fputs("<p class=\"lead\">", to);
    put_heard(sheet, to);
    fputs("It answered about ", to);
    markup_count((sheet->asked + 500) / 1000 * 1000, to);
    fprintf(to, " questions and blocked %.1f of every 100.</p>\n", part(sheet->blocked_questions, sheet->asked));
}

static void put_questions(FILE *to)
{
    page_section("ask", "What you might ask", to);
    fputs("<ul>\n<li>Who looks at the weekly sheet, and what was done about what it showed?</li>\n"
          "<li>When was the last review of filtering and monitoring, and who took part?</li>\n"
          "<li>Which of the changes above came from teachers, and were they content with the answer?</li>\n"
          "<li>What happens on devices at home, on mobile data and with apps that bring a VPN?</li>\n"
          "<li>Do pupils know that asking for help is never put down to anybody, and how to report a "
          "worry?</li>\n</ul>\n",
          to);
    page_section_end(to);
}

void governors_write(const struct sheet *sheet, FILE *to)
{
    static const struct page page = {
        .title = "Filtering report",
        .reader = "for governors",
        .care = "Without names: nothing in it leads to a person, a device or a website.",
    };
    page_begin(&page, sheet, to);
    put_lead(sheet, to);
    put_at_work(sheet, to);
    put_blocked(sheet, to);
    put_overblocking(sheet, to);
    put_changes(sheet, to);
    page_section("checks", "Was it checked?", to);
    parts_checks(sheet, to);
    page_section_end(to);
    page_section("unseen", "What nobody can see in it", to);
    parts_unseen(sheet, "work", to);
    page_section_end(to);
    put_questions(to);
    page_end(sheet, to);
}
