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

uint64_t feed_stats_refused_total(const struct feed_stats *stats)
{
    uint64_t total = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        total += stats->refused[i];
    return total;
}
