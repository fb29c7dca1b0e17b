#include "sheet/weekly.h"

#include <inttypes.h>
#include <string.h>

#include "base/markup.h"
#include "policy/civil.h"
#include "sheet/numbers.h"
#include "sheet/page.h"
#include "sheet/parts.h"
#include "sheet/words.h"

#define VISITS_MAX 100

/* ---- the first page ---- */

static void put_number_word(uint64_t count, FILE *to)
{
    static const char *const words[] = {"No",  "One",   "Two",   "Three", "Four", "Five",
                                        "Six", "Seven", "Eight", "Nine",  "Ten"};
    if (count < sizeof words / sizeof words[0])
        fputs(words[count], to);
    else
        markup_count(count, to);
}

static void put_lead(const struct sheet *sheet, FILE *to)
{
    const uint64_t shown = sheet->entry_count < SHEET_TOP_MAX ? sheet->entry_count : SHEET_TOP_MAX;
    const uint64_t waiting = parts_waiting(sheet);
    fputs("<p class=\"lead\">", to);
    if (shown == 0)
        fputs("Nothing this week asks for a closer look.", to);
    else {
        put_number_word(shown, to);
        fputs(shown == 1 ? " thing is worth a look" : " things are worth a look", to);
        fputs(sheet->entry_count > shown ? ", the most concerning of " : ".", to);
        if (sheet->entry_count > shown) {
            markup_count(sheet->entry_count, to);
            fputs(".", to);
        }
    }
    if (waiting > 0) {
        fputs(" <a href=\"#requests\">", to);
        words_count(waiting, "message", to);
        fputs(waiting == 1 ? " waits</a> for an answer." : " wait</a> for an answer.", to);
    }
    if (sheet->gap_count > 0)
        fputs(" <a href=\"#health\">Not everything was recorded.</a>", to);
    fputs("</p>\n<p>", to);
    numbers_trend(sheet, to);
    fputs(".</p>\n", to);
}

static void put_first_page(const struct sheet *sheet, FILE *to)
{
    put_lead(sheet, to);
    page_section("look", "Worth a look", to);
    parts_entries(sheet, to);
    page_section_end(to);
}

static void put_meanings(const struct sheet *sheet, FILE *to)
{
    if (sheet->entry_count == 0)
        return;
    page_section("meanings", "What it may mean", to);
    parts_meanings(sheet, to);
    page_section_end(to);
}

/* ---- all visits ---- */

static void put_visit(const struct sheet *sheet, const struct sheet_visit *visit, FILE *to)
{
    fputs("<tr><th scope=\"row\" class=\"name\">", to);
    markup_text(visit->site, to);
    fputs("</th><td>", to);
    markup_text(visit->topic, to);
    fputs(visit->blocked ? "</td><td>" : " <span class=\"soft\">(open)</span></td><td>", to);
    words_who(&visit->who, to);
    fputs("</td><td>", to);
    words_times(sheet->calendar, visit->first_s, visit->last_s, to);
    fputs("</td>", to);
    markup_figure(visit->visits, to);
    fputs("</tr>\n", to);
}

static void put_csv(const char *csv, FILE *to)
{
    if (csv == NULL)
        return;
    fputs(" All visits of a blocked category, games and social media too, are in a file for spreadsheets: <a href=\"",
          to);
    markup_text(csv, to);
    fputs("\">", to);
    markup_text(csv, to);
    fputs("</a>, if it came with this sheet.", to);
}

static void put_visits(const struct sheet *sheet, const char *csv, FILE *to)
{
    size_t count = 0;
    page_section("visits", "Everything behind it", to);
    if (sheet->visit_count == 0) {
        fputs("<p>There are no visits in a category that matters.</p>\n", to);
        page_section_end(to);
        return;
    }
    fputs("<p>The websites of the categories above and their like, with who asked and how often, those of most concern "
          "first.",
          to);
    put_csv(csv, to);
    fputs("</p>\n", to);
    markup_table("t-visits", "Visits, those of most concern first; blocked, unless it says open",
                 "website|category|who|when|#visits", to);
    for (size_t i = 0; i < sheet->visit_count && count < VISITS_MAX; i++) {
        if (!sheet->visits[i].is_concern)
            continue;
        put_visit(sheet, &sheet->visits[i], to);
        count++;
    }
    markup_table_end(to);
    if (sheet->visit_count > count) {
        fputs("<p>... and ", to);
        markup_count(sheet->visit_count - count, to);
        fputs(" more of less concern, which are in that file.</p>\n", to);
    }
    page_section_end(to);
}

/* ---- numbers ---- */

static void put_fact(const char *term, uint64_t count, FILE *to)
{
    fprintf(to, "<div><dt>%s</dt><dd>", term);
    markup_count(count, to);
    fputs("</dd></div>\n", to);
}

static void put_numbers(const struct sheet *sheet, FILE *to)
{
    page_section("numbers", "The week in numbers", to);
    fputs("<dl class=\"facts\">\n", to);
    put_fact("questions of all devices", sheet->asked, to);
    put_fact("of these blocked", sheet->blocked_questions, to);
    put_fact("blocked visits of concern", sheet->concerning, to);
    put_fact("other blocked visits", sheet->other, to);
    fputs("</dl>\n<p>Opening one page makes a device ask dozens of questions. What was asked for without a pause of "
          "ten minutes is "
          "one visit. Adverts, updates and what else programs ask for by themselves are no visits.</p>\n<div "
          "class=\"charts\">\n",
          to);
    numbers_of_days(sheet, to);
    numbers_of_topics(sheet, false, to);
    numbers_of_hours(sheet, false, to);
    numbers_of_weeks(sheet, false, to);
    fputs("</div>\n", to);
    if (sheet->machine_visits > 0) {
        fputs("<p>", to);
        words_count(sheet->machine_visits, "visit", to);
        fputs(" as regular as a program, and not a person, are in none of these numbers.</p>\n", to);
    }
    if (sheet->is_full)
        fputs("<p><strong>There was more than could be told apart.</strong> Visits of the least concern were left out "
              "of these "
              "numbers; the numbers of questions are whole.</p>\n",
              to);
    page_section_end(to);
}

/* ---- websites ---- */

static void put_top_blocked(const struct sheet *sheet, FILE *to)
{
    fputs("<h3>Blocked most often</h3>\n", to);
    if (sheet->top_blocked_count == 0) {
        fputs("<p>None was blocked.</p>\n", to);
        return;
    }
    markup_table("t-top", "Websites with the most blocked visits", "website|category|#visits|#people or devices", to);
    for (size_t i = 0; i < sheet->top_blocked_count; i++) {
        const struct sheet_site *site = &sheet->top_blocked[i];
        fputs("<tr><th scope=\"row\" class=\"name\">", to);
        markup_text(site->site, to);
        fputs("</th><td>", to);
        markup_text(site->topic, to);
        fputs("</td>", to);
        markup_figure(site->visits, to);
        markup_figure(site->askers, to);
        fputs("</tr>\n", to);
    }
    markup_table_end(to);
}

static void put_newcomer(const struct sheet *sheet, const struct sheet_site *site, FILE *to)
{
    char time[PERIOD_TEXT_MAX];
    const struct calendar_time at = calendar_local(sheet->calendar, site->first_s);
    fputs("<tr><th scope=\"row\" class=\"name\">", to);
    markup_text(site->site, to);
    fputs("</th><td class=\"n\">", to);
    if (site->askers == 0)
        fputs("one or two", to);
    else
        markup_count(site->askers, to);
    fprintf(to, "</td><td>%s</td><td>", period_day_text(at.day, time));
    markup_text(site->hint, to);
    if (site->topic[0] != '\0') {
        fputs(site->hint[0] == '\0' ? "" : "; ", to);
        markup_text(site->topic, to);
    }
    fputs("</td></tr>\n", to);
}

static void put_newly_seen(const struct sheet *sheet, FILE *to)
{
    fputs("<h3>Open, and new here</h3>\n", to);
    if (sheet->newly_unknown) {
        fputs("<p>What is new can&#39;t be told yet: nothing is known of the time before.</p>\n", to);
        return;
    }
    if (sheet->newly_seen_count == 0) {
        fputs("<p>No website that is open was asked for here for the first time.</p>\n", to);
        return;
    }
    fputs("<p>", to);
    words_count(sheet->newly_seen_all, "website", to);
    fputs(" that nobody at this school had asked for before. Most are harmless; one that many took up at once, or that "
          "looks like something "
          "else, is worth knowing.</p>\n",
          to);
    markup_table("t-new", "Websites that are new here, those worth knowing first",
                 "website|#people or devices|since|what it may be", to);
    for (size_t i = 0; i < sheet->newly_seen_count; i++)
        put_newcomer(sheet, &sheet->newly_seen[i], to);
    markup_table_end(to);
}

/* ---- who did what ---- */

static void put_changes(const struct sheet *sheet, FILE *to)
{
    char time[PERIOD_TEXT_MAX];
    fputs("<h3>What was changed</h3>\n", to);
    if (sheet->change_count == 0) {
        fputs("<p>No rule was changed, and nothing was opened, closed or paused by hand.</p>\n", to);
        return;
    }
    markup_table("t-changes", "Changes of the rules, and decisions on the spot", "when|what|by|why", to);
    for (size_t i = 0; i < sheet->change_count && i < SHEET_LISTED_MAX; i++) {
        const struct sheet_change *change = &sheet->changes[i];
        fprintf(to, "<tr><th scope=\"row\">%s</th><td>", period_time_text(sheet->calendar, change->time_s, time));
        markup_text(change->what, to);
        fputs("</td><td>", to);
        markup_text(change->by, to);
        fputs("</td><td>", to);
        markup_text(change->reason[0] == '\0' ? "no reason given" : change->reason, to);
        fputs("</td></tr>\n", to);
    }
    markup_table_end(to);
    if (sheet->change_count > SHEET_LISTED_MAX)
        fprintf(to, "<p>... and %zu more: <code>belisha ledger show</code>.</p>\n",
                sheet->change_count - SHEET_LISTED_MAX);
}

static void put_readers(const struct sheet *sheet, FILE *to)
{
    char time[PERIOD_TEXT_MAX];
    fputs("<h3>Who looked into the log</h3>\n", to);
    if (sheet->reader_count == 0) {
        fputs("<p>Nobody.</p>\n", to);
        return;
    }
    markup_table("t-readers", "Everyone who read what was asked for, and how", "who|how|#times|last", to);
    for (size_t i = 0; i < sheet->reader_count && i < SHEET_LISTED_MAX; i++) {
        const struct sheet_reader *reader = &sheet->readers[i];
        fputs("<tr><th scope=\"row\">", to);
        markup_text(reader->by, to);
        fputs("</th><td>", to);
        markup_text(reader->how, to);
        fputs("</td>", to);
        markup_figure(reader->times, to);
        fprintf(to, "<td>%s</td></tr>\n", period_time_text(sheet->calendar, reader->last_s, time));
    }
    markup_table_end(to);
}

/* ---- going on ---- */

static void put_day(int32_t day, FILE *to)
{
    const struct civil_date date = civil_date(day);
    fprintf(to, "%04d-%02d-%02d", (int)date.year, date.month, date.day);
}

static void put_follow_up(const struct sheet *sheet, FILE *to)
{
    page_section("more", "If you want to know more", to);
    fputs("<ul>\n<li>All of one person&#39;s visits, or a device&#39;s, in order of time: ask the technician for "
          "<code>belisha visits --user NAME "
          "--from ",
          to);
    put_day(sheet->period.first, to);
    fputs(" --to ", to);
    put_day(sheet->period.last + 1, to);
    fputs("</code> (or <code>--device NAME</code>). It is written down who looked, and when.</li>\n"
          "<li>Why a website is closed, and for whom: <code>belisha why WEBSITE</code>.</li>\n"
          "<li>To keep a record from being deleted while you look into it: <code>belisha log hold --days-from ",
          to);
    put_day(sheet->period.first, to);
    fputs(" --days-to ", to);
    put_day(sheet->period.last, to);
    fputs(" --reason TEXT</code>.</li>\n<li>For the police: <code>belisha log pack</code>, which signs and encrypts "
          "what it gives "
          "out.</li>\n</ul>\n",
          to);
    page_section_end(to);
}

void weekly_write(const struct sheet *sheet, const char *csv, FILE *to)
{
    static const struct page page = {
        .title = "Weekly sheet",
        .reader = "for the safeguarding lead",
        .care = "Confidential: it tells what people asked for. Keep it where safeguarding records are kept.",
    };
    static const char *const contents[] = {"look|Worth a look",
                                           "requests|Messages",
                                           "visits|Everything behind it",
                                           "numbers|The week in numbers",
                                           "sites|Websites",
                                           "health|Is everything working?",
                                           "done|Who did what",
                                           "unseen|What can&#39;t be seen",
                                           "more|If you want to know more",
                                           NULL};
    page_begin(&page, sheet, to);
    put_first_page(sheet, to);
    page_contents(contents, to);
    page_section("requests", "Messages from pupils and staff", to);
    parts_requests(sheet, to);
    page_section_end(to);
    put_meanings(sheet, to);
    put_visits(sheet, csv, to);
    put_numbers(sheet, to);
    page_section("sites", "Websites", to);
    put_top_blocked(sheet, to);
    put_newly_seen(sheet, to);
    page_section_end(to);
    page_section("health", "Is everything working?", to);
    parts_health(sheet, to);
    page_section_end(to);
    page_section("done", "Who did what", to);
    put_changes(sheet, to);
    put_readers(sheet, to);
    page_section_end(to);
    page_section("unseen", "What this sheet can&#39;t see", to);
    parts_unseen(sheet, "health", to);
    page_section_end(to);
    put_follow_up(sheet, to);
    page_end(sheet, to);
}
