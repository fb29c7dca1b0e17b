#include "sheet/daily.h"

#include "base/markup.h"
#include "sheet/page.h"
#include "sheet/parts.h"
#include "sheet/words.h"

static size_t faults(const struct sheet *sheet)
{
    size_t count = (sheet->origin.state[0] != '\0') + (sheet->gap_count > 0) + (sheet->origin.damaged_blocks > 0) +
                   (sheet->origin.verified && sheet->origin.verify_faults > 0) + (sheet->feed_count == 0);
    for (size_t i = 0; i < sheet->feed_count; i++)
        count += sheet->feeds[i].is_trouble;
    for (size_t i = 0; i < sheet->check_count; i++)
        count += !sheet->checks[i].good;
    return count;
}

static void put_lead(const struct sheet *sheet, FILE *to)
{
    const size_t count = faults(sheet), waiting = (size_t)parts_waiting(sheet);
    fputs("<p class=\"lead\">", to);
    if (sheet->entry_count == 0)
        fputs("Nothing asks for a closer look.", to);
    else {
        words_count(sheet->entry_count, "thing", to);
        fputs(sheet->entry_count == 1 ? " is" : " are", to);
        fputs(" worth a look.", to);
    }
    if (waiting > 0) {
        fputs(" <a href=\"#requests\">", to);
        words_count(waiting, "message", to);
        fputs(waiting == 1 ? " waits</a> for an answer." : " wait</a> for an answer.", to);
    }
    if (count > 0) {
        fputs(" <a href=\"#health\">", to);
        words_count(count, "fault", to);
        fputs(count == 1 ? "</a> wants mending." : "</a> want mending.", to);
    } else {
        fputs(" Everything was working.", to);
    }
    fputs("</p>\n", to);
}

static void put_alerts(const struct sheet *sheet, FILE *to)
{
    page_section("alerts", "Alerts", to);
    fputs(sheet->alert_count > 0 ? "<ul>\n"
          : sheet->alerts_off    ? "<p>None: alerts are not set up here, or there has never been one.</p>\n"
                                 : "<p>None.</p>\n",
          to);
    for (size_t i = 0; i < sheet->alert_count && i < SHEET_LISTED_MAX; i++) {
        fputs("<li>", to);
        markup_text(sheet->alerts[i], to);
        fputs("</li>\n", to);
    }
    if (sheet->alert_count > 0)
        fputs("</ul>\n", to);
    if (sheet->alert_count > SHEET_LISTED_MAX)
        fprintf(to, "<p>... and %zu more.</p>\n", sheet->alert_count - SHEET_LISTED_MAX);
    page_section_end(to);
}

void daily_write(const struct sheet *sheet, FILE *to)
{
    static const struct page page = {
        .title = "Daily sheet",
        .reader = "for the morning's look",
        .care = "Confidential: it tells what people asked for. The weekly sheet has the whole picture.",
    };
    page_begin(&page, sheet, to);
    put_lead(sheet, to);
    page_section("look", "Worth a look", to);
    parts_entries(sheet, to);
    page_section_end(to);
    put_alerts(sheet, to);
    page_section("requests", "Messages from pupils and staff", to);
    parts_requests(sheet, to);
    page_section_end(to);
    page_section("health", "Is everything working?", to);
    parts_health(sheet, to);
    page_section_end(to);
    page_end(sheet, to);
}
