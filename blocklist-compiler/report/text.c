#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "report/statutory.h"

static const char *const state_names[] = {
#define X(suffix, name) [REPORT_FEED_##suffix] = name,
    REPORT_FEED_STATES(X)
#undef X
};

static const char *const outcome_names[] = {
#define X(suffix, name) [REPORT_##suffix] = name,
    REPORT_OUTCOMES(X)
#undef X
};

const char *report_feed_state_name(enum report_feed_state state)
{
    return state_names[state];
}

const char *report_outcome_name(enum report_outcome outcome)
{
    return outcome_names[outcome];
}

/* "3 h", "12 days" */
static void write_age(int64_t age_s, FILE *to)
{
    if (age_s < 0)
        age_s = 0;
    if (age_s < 7200)
        fprintf(to, "%" PRId64 " min", age_s / 60);
    else if (age_s < 2 * 86400)
        fprintf(to, "%" PRId64 " h", age_s / 3600);
    else
        fprintf(to, "%" PRId64 " days", age_s / 86400);
}

static void write_samples(const struct feed_samples *samples, uint64_t total, FILE *to)
{
    for (unsigned i = 0; samples != NULL && i < samples->count; i++)
        fprintf(to, "          %s:%" PRIu32 ": %s\n", samples->rows[i].file, samples->rows[i].line,
                samples->rows[i].text);
    if (samples != NULL && total > samples->count)
        fprintf(to, "          ... and %" PRIu64 " more\n", total - samples->count);
}

static void write_flags(const struct feed_stats *stats, FILE *to)
{
    for (int i = 0; i < FLAG_COUNT; i++) {
        if (stats->flagged[i] == 0)
            continue;
        fprintf(to, "    look at %10" PRIu64 "  %s: %s\n", stats->flagged[i], feed_flag_name(i), feed_flag_sentence(i));
        write_samples(stats->flag_samples[i], stats->flagged[i], to);
    }
}

static void write_refusals(const struct feed_stats *stats, FILE *to)
{
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        if (stats->refused[i] == 0)
            continue;
        fprintf(to, "    refused %10" PRIu64 "  %s: %s\n", stats->refused[i], refusal_name(i), refusal_sentence(i));
        write_samples(stats->samples[i], stats->refused[i], to);
    }
}

static void write_feed(const struct report *report, const struct report_feed *feed, FILE *to)
{
    fprintf(to, "  %s (%s): %s", feed->name, feed->format, report_feed_state_name(feed->state));
    if (feed->state != REPORT_FEED_MISSING) {
        fputs(", ", to);
        write_age(report->now_s - feed->fetched_s, to);
        fputs(" old", to);
    }
    if (feed->licence[0] != '\0')
        fprintf(to, ", licence %s", feed->licence);
    fputc('\n', to);
    if (feed->why[0] != '\0')
        fprintf(to, "    problem: %s\n", feed->why);
    if (feed->stats == NULL)
        return;
    fprintf(to, "    accepted%10" PRIu64 "  names to block, %" PRIu64 " exceptions, of %" PRIu64 " lines\n",
            feed->stats->blocks, feed->stats->allows, feed->stats->lines);
    if (feed->stats->widened > 0)
        fprintf(to, "    widened %10" PRIu64 "  of them pages of a host that the recipe lists whole\n",
                feed->stats->widened);
    if (feed->stats->aliases > 0)
        fprintf(to, "    skipped %10" PRIu64 "  links to folders that were read already\n", feed->stats->aliases);
    write_refusals(feed->stats, to);
    write_flags(feed->stats, to);
}

static void write_reference(const struct report *report, const struct report_reference *row, FILE *to)
{
    if (row == NULL || row->used == NULL)
        return;
    fprintf(to, "  %s: %s", row->name, row->used);
    if (row->count > 0)
        fprintf(to, ", %" PRIu64 " entries", row->count);
    if (row->made_s > 0) {
        fputs(", of ", to);
        write_age(report->now_s - row->made_s, to);
        fputs(" ago", to);
    }
    fputc('\n', to);
    if (row->why[0] != '\0')
        fprintf(to, "    problem (%s): %s\n", report_feed_state_name(row->state), row->why);
}

static void write_count(const char *name, const struct report_count *count, FILE *to)
{
    if (count->names == 0 && count->added == 0 && count->removed == 0)
        return;
    fprintf(to, "  %-22s %12" PRIu64 "  +%" PRIu64 " -%" PRIu64 "\n", name, count->names, count->added, count->removed);
}

static void write_list(const struct report *report, FILE *to)
{
    fprintf(to,
            "\nGeneration %" PRIu64 ": %" PRIu64 " names from %" PRIu64 " rules (%" PRIu64 " duplicates, %" PRIu64
            " below a listed parent), %" PRIu64 " bytes\n",
            report->generation, report->all.names, report->rules, report->duplicates, report->subsumed,
            report->file_bytes);
    if (report->previous != 0)
        fprintf(to, "Compared with generation %" PRIu64 ":\n", report->previous);
    write_count("all", &report->all, to);
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if (category_name(i) != NULL)
            write_count(category_name(i), &report->categories[i], to);
    }
}

/* ---- what a published list is told about ---- */

static void write_categories(uint64_t mask, FILE *to)
{
    const char *before = "";
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if ((mask >> i & 1) != 0 && category_name(i) != NULL) {
            fprintf(to, "%s%s", before, category_name(i));
            before = ", ";
        }
    }
}

#define TEXT_POPULAR_MAX 30

static void write_popular(const struct report *report, FILE *to)
{
    if (report->popular_count == 0)
        return;
    fprintf(to, "\nPopular names that the list blocks: %zu, new ones %zu (marked +); look whether they should be\n",
            report->popular_count, report->popular_new);
    for (size_t i = 0; i < report->popular_count && i < TEXT_POPULAR_MAX; i++) {
        const struct report_popular *row = &report->popular[i];
        fprintf(to, "  %c %6" PRIu32 "%s %s: ", row->new_categories != 0 ? '+' : ' ', row->rank, row->ours ? "*" : " ",
                row->name);
        write_categories(row->categories, to);
        if (row->by == NULL || strcmp(row->by, row->name) != 0)
            fprintf(to, ", by %s", row->by == NULL ? "a pattern" : row->by);
        for (unsigned j = 0; j < row->feed_count; j++)
            fprintf(to, "%s%s", j == 0 ? ", of " : ", ", report->feeds[row->feeds[j]].name);
        fputc('\n', to);
    }
    if (report->popular_count > TEXT_POPULAR_MAX)
        fprintf(to, "    ... and %zu more\n", report->popular_count - TEXT_POPULAR_MAX);
    fputs("  (rank; * of the list that Belisha ships)\n", to);
}

static void write_overlap(const struct report *report, FILE *to)
{
    if (report->feed_count < 2)
        return;
    fprintf(to, "\nWhat feeds have in common:\n  %-32s %12s %12s  most with\n", "feed", "names", "only here");
    for (size_t i = 0; i < report->feed_count; i++) {
        const struct report_overlap *row = &report->feeds[i].overlap;
        fprintf(to, "  %-32.32s %12" PRIu64 " %12" PRIu64 " ", report->feeds[i].name, row->names, row->only);
        for (size_t j = 0; j < 2 && row->shared[j].names > 0; j++)
            fprintf(to, "%s %.40s %" PRIu64, j == 0 ? "" : ",", report->feeds[row->shared[j].feed].name,
                    row->shared[j].names);
        fputc('\n', to);
    }
}

static void write_change(const char *sign, const struct report_change *rows, unsigned count, FILE *to)
{
    for (unsigned i = 0; i < count; i++) {
        fprintf(to, "    %s %s", sign, rows[i].name);
        if (rows[i].rank > 0)
            fprintf(to, " (popular, rank %" PRIu32 ")", rows[i].rank);
        fputc('\n', to);
    }
}

static void write_changes(const struct report *report, FILE *to)
{
    if (report->changes == NULL)
        return;
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        const struct report_changes *row = &report->changes[i];
        if (category_name(i) == NULL || row->added_count + row->removed_count == 0)
            continue;
        fprintf(to, "\nSamples of what changed in %s:\n", category_name(i));
        write_change("+", row->added, row->added_count, to);
        write_change("-", row->removed, row->removed_count, to);
    }
}

static void write_costs(const struct report *report, FILE *to)
{
    for (size_t i = 0; i < report->stage_count; i++)
        fprintf(to, "%s%s %" PRId64 ".%03" PRId64 " s", i == 0 ? "\nTime: " : ", ", report->stages[i].name,
                report->stages[i].ms / 1000, report->stages[i].ms % 1000);
    if (report->stage_count > 0)
        fputc('\n', to);
    if (report->peak_bytes > 0)
        fprintf(to, "Most memory: %" PRIu64 " MiB\n", report->peak_bytes >> 20);
}

void report_write_text(const struct report *report, FILE *to)
{
    fprintf(to, "Blocklist %s in %" PRId64 ".%03" PRId64 " s\n", report_outcome_name(report->outcome),
            report->elapsed_ms / 1000, report->elapsed_ms % 1000);
    if (report->outcome == REPORT_FAILED)
        fprintf(to, "Reason: %s\n", report->why);
    fprintf(to, "\nJudged by:\n");
    for (size_t i = 0; i < REPORT_REFERENCES; i++)
        write_reference(report, report->references[i], to);
    fprintf(to, "\nFeeds:\n");
    for (size_t i = 0; i < report->feed_count; i++)
        write_feed(report, &report->feeds[i], to);
    if (report->outcome == REPORT_PUBLISHED) {
        write_list(report, to);
        write_popular(report, to);
        write_overlap(report, to);
        write_changes(report, to);
    } else if (report->outcome == REPORT_UNCHANGED) {
        fprintf(to, "\nGeneration %" PRIu64 " stays: no feed says anything new\n", report->generation);
    }
    if (report->statutory != NULL)
        report_statutory_write_text(report->statutory, to);
    write_costs(report, to);
}
