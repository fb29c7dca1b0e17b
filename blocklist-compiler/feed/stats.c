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
}

/* Feeds are hostile: what they say reaches terminals and reports only as printable ASCII. */
static void copy_printable(char *to, size_t cap, struct span text)
{
    static const char hex[] = "0123456789abcdef";
    size_t len = 0;
    for (size_t i = 0; i < text.len && len + 5 < cap; i++) {
        uint8_t c = text.at[i];
        if (c >= 0x20 && c < 0x7f) {
            to[len++] = (char)c;
            continue;
        }
        to[len++] = '\\';
        to[len++] = 'x';
        to[len++] = hex[c >> 4];
        to[len++] = hex[c & 15];
    }
    to[len] = '\0';
}

void feed_stats_refuse(struct feed_stats *stats, enum refusal refusal, const char *file, uint32_t line,
                       struct span text)
{
    stats->refused[refusal]++;
    if (stats->samples[refusal] == NULL)
        stats->samples[refusal] = calloc(1, sizeof *stats->samples[refusal]);
    struct feed_samples *samples = stats->samples[refusal];
    if (samples == NULL || samples->count == FEED_SAMPLES_MAX)
        return;
    struct feed_sample *row = &samples->rows[samples->count++];
    row->line = line;
    copy_printable(row->file, sizeof row->file, span_of(file));
    copy_printable(row->text, sizeof row->text, text);
}

uint64_t feed_stats_refused_total(const struct feed_stats *stats)
{
    uint64_t total = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        total += stats->refused[i];
    return total;
}
