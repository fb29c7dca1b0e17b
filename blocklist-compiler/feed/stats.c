#include "feed/stats.h"

#include <stdio.h>
#include <stdlib.h>

void feed_stats_init(struct feed_stats *stats)
{
    memset(stats, 0, sizeof *stats);
}

void feed_stats_done(struct feed_stats *stats)
{
    for (size_t i = 0; i < REFUSAL_COUNT; i++) {
        free(stats->samples[i]);
        stats->samples[i] = NULL;
    }
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        free(stats->flag_samples[i]);
        stats->flag_samples[i] = NULL;
    }
}

static void set_sample(struct feed_sample *row, const char *file, uint32_t line, struct span text)
{
    row->line = line;
    span_printable(span_of(file), row->file, sizeof row->file);
    span_printable(text, row->text, sizeof row->text);
}

static void add_sample(struct feed_samples **samples, const char *file, uint32_t line, struct span text)
{
    if (*samples == NULL)
        *samples = calloc(1, sizeof **samples);
    if (*samples != NULL && (*samples)->count < FEED_SAMPLES_MAX)
        set_sample(&(*samples)->rows[(*samples)->count++], file, line, text);
}

void feed_stats_refuse(struct feed_stats *stats, enum refusal refusal, const char *file, uint32_t line,
                       struct span text)
{
    stats->refused[refusal]++;
    add_sample(&stats->samples[refusal], file, line, text);
}

void feed_stats_flag(struct feed_stats *stats, enum feed_flag flag, const char *file, uint32_t line, struct span text)
{
    stats->flagged[flag]++;
    add_sample(&stats->flag_samples[flag], file, line, text);
}

void feed_stats_popular(struct feed_stats *stats, uint32_t rank, const char *name, const char *file, uint32_t line,
                        struct span text)
{
    feed_stats_flag(stats, FLAG_POPULAR, file, line, text);
    if (stats->popular.rank != 0 && stats->popular.rank <= rank)
        return;
    stats->popular.rank = rank;
    set_sample(&stats->popular.rule, file, line, text);
    snprintf(stats->popular.name, sizeof stats->popular.name, "%s", name);
}

struct feed_stats_row feed_stats_row(struct feed_stats *stats, unsigned index)
{
    unsigned flag = index - REFUSAL_COUNT;
    return index < REFUSAL_COUNT ? (struct feed_stats_row){&stats->refused[index], &stats->samples[index]}
                                 : (struct feed_stats_row){&stats->flagged[flag], &stats->flag_samples[flag]};
}

void feed_stats_forget_samples(struct feed_stats *stats)
{
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++)
        *feed_stats_row(stats, i).samples = NULL;
}

void feed_stats_append_row(struct feed_stats_row row, struct feed_stats_row more, uint64_t lines_before)
{
    const struct feed_samples *from = *more.samples;
    *row.count += *more.count;
    if (from == NULL)
        return;
    if (*row.samples == NULL)
        *row.samples = calloc(1, sizeof **row.samples);
    struct feed_samples *to = *row.samples;
    for (unsigned i = 0; to != NULL && i < from->count && to->count < FEED_SAMPLES_MAX; i++) {
        to->rows[to->count] = from->rows[i];
        to->rows[to->count++].line += (uint32_t)lines_before;
    }
}

void feed_stats_append(struct feed_stats *stats, const struct feed_stats *piece, uint64_t lines_before)
{
    struct feed_stats from = *piece;
    stats->lines += from.lines;
    stats->blocks += from.blocks;
    stats->allows += from.allows;
    stats->widened += from.widened;
    stats->aliases += from.aliases;
    if (from.popular.rank != 0 && (stats->popular.rank == 0 || from.popular.rank < stats->popular.rank)) {
        stats->popular = from.popular;
        stats->popular.rule.line += (uint32_t)lines_before;
    }
    if (from.declared != 0)
        stats->declared = from.declared;
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++)
        feed_stats_append_row(feed_stats_row(stats, i), feed_stats_row(&from, i), lines_before);
}

uint64_t feed_stats_refused_total(const struct feed_stats *stats)
{
    uint64_t total = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        total += stats->refused[i];
    return total;
}
