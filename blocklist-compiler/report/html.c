/*
 * The report as a page. The order is that of somebody who has two minutes: what came of the run, what wants a look, what
 * changed; then what the feeds are like, and what the run cost.
 */
#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "base/markup.h"
#include "report/report.h"
#include "report/statutory.h"
#include "report/style.h"

#define POPULAR_MAX 200 /* rows; the JSON form has more */

static void put_categories(uint64_t mask, FILE *to)
{
    const char *before = "";
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if ((mask >> i & 1) == 0 || category_name(i) == NULL)
            continue;
        fprintf(to, "%s%s", before, category_name(i));
        before = ", ";
    }
}

/* States are words; those that want a look are bold, too. */
static void put_state(enum report_feed_state state, FILE *to)
{
    bool bad = state == REPORT_FEED_STALE || state == REPORT_FEED_MISSING;
    fprintf(to, bad ? "<span class=\"bad\">%s</span>" : "%s", report_feed_state_name(state));
}

/* ---- head ---- */

static void put_head(const struct report *report, FILE *to)
{
    fprintf(to,
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<title>Blocklist report: %s, generation %" PRIu64 "</title>\n<style>\n%s</style>\n</head>\n<body>\n",
            report_outcome_name(report->outcome), report->generation, report_style);
    fputs("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n<h1>Blocklist report</h1>\n", to);
    fprintf(to, "<p class=\"outcome%s\">", report->outcome == REPORT_FAILED ? " failed" : "");
    switch (report->outcome) {
    case REPORT_PUBLISHED:
        fprintf(to, "Published: generation %" PRIu64, report->generation);
        break;
    case REPORT_UNCHANGED:
        fprintf(to, "Unchanged: no feed says anything new, generation %" PRIu64 " stays", report->generation);
        break;
    case REPORT_FAILED:
        fputs("Not published: ", to);
        markup_text(report->why, to);
        break;
    }
    fputs("</p>\n<p class=\"soft\">", to);
    markup_time(report->now_s, to);
    fprintf(to, ", Belisha %s</p>\n</header>\n", BELISHA_VERSION);
}

static void put_contents(const struct report *report, FILE *to)
{
    static const struct {
        const char *id, *title;
        bool published;
    } rows[] = {
        {"look", "What wants a look", false},        {"popular", "Popular names", true},
        {"categories", "Categories", true},          {"changes", "What changed", true},
        {"statutory", "Statutory lists", false},     {"feeds", "Feeds", false},
        {"common", "Feeds in common", true},         {"refused", "What was refused", false},
        {"flagged", "Whole sites of others", false}, {"judged", "Judged by", false},
        {"cost", "Cost of the run", false},
    };
    fputs("<nav aria-label=\"Contents\"><ul>\n", to);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool absent = report->statutory == NULL && strcmp(rows[i].id, "statutory") == 0;
        if (!absent && (!rows[i].published || report->outcome == REPORT_PUBLISHED))
            fprintf(to, "<li><a href=\"#%s\">%s</a></li>\n", rows[i].id, rows[i].title);
    }
    fputs("</ul></nav>\n<main id=\"main\">\n", to);
}

static void put_fact(const char *term, uint64_t count, FILE *to)
{
    fprintf(to, "<div><dt>%s</dt><dd>", term);
    markup_count(count, to);
    fputs("</dd></div>\n", to);
}

static void put_facts(const struct report *report, FILE *to)
{
    fputs("<dl class=\"facts\">\n", to);
    if (report->outcome == REPORT_PUBLISHED) {
        put_fact("names in the list", report->all.names, to);
        put_fact("names added", report->all.added, to);
        put_fact("names removed", report->all.removed, to);
    }
    put_fact("feeds", report->feed_count, to);
    if (report->outcome == REPORT_PUBLISHED) {
        put_fact("rules of all feeds", report->rules, to);
        fputs("<div><dt>size of the file</dt><dd>", to);
        markup_bytes(report->file_bytes, to);
        fputs("</dd></div>\n", to);
    }
    fprintf(to, "<div><dt>time</dt><dd>%.1f s</dd></div>\n</dl>\n", (double)report->elapsed_ms / 1000);
}

/* ---- what wants a look ---- */

static size_t put_troubled_feeds(const struct report *report, FILE *to)
{
    size_t count = 0;
    for (size_t i = 0; i < report->feed_count; i++) {
        const struct report_feed *feed = &report->feeds[i];
        if (feed->why[0] == '\0' && feed->state != REPORT_FEED_STALE && feed->state != REPORT_FEED_MISSING)
            continue;
        fputs("<li>The feed <strong>", to);
        markup_text(feed->name, to);
        fputs("</strong> is ", to);
        put_state(feed->state, to);
        fputs(feed->why[0] == '\0' ? "" : ": ", to);
        markup_text(feed->why, to);
        if (feed->state == REPORT_FEED_STALE) {
            fputs("; the copy that is used is ", to);
            markup_age(report->now_s - feed->fetched_s, to);
            fputs(" old", to);
        }
        fputs(".</li>\n", to);
        count++;
    }
    return count;
}

static size_t put_troubled_references(const struct report *report, FILE *to)
{
    size_t count = 0;
    for (size_t i = 0; i < REPORT_REFERENCES; i++) {
        const struct report_reference *row = report->references[i];
        if (row == NULL || row->why[0] == '\0')
            continue;
        fprintf(to, "<li>The list of %s is ", row->name);
        put_state(row->state, to);
        fputs(": ", to);
        markup_text(row->why, to);
        fputs(".</li>\n", to);
        count++;
    }
    return count;
}

static uint64_t flagged_of(const struct report_feed *feed)
{
    return feed->stats == NULL ? 0 : feed->stats->flagged[FLAG_PRIVATE_SUFFIX];
}

static size_t put_flagged_line(const struct report *report, FILE *to)
{
    uint64_t rules = 0;
    size_t feeds = 0;
    for (size_t i = 0; i < report->feed_count; i++) {
        rules += flagged_of(&report->feeds[i]);
        feeds += flagged_of(&report->feeds[i]) > 0;
    }
    if (rules == 0)
        return 0;
    fputs("<li><a href=\"#flagged\">", to);
    markup_count(rules, to);
    fprintf(to, " %s of %zu %s</a> %s everything below a name under which others have their sites.</li>\n",
            rules == 1 ? "rule" : "rules", feeds, feeds == 1 ? "feed" : "feeds", rules == 1 ? "covers" : "cover");
    return 1;
}

static void put_look(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"look\">What wants a look</h2>\n<ul>\n", to);
    size_t count = put_troubled_feeds(report, to) + put_troubled_references(report, to) + put_flagged_line(report, to);
    if (report->popular_new > 0) {
        fprintf(to, "<li><a href=\"#popular\">%zu popular %s</a> %s blocked that %s not blocked before.</li>\n",
                report->popular_new, report->popular_new == 1 ? "name" : "names",
                report->popular_new == 1 ? "is" : "are", report->popular_new == 1 ? "was" : "were");
        count++;
    }
    if (report->statutory != NULL && report_statutory_is_alarm(report->statutory)) {
        fputs("<li>The <a href=\"#statutory\">statutory lists</a> want a look.</li>\n", to);
        count++;
    }
    fputs(count == 0 ? "<li>Nothing: all feeds have good copies, and no popular name is newly blocked.</li>\n</ul>\n"
                     : "</ul>\n",
          to);
}

/* ---- the list ---- */

static void put_popular_row(const struct report *report, const struct report_popular *row, FILE *to)
{
    fputs("<tr><th scope=\"row\">", to);
    markup_text(row->name, to);
    fputs(row->new_categories != 0 ? " <span class=\"new\">new</span></th>" : "</th>", to);
    fprintf(to, "<td class=\"n\">%" PRIu32 "%s</td><td>", row->rank, row->ours ? " *" : "");
    put_categories(row->categories, to);
    fputs("</td><td class=\"name\">", to);
    if (row->by == NULL)
        fputs("a pattern", to);
    else if (strcmp(row->by, row->name) == 0)
        fputs("itself", to);
    else
        markup_text(row->by, to);
    fputs("</td><td class=\"name\">", to);
    for (unsigned i = 0; i < row->feed_count; i++) {
        fputs(i == 0 ? "" : ", ", to);
        markup_text(report->feeds[row->feeds[i]].name, to);
    }
    fputs("</td></tr>\n", to);
}

static void put_popular(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"popular\">Popular names</h2>\n<p>A list of social media blocks popular names rightly; a list of "
          "malware does so by mistake. Levels decide which categories are blocked for whom.</p>\n",
          to);
    if (report->popular_count == 0) {
        fputs("<p>The list blocks none of them.</p>\n", to);
        return;
    }
    markup_table("t-popular",
                 "Popular names that the list blocks, new ones first. Rank 1 is the most popular; * of the list that "
                 "Belisha ships",
                 "name|#rank|categories|listed as|feeds", to);
    for (size_t i = 0; i < report->popular_count && i < POPULAR_MAX; i++)
        put_popular_row(report, &report->popular[i], to);
    markup_table_end(to);
    if (report->popular_count > POPULAR_MAX)
        fprintf(to, "<p>... and %zu more.</p>\n", report->popular_count - POPULAR_MAX);
}

static void put_count(const char *name, const struct report_count *count, FILE *to)
{
    if (count->names == 0 && count->added == 0 && count->removed == 0)
        return;
    fprintf(to, "<tr><th scope=\"row\">%s</th>", name);
    markup_figure(count->names, to);
    markup_figure(count->added, to);
    markup_figure(count->removed, to);
    fputs("</tr>\n", to);
}

static void put_list(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"categories\">Categories</h2>\n", to);
    markup_table("t-categories",
                 report->previous == 0 ? "Names by category; there is no generation before to compare with"
                                       : "Names by category, and what changed since the generation before",
                 "category|#names|#added|#removed", to);
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if (category_name(i) != NULL)
            put_count(category_name(i), &report->categories[i], to);
    }
    put_count("all", &report->all, to);
    markup_table_end(to);
}

static void put_changed_names(const char *title, const struct report_change *rows, unsigned count, FILE *to)
{
    if (count == 0)
        return;
    fprintf(to, "<p>%s:</p>\n<ul class=\"columns\">\n", title);
    for (unsigned i = 0; i < count; i++) {
        fputs("<li>", to);
        markup_text(rows[i].name, to);
        if (rows[i].rank > 0)
            fprintf(to, " <strong>(popular, rank %" PRIu32 ")</strong>", rows[i].rank);
        fputs("</li>\n", to);
    }
    fputs("</ul>\n", to);
}

static bool any_change(const struct report *report)
{
    for (unsigned i = 0; i < CATEGORY_MAX; i++)
        if (report->changes[i].added_count + report->changes[i].removed_count > 0)
            return true;
    return false;
}

static void put_changes(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"changes\">What changed</h2>\n", to);
    if (report->changes == NULL) {
        fputs("<p>This is the first generation.</p>\n", to);
        return;
    }
    if (!any_change(report)) {
        fprintf(to, "<p>No name has changed since generation %" PRIu64 ".</p>\n", report->previous);
        return;
    }
    fprintf(to, "<p>Since generation %" PRIu64 ": up to %d names of each category, popular ones first.</p>\n",
            report->previous, REPORT_CHANGES_MAX);
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        const struct report_changes *row = &report->changes[i];
        if (category_name(i) == NULL || row->added_count + row->removed_count == 0)
            continue;
        fprintf(to, "<h3>%s</h3>\n", category_name(i));
        put_changed_names("Added", row->added, row->added_count, to);
        put_changed_names("Removed", row->removed, row->removed_count, to);
    }
}

/* ---- the feeds ---- */

static void put_feed(const struct report *report, const struct report_feed *feed, FILE *to)
{
    fputs("<tr><th scope=\"row\">", to);
    markup_text(feed->name, to);
    fprintf(to, "</th><td>%s</td><td>", feed->format);
    put_state(feed->state, to);
    fputs("</td><td class=\"n\">", to);
    if (feed->state == REPORT_FEED_MISSING)
        fputs("none", to);
    else
        markup_age(report->now_s - feed->fetched_s, to);
    fputs("</td><td>", to);
    markup_text(feed->licence[0] == '\0' ? "not said" : feed->licence, to);
    fputs("</td><td>", to);
    put_categories(feed->categories, to);
    fputs("</td>", to);
    if (feed->stats == NULL) {
        fputs("<td colspan=\"4\">not read</td></tr>\n", to);
        return;
    }
    markup_figure(feed->stats->blocks, to);
    markup_figure(feed->stats->allows, to);
    markup_figure(feed_stats_refused_total(feed->stats), to);
    markup_figure(feed->popular, to);
    fputs("</tr>\n", to);
}

static void put_feeds(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"feeds\">Feeds</h2>\n", to);
    markup_table("t-feeds", "Every feed of the recipe: its copy, and what reading it came to",
                 "feed|format|copy|#age|licence|categories|#rules|#exceptions|#refused|#popular names", to);
    for (size_t i = 0; i < report->feed_count; i++)
        put_feed(report, &report->feeds[i], to);
    markup_table_end(to);
}

static void put_common_row(const struct report *report, const struct report_feed *feed, FILE *to)
{
    const struct report_overlap *row = &feed->overlap;
    fputs("<tr><th scope=\"row\">", to);
    markup_text(feed->name, to);
    fputs("</th>", to);
    markup_figure(row->names, to);
    markup_figure(row->only, to);
    fprintf(to, "<td class=\"n\">%.0f %%</td><td class=\"name\">",
            row->names == 0 ? 0 : 100 * (double)(row->names - row->only) / (double)row->names);
    for (size_t i = 0; i < REPORT_SHARED_MAX && row->shared[i].names > 0; i++) {
        fputs(i == 0 ? "" : ", ", to);
        markup_text(report->feeds[row->shared[i].feed].name, to);
        fputc(' ', to);
        markup_count(row->shared[i].names, to);
    }
    fputs("</td></tr>\n", to);
}

static void put_common(const struct report *report, FILE *to)
{
    fputs(
        "<h2 id=\"common\">Feeds in common</h2>\n<p>Names as the list has them: one that a listed parent covers counts "
        "with the parent. A feed with few names of its own could be left out.</p>\n",
        to);
    markup_table("t-common", "What feeds have in common", "feed|#names|#only here|#elsewhere too|most with", to);
    for (size_t i = 0; i < report->feed_count; i++)
        put_common_row(report, &report->feeds[i], to);
    markup_table_end(to);
}

/* ---- refusals ---- */

static void put_samples(const struct feed_samples *samples, FILE *to)
{
    fputs("<td><ul>", to);
    for (unsigned i = 0; samples != NULL && i < samples->count; i++) {
        fputs("<li><code>", to);
        markup_text(samples->rows[i].text, to);
        fputs("</code> <span class=\"soft\">", to);
        markup_text(samples->rows[i].file, to);
        fprintf(to, ", line %" PRIu32 "</span></li>", samples->rows[i].line);
    }
    fputs("</ul></td></tr>\n", to);
}

/* What stands between lists and the names that must work: of all feeds, in one place. */
static bool is_of_guard(enum refusal refusal)
{
    return refusal >= REFUSED_PUBLIC_SUFFIX;
}

static void put_guarded(const struct report *report, FILE *to)
{
    bool any = false;
    for (size_t i = 0; i < report->feed_count; i++) {
        const struct report_feed *feed = &report->feeds[i];
        for (int j = 0; feed->stats != NULL && j < REFUSAL_COUNT; j++) {
            if (!is_of_guard((enum refusal)j) || feed->stats->refused[j] == 0)
                continue;
            if (!any)
                markup_table("t-guarded", "What no feed may block, and feeds would have blocked",
                             "feed|would cover|#rules|the first of them", to);
            any = true;
            fputs("<tr><th scope=\"row\">", to);
            markup_text(feed->name, to);
            fprintf(to, "</th><td>%s</td>", refusal_name((enum refusal)j));
            markup_figure(feed->stats->refused[j], to);
            put_samples(feed->stats->samples[j], to);
        }
    }
    if (any)
        markup_table_end(to);
    else
        fputs("<p>No feed tried to block what must stay reachable.</p>\n", to);
}

static void put_refused_of(const struct report_feed *feed, size_t index, FILE *to)
{
    char id[32];
    snprintf(id, sizeof id, "t-refused-%zu", index);
    fputs("<h3>", to);
    markup_text(feed->name, to);
    fputs("</h3>\n", to);
    markup_table(id, "Lines that did not become rules", "reason|#lines|the first of them", to);
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        if (is_of_guard((enum refusal)i) || feed->stats->refused[i] == 0)
            continue;
        fprintf(to, "<tr><th scope=\"row\">%s<br><span class=\"soft\">", refusal_name((enum refusal)i));
        markup_text(refusal_sentence((enum refusal)i), to);
        fputs("</span></th>", to);
        markup_figure(feed->stats->refused[i], to);
        put_samples(feed->stats->samples[i], to);
    }
    markup_table_end(to);
}

static bool has_refused(const struct feed_stats *stats)
{
    for (int i = 0; stats != NULL && i < REFUSAL_COUNT; i++) {
        if (!is_of_guard((enum refusal)i) && stats->refused[i] > 0)
            return true;
    }
    return false;
}

static void put_refused(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"refused\">What was refused</h2>\n", to);
    put_guarded(report, to);
    for (size_t i = 0; i < report->feed_count; i++) {
        if (has_refused(report->feeds[i].stats))
            put_refused_of(&report->feeds[i], i, to);
    }
}

/* ---- flags ---- */

static void put_flagged(const struct report *report, FILE *to)
{
    fputs(
        "<h2 id=\"flagged\">Whole sites of others</h2>\n<p>Rules for names such as github.io, below which others have "
        "their sites. A list of dynamic DNS or of free web space means just them; another one may have been careless. "
        "They stand.</p>\n",
        to);
    markup_table("t-flagged", "Rules that cover everything below such a name", "feed|#rules|the first of them", to);
    for (size_t i = 0; i < report->feed_count; i++) {
        const struct report_feed *feed = &report->feeds[i];
        if (flagged_of(feed) == 0)
            continue;
        fputs("<tr><th scope=\"row\">", to);
        markup_text(feed->name, to);
        fputs("</th>", to);
        markup_figure(flagged_of(feed), to);
        put_samples(feed->stats->flag_samples[FLAG_PRIVATE_SUFFIX], to);
    }
    markup_table_end(to);
}

/* ---- the rest ---- */

static void put_judged(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"judged\">Judged by</h2>\n", to);
    markup_table("t-judged", "The lists that feeds are judged by", "list|used|copy|#entries|made", to);
    for (size_t i = 0; i < REPORT_REFERENCES; i++) {
        const struct report_reference *row = report->references[i];
        if (row == NULL)
            continue;
        fprintf(to, "<tr><th scope=\"row\">%s</th><td>%s</td><td>", row->name,
                row->used == NULL ? "not read" : row->used);
        if (row->source == NULL)
            fputs("no source in the recipe", to);
        else
            put_state(row->state, to);
        fputs("</td>", to);
        markup_figure(row->count, to);
        fputs("<td>", to);
        if (row->made_s > 0)
            markup_time(row->made_s, to);
        else if (row->fetched_s > 0)
            markup_time(row->fetched_s, to);
        fputs("</td></tr>\n", to);
    }
    markup_table_end(to);
}

static void put_cost(const struct report *report, FILE *to)
{
    fputs("<h2 id=\"cost\">Cost of the run</h2>\n", to);
    markup_table("t-cost", "Time of each stage", "stage|#seconds", to);
    for (size_t i = 0; i < report->stage_count; i++)
        fprintf(to, "<tr><th scope=\"row\">%s</th><td class=\"n\">%.3f</td></tr>\n", report->stages[i].name,
                (double)report->stages[i].ms / 1000);
    fprintf(to, "<tr><th scope=\"row\">all</th><td class=\"n\">%.3f</td></tr>\n", (double)report->elapsed_ms / 1000);
    markup_table_end(to);
    if (report->peak_bytes > 0) {
        fputs("<p>Most memory at a time: ", to);
        markup_bytes(report->peak_bytes, to);
        fputs(".</p>\n", to);
    }
    if (report->inputs != NULL && report->inputs[0] != '\0')
        fprintf(to, "<p>Digest of all inputs: <code>%s</code></p>\n", report->inputs);
}

void report_write_html(const struct report *report, FILE *to)
{
    bool published = report->outcome == REPORT_PUBLISHED;
    put_head(report, to);
    put_contents(report, to);
    put_facts(report, to);
    put_look(report, to);
    if (published) {
        put_popular(report, to);
        put_list(report, to);
        put_changes(report, to);
    }
    if (report->statutory != NULL)
        report_statutory_write_html(report->statutory, to);
    put_feeds(report, to);
    if (published)
        put_common(report, to);
    put_refused(report, to);
    put_flagged(report, to);
    put_judged(report, to);
    put_cost(report, to);
    fputs("</main>\n</body>\n</html>\n", to);
}
