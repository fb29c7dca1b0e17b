#include "sheet/parts.h"

#include <string.h>

#include "base/markup.h"
#include "qlog/record.h"
#include "sheet/page.h"
#include "sheet/words.h"

/* ---- entries ---- */

/* Of what is on a statutory list there is a number, and the rest of its text says nothing. */
static void put_site(const struct sheet_entry *entry, const char *site, FILE *to)
{
    char number[64];
    fputs("<span class=\"site\">", to);
    snprintf(number, sizeof number, "%.*s", (int)strcspn(site, "."), site);
    markup_text(entry->statutory ? number : site, to);
    fputs("</span>", to);
}

static void put_sites(const struct sheet_entry *entry, FILE *to)
{
    const size_t named = entry->site_count < SHEET_SITES_MAX ? entry->site_count : SHEET_SITES_MAX;
    for (size_t i = 0; i < named; i++) {
        fputs(i == 0 ? "" : ", ", to);
        put_site(entry, entry->sites[i], to);
    }
    if (entry->site_count > named) {
        fputs(" and ", to);
        words_count(entry->site_count - named, "other", to);
    }
}

static void put_who(const struct sheet_who *who, FILE *to)
{
    words_who(who, to);
    if (who->year[0] != '\0') {
        const bool is_number = who->year[strspn(who->year, "0123456789")] == '\0';
        fputs(is_number ? " <span class=\"soft\">(year " : " <span class=\"soft\">(", to);
        markup_text(who->year, to);
        fputs(")</span>", to);
    }
    if (who->group[0] != '\0') {
        fputs(" <span class=\"soft\">in ", to);
        markup_text(who->group, to);
        fputs("</span>", to);
    }
}

static void put_how_often(const struct sheet *sheet, const struct sheet_entry *entry, FILE *to)
{
    words_times(sheet->calendar, entry->first_s, entry->last_s, to);
    fputs("<br>", to);
    if (entry->days > entry->visits) /* it never stopped for long enough to begin anew */
        fputs("without a pause", to);
    else
        words_count(entry->visits, "visit", to);
    if (entry->days > 1) {
        fputs(entry->site_count > 1 ? " on at least " : " on ", to);
        words_count(entry->days, "day", to);
    }
    bool single = entry->visits == 1 && entry->days <= 1;
    fputs(!entry->blocked ? ", <strong>open to them</strong>" : single ? ", blocked" : ", all blocked", to);
}

/* What was said of an entry above is not said again. */
static bool was_said(const struct sheet *sheet, size_t i, size_t *out_where)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(sheet->entries[k].advice, sheet->entries[i].advice) == 0) {
            *out_where = k;
            return true;
        }
    return false;
}

static void put_advice(const struct sheet *sheet, size_t i, FILE *to)
{
    size_t where;
    fputs("<dt>What you can do</dt><dd>", to);
    if (was_said(sheet, i, &where))
        fprintf(to, "As for number %zu.", where + 1);
    else
        markup_text(sheet->entries[i].advice, to);
    fputs("</dd>", to);
}

static void put_reasons(const struct sheet_entry *entry, FILE *to)
{
    fputs("<dt>Why it is here</dt><dd>", to);
    for (size_t i = 0; i < SHEET_REASONS_MAX && entry->reasons[i] != NULL; i++) {
        fputs(i == 0 ? "" : "; ", to);
        markup_text(entry->reasons[i], to);
    }
    fputs(".</dd>", to);
}

static void put_entry(const struct sheet *sheet, size_t i, FILE *to)
{
    const struct sheet_entry *entry = &sheet->entries[i];
    fputs("<li>\n<h3>", to);
    markup_text(entry->topic, to);
    fputs("</h3>\n<p class=\"who\">", to);
    put_who(&entry->who, to);
    fputs("</p>\n<dl>\n<div><dt>", to);
    fputs(entry->statutory ? "Number on the list" : entry->site_count == 1 ? "Website" : "Websites", to);
    fputs("</dt><dd>", to);
    put_sites(entry, to);
    fputs("</dd></div>\n<div><dt>When, how often</dt><dd>", to);
    put_how_often(sheet, entry, to);
    fputs("</dd></div>\n<div>", to);
    put_reasons(entry, to);
    fputs("</div>\n<div class=\"advice\">", to);
    put_advice(sheet, i, to);
    fputs("</div>\n</dl>\n</li>\n", to);
}

void parts_entries(const struct sheet *sheet, FILE *to)
{
    const size_t count = sheet->entry_count < SHEET_TOP_MAX ? sheet->entry_count : SHEET_TOP_MAX;
    if (count == 0) {
        fputs("<p class=\"quiet\">Nothing was asked for that belongs here. That is what a quiet time looks like; it is "
              "also what it "
              "looks like when nothing is recorded, so please glance at <a href=\"#health\">Is everything "
              "working?</a></p>\n",
              to);
        return;
    }
    fputs("<p>Each entry says that a device <em>asked for</em> a website. It does not say that a page was seen, or "
          "meant: a "
          "picture, an advert or a message can ask too. It is a reason to look, not a finding.</p>\n<ol "
          "class=\"entries\">\n",
          to);
    for (size_t i = 0; i < count; i++)
        put_entry(sheet, i, to);
    fputs("</ol>\n", to);
}

static bool was_explained(const struct sheet *sheet, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(sheet->entries[k].topic, sheet->entries[i].topic) == 0)
            return true;
    return false;
}

void parts_meanings(const struct sheet *sheet, FILE *to)
{
    const size_t count = sheet->entry_count < SHEET_TOP_MAX ? sheet->entry_count : SHEET_TOP_MAX;
    if (count == 0)
        return;
    fputs("<dl class=\"meanings\">\n", to);
    for (size_t i = 0; i < count; i++) {
        if (was_explained(sheet, i))
            continue;
        fputs("<div><dt>", to);
        markup_text(sheet->entries[i].topic, to);
        fputs("</dt><dd>", to);
        markup_text(sheet->entries[i].means, to);
        fputs("</dd></div>\n", to);
    }
    fputs("</dl>\n", to);
}

/* ---- requests ---- */

uint64_t parts_waiting(const struct sheet *sheet)
{
    uint64_t waiting = 0;
    for (size_t i = 0; i < sheet->request_count; i++)
        waiting += sheet->requests[i].answered_s == 0;
    return waiting;
}

static void put_request(const struct sheet *sheet, const struct sheet_request *request, FILE *to)
{
    char time[PERIOD_TEXT_MAX];
    const bool unblock = request->kind == SHEET_UNBLOCK;
    fprintf(to, "<tr><th scope=\"row\">%s</th><td>", unblock ? "please open" : "something was seen");
    markup_text(request->site[0] != '\0' ? request->site : request->about[0] != '\0' ? request->about : "not said", to);
    fputs("</td><td class=\"words\">", to);
    markup_text(request->words[0] == '\0' ? "(no words)" : request->words, to);
    if (request->name[0] != '\0') {
        fputs(" <span class=\"soft\">signed ", to);
        markup_text(request->name, to);
        fputs("</span>", to);
    }
    fprintf(to, "</td><td>%s</td><td>", period_time_text(sheet->calendar, request->time_s, time));
    if (request->answered_s == 0) {
        fputs("<strong>waiting</strong>, for ", to);
        words_span(sheet->origin.made_s - request->time_s, to);
    } else {
        markup_text(request->answer, to);
        fputs(" after ", to);
        words_span(request->answered_s - request->time_s, to);
        fputs(" by ", to);
        markup_text(request->answered_by, to);
    }
    fputs("</td></tr>\n", to);
}

void parts_requests(const struct sheet *sheet, FILE *to)
{
    const uint64_t waiting = parts_waiting(sheet);
    if (sheet->request_count == 0) {
        fputs("<p>Nobody has asked for a website to be opened, or told the school of one that should be closed.</p>\n",
              to);
        return;
    }
    fputs("<p>", to);
    words_count(sheet->request_count, "message", to);
    if (waiting > 0) {
        fputs("; <strong>", to);
        markup_count(waiting, to);
        fputs(waiting == 1 ? " waits for an answer</strong>. " : " wait for an answer</strong>. ", to);
    } else {
        fputs(", all answered. ", to);
    }
    fputs("A name is only what somebody typed.</p>\n", to);
    markup_table("t-requests", "What people told the school through the notice page, the newest first",
                 "what|website or matter|their words|when|answer", to);
    for (size_t i = 0; i < sheet->request_count && i < SHEET_LISTED_MAX; i++)
        put_request(sheet, &sheet->requests[i], to);
    markup_table_end(to);
    if (waiting > 0)
        fputs("<p>An answer is a decision (<code>belisha allow</code>, <code>belisha block</code>), or a word for the "
              "record: <code>belisha inbox "
              "answer NUMBER --reason TEXT</code>. <code>belisha inbox list</code> has the numbers.</p>\n",
              to);
}

/* ---- is everything working? ---- */

void parts_feeds(const struct sheet *sheet, FILE *to)
{
    size_t trouble = 0;
    for (size_t i = 0; i < sheet->feed_count; i++)
        trouble += sheet->feeds[i].is_trouble;
    if (sheet->feed_count == 0) {
        fputs("<p><strong>There is no record of the blocklists.</strong> Ask the technician whether they are brought "
              "up to date.</p>\n",
              to);
        return;
    }
    fputs("<p>Of ", to);
    words_count(sheet->feed_count, "blocklist", to);
    if (trouble == 0)
        fputs(" all are up to date.</p>\n", to);
    else
        fprintf(to, ", <strong>%zu want%s a look</strong>.</p>\n", trouble, trouble == 1 ? "s" : "");
    markup_table("t-feeds", "Blocklists, and how old they were when this was made", "list|state|#age|what is wrong",
                 to);
    for (size_t i = 0; i < sheet->feed_count; i++) {
        const struct sheet_feed *feed = &sheet->feeds[i];
        fputs("<tr><th scope=\"row\">", to);
        markup_text(feed->name, to);
        fprintf(to, "</th><td>%s", feed->is_trouble ? "<strong>" : "");
        markup_text(feed->state, to);
        fprintf(to, "%s</td><td class=\"n\">", feed->is_trouble ? "</strong>" : "");
        if (feed->age_s < 0)
            fputs("no copy", to);
        else
            markup_age(feed->age_s, to);
        fputs("</td><td>", to);
        markup_text(feed->problem, to);
        fputs("</td></tr>\n", to);
    }
    markup_table_end(to);
}

void parts_checks(const struct sheet *sheet, FILE *to)
{
    char time[PERIOD_TEXT_MAX];
    if (sheet->check_count == 0) {
        fputs("<p>No check is on record for this time.</p>\n", to);
        return;
    }
    markup_table("t-checks", "Checks that were done, the newest first", "when|what|result", to);
    for (size_t i = 0; i < sheet->check_count && i < SHEET_LISTED_MAX; i++) {
        const struct sheet_check *check = &sheet->checks[i];
        fprintf(to, "<tr><th scope=\"row\">%s</th><td>", period_time_text(sheet->calendar, check->time_s, time));
        markup_text(check->what, to);
        fputs(check->good ? "</td><td>" : "</td><td><strong>", to);
        markup_text(check->result, to);
        fputs(check->good ? "</td></tr>\n" : "</strong></td></tr>\n", to);
    }
    markup_table_end(to);
}

uint64_t parts_lost(const struct sheet *sheet)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < sheet->gap_count; i++)
        lost += sheet->gaps[i].lost;
    return lost;
}

void parts_gaps(const struct sheet *sheet, FILE *to)
{
    if (sheet->gap_count == 0) {
        fputs("<p>The log has no gap in this time.</p>\n", to);
        return;
    }
    fputs("<p><strong>Not everything was recorded.</strong> What happened in these times is not on this "
          "sheet:</p>\n<ul>\n",
          to);
    for (size_t i = 0; i < sheet->gap_count && i < SHEET_LISTED_MAX; i++) {
        const struct sheet_gap *gap = &sheet->gaps[i];
        fputs("<li>", to);
        words_times(sheet->calendar, gap->from_s, gap->to_s, to);
        if (gap->lost > 0) {
            fputs(": ", to);
            words_count(gap->lost, "question", to);
            fputs(" could not be written down</li>\n", to);
        } else {
            fputs(": nothing at all was asked, in school hours; the filter may have been off or gone round</li>\n", to);
        }
    }
    fputs("</ul>\n", to);
    if (sheet->gap_count > SHEET_LISTED_MAX)
        fprintf(to, "<p>... and %zu more.</p>\n", sheet->gap_count - SHEET_LISTED_MAX);
}

/* What was there and could not be read is missing here without a trace, if nobody says so. */
static void put_books(const struct sheet_origin *o, FILE *to)
{
    if (o->ledger_unread)
        fputs("<p><strong>The ledger could not be read</strong>: who did what, and which messages were answered, is "
              "not known here.</p>\n",
              to);
    if (o->inbox_unread)
        fputs("<p><strong>The messages of the notice page could not be read</strong>, and are not on this sheet.</p>\n",
              to);
    if (o->ledger_faults > 0) {
        fputs("<p><strong>The ledger has ", to);
        words_count(o->ledger_faults, "line", to);
        fputs(" that do not fit</strong>: ask the technician for <code>belisha ledger verify</code>.</p>\n", to);
    }
}

void parts_health(const struct sheet *sheet, FILE *to)
{
    const struct sheet_origin *o = &sheet->origin;
    if (o->state[0] == '\0') {
        fputs("<p>When this was made the filter was answering, and had nothing to complain of.</p>\n", to);
    } else {
        fputs("<p><strong>When this was made: ", to);
        markup_text(o->state, to);
        fputs(".</strong></p>\n", to);
    }
    parts_gaps(sheet, to);
    put_books(o, to);
    if (o->damaged_blocks > 0) {
        fputs("<p><strong>", to);
        words_count(o->damaged_blocks, "block", to);
        fputs(" of the log could not be read</strong> and are not on this sheet. Ask the technician to run "
              "<code>belisha log "
              "verify</code>.</p>\n",
              to);
    }
    if (o->closed_blocks > 0)
        fputs("<p>For part of this time it is no longer kept who asked, as the school&#39;s retention says: numbers "
              "are whole, names "
              "are not.</p>\n",
              to);
    parts_feeds(sheet, to);
    parts_checks(sheet, to);
}

/* ---- what can't be seen ---- */

static void put_graded(const struct sheet *sheet, FILE *to)
{
    const uint64_t named =
        sheet->graded[QLOG_GRADE_USER] + sheet->graded[QLOG_GRADE_LOGON] + sheet->graded[QLOG_GRADE_LOAN];
    const uint64_t device = sheet->graded[QLOG_GRADE_DEVICE], address = sheet->graded[QLOG_GRADE_ADDRESS];
    const uint64_t all = named + device + address;
    if (all == 0)
        return;
    fprintf(to,
            "<li><strong>Who it was</strong>, unless they had signed in. Of every 100 questions, %.0f came with a "
            "person&#39;s "
            "name, %.0f with that of a device only, and %.0f with an address and nothing more.</li>\n",
            (double)named * 100 / (double)all, (double)device * 100 / (double)all, (double)address * 100 / (double)all);
}

void parts_unseen(const struct sheet *sheet, const char *gaps, FILE *to)
{
    fputs("<p>Belisha hears a device ask &ldquo;where is this website?&rdquo;, and nothing after that. So nobody can "
          "tell from it:</p>\n<ul>\n"
          "<li><strong>What was typed, searched for, read or sent.</strong> A search for something worrying looks like "
          "any other "
          "search.</li>\n"
          "<li><strong>Which page of a website it was.</strong> One worrying video on a large video site looks like "
          "every other "
          "visit there.</li>\n"
          "<li><strong>How long somebody stayed.</strong> A device remembers an address for a while and does not ask "
          "again, so "
          "&ldquo;how often&rdquo; means at least so often.</li>\n",
          to);
    put_graded(sheet, to);
    fputs(
        "<li><strong>What goes another way:</strong> phones on mobile data, other networks, devices at home, and apps "
        "that bring "
        "their own encrypted DNS or VPN. Known ones are blocked and stand here as &ldquo;ways around the "
        "filter&rdquo;; unknown ones "
        "can&#39;t be seen.</li>\n"
        "<li><strong>Calls for help.</strong> Questions to Childline and other help services are never put down to "
        "anybody, and are "
        "on no sheet, not even as a number. That is so by design: a child must be able to ask for help unseen.</li>\n",
        to);
    if (sheet->gap_count > 0)
        fprintf(to,
                "<li><p><strong>What was not recorded</strong>, of which there is more <a "
                "href=\"#%s\">above</a>.</p></li>\n",
                gaps);
    fputs("</ul>\n", to);
}
