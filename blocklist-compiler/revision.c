#include "blocklist-compiler/revision.h"

#include <stdlib.h>

static int subtract(uint64_t old_count, uint64_t went, uint64_t came, uint64_t *out)
{
    if (went > old_count)
        return ERR_DAMAGED;
    *out = old_count - went + came;
    return 0;
}

static int revise_numbers(const struct feed_stats *old_stats, const struct feed_stats *went,
                          const struct feed_stats *came, struct feed_stats *out)
{
    int err = subtract(old_stats->blocks, went->blocks, came->blocks, &out->blocks);
    if (err == 0)
        err = subtract(old_stats->allows, went->allows, came->allows, &out->allows);
    if (err == 0)
        err = subtract(old_stats->widened, went->widened, came->widened, &out->widened);
    if (err == 0)
        err = subtract(old_stats->aliases, went->aliases, came->aliases, &out->aliases);
    return err;
}

/* Those of the old samples whose lines are still there, with their numbers of today. */
static unsigned survivors(const struct feed_samples *samples, const struct lines *lines,
                          struct feed_sample out[FEED_SAMPLES_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; samples != NULL && i < samples->count; i++) {
        uint64_t line = lines_number_now(lines, samples->rows[i].line);
        if (line == 0)
            continue;
        out[count] = samples->rows[i];
        out[count++].line = (uint32_t)line;
    }
    return count;
}

/* The first of both, by line. */
static int merge_samples(const struct feed_sample *stayed, unsigned stayed_count, const struct feed_samples *came,
                         const struct lines *lines, struct feed_samples **out)
{
    unsigned i = 0, j = 0, came_count = came == NULL ? 0 : came->count;
    struct feed_samples *samples = calloc(1, sizeof *samples);
    if (samples == NULL)
        return ERR_NOMEM;
    *out = samples;
    while (samples->count < FEED_SAMPLES_MAX && (i < stayed_count || j < came_count)) {
        uint32_t line = j < came_count ? (uint32_t)lines_number_of_new(lines, came->rows[j].line) : 0;
        struct feed_sample *row = &samples->rows[samples->count++];
        if (j == came_count || (i < stayed_count && stayed[i].line < line)) {
            *row = stayed[i++];
            continue;
        }
        *row = came->rows[j++];
        row->line = line;
    }
    return 0;
}

static int revise_row(struct feed_stats_row before, struct feed_stats_row went, struct feed_stats_row came,
                      const struct lines *lines, struct feed_stats_row out)
{
    struct feed_sample stayed[FEED_SAMPLES_MAX];
    int err = subtract(*before.count, *went.count, *came.count, out.count);
    if (err < 0 || *out.count == 0)
        return err;
    uint64_t stay = *before.count - *went.count;
    unsigned known = survivors(*before.samples, lines, stayed);
    if (known < stay && known < FEED_SAMPLES_MAX)
        return 0;
    return merge_samples(stayed, known, *came.samples, lines, out.samples);
}

/* stay: rules for popular names that are still there. */
static int revise_popular(const struct feed_popular *before, uint64_t stay, const struct feed_popular *came,
                          const struct lines *lines, struct feed_popular *out)
{
    *out = stay == 0 ? (struct feed_popular){.rank = 0} : *before;
    if (out->rank != 0)
        out->rule.line = (uint32_t)lines_number_now(lines, before->rule.line);
    if (out->rank != 0 && out->rule.line == 0)
        return ERR_UNSUPPORTED; /* which of the others is the most popular now is not known */
    if (came->rank == 0 || (out->rank != 0 && out->rank < came->rank))
        return 0;
    uint32_t line = (uint32_t)lines_number_of_new(lines, came->rule.line);
    if (out->rank == came->rank && out->rule.line < line)
        return 0;
    *out = *came;
    out->rule.line = line;
    return 0;
}

int revision_stats(const struct feed_stats *old_stats, const struct feed_stats *went, const struct feed_stats *came,
                   const struct lines *lines, struct feed_stats *out)
{
    struct feed_stats from[3] = {*old_stats, *went, *came};
    int err = revise_numbers(old_stats, went, came, out);
    for (unsigned i = 0; err == 0 && i < FEED_STATS_ROWS; i++)
        err = revise_row(feed_stats_row(&from[0], i), feed_stats_row(&from[1], i), feed_stats_row(&from[2], i), lines,
                         feed_stats_row(out, i));
    if (err == 0)
        err = revise_popular(&old_stats->popular, out->flagged[FLAG_POPULAR] - came->flagged[FLAG_POPULAR],
                             &came->popular, lines, &out->popular);
    out->lines = lines->new_count;
    return err;
}

static bool is_full(struct feed_stats_row row)
{
    return *row.count == 0 ||
           (*row.samples != NULL && ((*row.samples)->count == FEED_SAMPLES_MAX || (*row.samples)->count == *row.count));
}

bool revision_has_samples(const struct feed_stats *stats)
{
    struct feed_stats rows = *stats;
    bool all = true;
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++)
        all &= is_full(feed_stats_row(&rows, i));
    return all;
}

void revision_add_samples(struct feed_stats *stats, const struct feed_stats *piece, uint64_t lines_before)
{
    struct feed_stats from = *piece;
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++) {
        struct feed_stats_row row = feed_stats_row(stats, i);
        uint64_t count = *row.count;
        if (is_full(row))
            continue;
        feed_stats_append_row(row, feed_stats_row(&from, i), lines_before);
        *row.count = count;
    }
}
