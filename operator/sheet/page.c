#include "sheet/page.h"

#include <inttypes.h>
#include <string.h>

#include "base/markup.h"
#include "sheet/chart.h"
#include "sheet/words.h"

void page_begin(const struct page *page, const struct sheet *sheet, FILE *to)
{
    char title[PERIOD_TEXT_MAX];
    period_title(&sheet->period, title);
    fprintf(to,
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<meta name=\"robots\" content=\"noindex\">\n<title>%s, %s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
            page->title, title, sheet_style);
    fputs("<a class=\"skip\" href=\"#main\">Skip to the sheet</a>\n", to);
    chart_defs(to);
    fputs("<header>\n", to);
    if (sheet->school[0] != '\0') {
        fputs("<p class=\"school\">", to);
        markup_text(sheet->school, to);
        fputs("</p>\n", to);
    }
    fprintf(to,
            "<h1>%s <span>%s</span></h1>\n<p class=\"period\">%s%s</p>\n<p class=\"care\">%s</p>\n</header>\n<main "
            "id=\"main\">\n",
            page->title, page->reader, title, sheet->period.is_over ? "" : " (so far)", page->care);
}

/* ---- how it was made ---- */

static void put_rows(const struct sheet *sheet, FILE *to)
{
    const struct sheet_origin *o = &sheet->origin;
    fputs("from ", to);
    words_count(o->rows, "question", to);
    fputs(" of the log", to);
    if (o->node[0] != '\0') {
        fputs(" of ", to);
        markup_text(o->node, to);
    }
    if (o->last_segment > 0)
        fprintf(to, ", segments %" PRIu64 " to %" PRIu64 ". Chain value of the last: <code>%s</code>", o->first_segment,
                o->last_segment, o->chain);
    fputs(".", to);
}

static void put_verified(const struct sheet_origin *o, FILE *to)
{
    if (!o->verified)
        fputs(" The log was not checked when this was made; <code>belisha log verify</code> does.", to);
    else if (o->verify_faults > 0)
        fprintf(to,
                " <strong>The log was checked and has %" PRIu64
                " faults</strong>: <code>belisha log verify</code> names them.",
                o->verify_faults);
    else
        fprintf(to, " The whole log was checked: nothing in it was changed or taken out%s.",
                o->signed_segments > 0 ? ", and its segments are signed" : "");
}

void page_end(const struct sheet *sheet, FILE *to)
{
    const struct sheet_origin *o = &sheet->origin;
    char time[PERIOD_TEXT_MAX];
    fprintf(to, "</main>\n<footer>\n<h2>How this sheet was made</h2>\n<p>On %s by ",
            period_time_text(sheet->calendar, o->made_s, time));
    markup_text(o->by, to);
    fprintf(to, " with Belisha %s, ", o->version);
    put_rows(sheet, to);
    put_verified(o, to);
    if (o->policy[0] != '\0') {
        fputs(" Policy in force: ", to);
        markup_text(o->policy, to);
        fprintf(to, "; blocklist: generation %" PRIu64 ".", o->generation);
    }
    fputs(" That it was made is written down in the ledger. Times are those of the school&#39;s "
          "clocks.</p>\n</footer>\n</body>\n</html>\n",
          to);
}

/* ---- parts ---- */

void page_section(const char *id, const char *heading, FILE *to)
{
    fprintf(to, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, heading);
}

void page_section_end(FILE *to)
{
    fputs("</section>\n", to);
}

void page_contents(const char *const rows[], FILE *to)
{
    fputs("<nav aria-label=\"On this sheet\"><ul>\n", to);
    for (; *rows != NULL; rows++) {
        const size_t id = strcspn(*rows, "|");
        fprintf(to, "<li><a href=\"#%.*s\">%s</a></li>\n", (int)id, *rows, *rows + id + 1);
    }
    fputs("</ul></nav>\n", to);
}
