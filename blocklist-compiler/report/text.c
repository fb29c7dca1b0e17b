#include "report/report.h"

#include <inttypes.h>

#include "base/category.h"

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

void report_write_text(const struct report *report, FILE *to)
{
    fprintf(to, "Blocklist %s in %" PRId64 ".%03" PRId64 " s\n", report_outcome_name(report->outcome),
            report->elapsed_ms / 1000, report->elapsed_ms % 1000);
    if (report->outcome == REPORT_FAILED)
        fprintf(to, "Reason: %s\n", report->why);
    fprintf(to, "\nFeeds:\n");
    for (size_t i = 0; i < report->feed_count; i++)
        write_feed(report, &report->feeds[i], to);
    if (report->outcome == REPORT_PUBLISHED)
        write_list(report, to);
    else if (report->outcome == REPORT_UNCHANGED)
        fprintf(to, "\nGeneration %" PRIu64 " stays: no feed says anything new\n", report->generation);
}
