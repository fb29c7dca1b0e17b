#include "sheet/from_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "episode/newcomer.h"
#include "episode/seen.h"
#include "qlog/blocks.h"
#include "sheet/census.h"
#include "sheet/moments.h"
#include "sheet/topics.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_S     86400
#define NEWLY_MAX 15

/* ---- the walk ---- */

struct walk {
    struct census *census;
    struct episode_builder *builder;
};

static int walk_blocks(struct blocks *blocks, const struct walk *walk)
{
    struct blocks_reader *reader;
    const struct block_view *view;
    int code = blocks_reader_new(blocks, &reader);
    if (code < 0)
        return code;
    while ((code = blocks_next(reader, &view)) == 1) {
        if (walk->census != NULL)
            census_count(walk->census, view);
        if (walk->builder != NULL && (code = episode_builder_add_block(walk->builder, view)) < 0)
            break;
    }
    blocks_reader_free(reader);
    return code;
}

static int walk_log(const char *dir, const struct qlog_filter *filter, unsigned parts, const struct walk *walk,
                    struct qlog_scan_stats *out_stats)
{
    const struct blocks_opts opts = {.filter = *filter, .parts = parts};
    struct blocks *blocks;
    int code = blocks_open(dir, &opts, &blocks);
    if (code < 0)
        return code;
    code = walk_blocks(blocks, walk);
    blocks_stats(blocks, out_stats);
    blocks_close(blocks);
    return code;
}

/* ---- what is new ---- */

static_assert(NEWCOMER_FEW == 3, "the sheet says: one or two");

static const char *hint_of(struct arena *arena, const struct newcomer *from)
{
    const char *like = from->hints & NEWCOMER_LOOKALIKE ? arena_printf(arena, "looks like %s", from->like) : NULL;
    return like != NULL                       ? like
           : from->hints & NEWCOMER_WAY_ROUND ? "its name speaks of ways around a filter"
           : from->hints & NEWCOMER_AT_ONCE   ? "several at once: a lesson, or a link that goes round"
           : from->hints & NEWCOMER_FOREIGN   ? "letters of another script"
           : from->hints & NEWCOMER_RANDOM    ? "a name that nobody seems to have chosen"
                                              : "";
}

static struct sheet_site newcomer_of(struct arena *arena, const struct newcomer *from)
{
    char buffer[NAME_TEXT_MAX];
    const char *text = site_to_text(&from->site, buffer);
    const char *kept = arena_text(arena, text, strlen(text));
    return (struct sheet_site){.site = kept == NULL ? "" : kept,
                               .topic = from->category == CATEGORY_NONE ? "" : topic_words(from->category),
                               .hint = hint_of(arena, from),
                               .askers = from->people,
                               .first_s = from->first_ns / SECOND_NS};
}

static int newcomers_fill(struct arena *arena, const struct from_log_opts *opts, const struct episode_builder *builder,
                          struct sheet *sheet)
{
    const size_t count = newcomer_count(builder);
    sheet->newly_seen = arena_alloc(arena, (NEWLY_MAX + 1) * sizeof *sheet->newly_seen);
    if (sheet->newly_seen == NULL)
        return ERR_NOMEM;
    sheet->newly_unknown = opts->seen == NULL || seen_since(opts->seen) >= sheet->period.from_s / DAY_S;
    sheet->newly_seen_all = count;
    for (size_t i = 0; i < count && i < NEWLY_MAX; i++) {
        struct newcomer newcomer;
        newcomer_get(builder, i, &newcomer);
        sheet->newly_seen[sheet->newly_seen_count++] = newcomer_of(arena, &newcomer);
    }
    return 0;
}

/* ---- a sheet ---- */

static int days_fill(struct arena *arena, const struct census *census, struct sheet *sheet)
{
    for (size_t i = 0; i < census->hour_count; i++) {
        sheet->days[i / 24].asked += census->asked[i];
        sheet->asked += census->asked[i];
        sheet->blocked_questions += census->blocked[i];
    }
    memcpy(sheet->graded, census->graded, sizeof sheet->graded);
    sheet->gaps = arena_copy(arena, census->gaps, (census->gap_count + 1) * sizeof *sheet->gaps);
    sheet->gap_count = census->gap_count;
    return sheet->gaps == NULL ? ERR_NOMEM : 0;
}

static int origin_fill(struct arena *arena, const struct census *census, struct sheet *sheet)
{
    struct sheet_origin *origin = &sheet->origin;
    char hex[2 * QLOG_HASH_LEN + 1] = "";
    for (size_t i = 0; i < QLOG_HASH_LEN && census->last_segment > 0; i++)
        snprintf(hex + 2 * i, 3, "%02x", census->chain[i]);
    origin->rows = census->rows;
    origin->closed_blocks = census->closed_blocks;
    origin->first_segment = census->first_segment;
    origin->last_segment = census->last_segment;
    origin->chain = arena_text(arena, hex, strlen(hex));
    origin->node = arena_text(arena, census->node, strlen(census->node));
    return origin->chain == NULL || origin->node == NULL ? ERR_NOMEM : 0;
}

static int days_begin(struct arena *arena, struct sheet *sheet)
{
    sheet->day_count = (size_t)(sheet->period.last - sheet->period.first + 1);
    sheet->days = arena_alloc(arena, sheet->day_count * sizeof *sheet->days);
    for (size_t i = 0; i < sheet->day_count && sheet->days != NULL; i++)
        sheet->days[i].day = sheet->period.first + (int32_t)i;
    return sheet->days == NULL ? ERR_NOMEM : 0;
}

static int builder_new(const struct from_log_opts *opts, const struct period *period, const struct calendar *calendar,
                       struct moments *moments, struct episode_builder **out)
{
    const struct episode_opts episodes = {.tables = opts->concerns.tables,
                                          .finder = opts->finder,
                                          .calendar = calendar,
                                          .from_ns = period->from_s * SECOND_NS,
                                          .to_ns = period->to_s * SECOND_NS,
                                          .age = opts->concerns.age,
                                          .ctx = opts->concerns.age_ctx,
                                          .seen = opts->seen,
                                          .visit = moments == NULL ? NULL : moments_visit,
                                          .visit_ctx = moments};
    return episode_builder_new(&episodes, out);
}

static struct qlog_filter of_period(const struct period *period)
{
    return (struct qlog_filter){.from_ns = period->from_s * SECOND_NS, .to_ns = period->to_s * SECOND_NS, .action = -1};
}

static int fill(const struct from_log_opts *opts, const struct walk *walk, struct moments *moments, struct sheet *sheet)
{
    struct arena *arena = opts->concerns.arena;
    struct episode_sums sums;
    census_find_silence(walk->census, opts->now_s, &sheet->term_hours, &sheet->term_hours_heard);
    int code = days_fill(arena, walk->census, sheet);
    if (code == 0)
        code = origin_fill(arena, walk->census, sheet);
    if (code == 0)
        code = episode_builder_finish(walk->builder);
    if (code == 0)
        code = concerns_fill(&opts->concerns, walk->builder, moments, sheet);
    if (code == 0)
        code = moments_fill(moments, sheet);
    if (code == 0)
        code = newcomers_fill(arena, opts, walk->builder, sheet);
    if (code < 0)
        return code;
    episode_sums(walk->builder, &sums);
    sheet->background = sums.background;
    sheet->is_full = sums.dropped > 0;
    return 0;
}

int from_log(const struct from_log_opts *opts, struct sheet *sheet, struct episode_builder **out)
{
    const struct qlog_filter filter = of_period(&sheet->period);
    struct moments moments = {.tables = opts->concerns.tables};
    struct walk walk = {.census = NULL};
    struct qlog_scan_stats stats = {0};
    int code = days_begin(opts->concerns.arena, sheet);
    if (code == 0)
        code = census_new(sheet->calendar, &sheet->period, &walk.census);
    if (code == 0)
        code = builder_new(opts, &sheet->period, sheet->calendar, &moments, &walk.builder);
    if (code == 0)
        code = walk_log(opts->dir, &filter, CENSUS_PARTS | EPISODE_PARTS, &walk, &stats);
    if (code == 0)
        code = fill(opts, &walk, &moments, sheet);
    sheet->origin.damaged_blocks = stats.damaged_blocks;
    census_free(walk.census);
    moments_done(&moments);
    if (code < 0)
        episode_builder_free(walk.builder);
    else
        *out = walk.builder;
    return code;
}

/* ---- a week of the trend ---- */

static void week_add(const struct tables *tables, struct episode_builder *builder, struct sheet_week *out)
{
    for (size_t i = 0; i < episode_count(builder); i++) {
        struct episode episode;
        episode_get(builder, i, &episode);
        if (tables_concern(tables, episode.category)->weight == 0 || (episode.flags & EPISODE_MACHINE) != 0)
            continue;
        if (concerns_is_concern(tables, episode.category))
            out->concerning += episode.visits;
        else
            out->other += episode.visits;
    }
}

int from_log_week(const struct from_log_opts *opts, const struct period *period, const struct calendar *calendar,
                  struct sheet_week *out)
{
    struct qlog_filter filter = of_period(period);
    struct walk asked = {.census = NULL}, blocked = {.builder = NULL};
    struct qlog_scan_stats stats;
    int code = census_new(calendar, period, &asked.census);
    if (code == 0)
        code = walk_log(opts->dir, &filter, CENSUS_PARTS, &asked, &stats);
    if (code == 0 && asked.census->rows > 0) {
        code = builder_new(opts, period, calendar, NULL, &blocked.builder);
        filter.blocked_only = true;
        if (code == 0)
            code = walk_log(opts->dir, &filter, EPISODE_PARTS, &blocked, &stats);
        if (code == 0)
            code = episode_builder_finish(blocked.builder);
        if (code == 0)
            week_add(opts->concerns.tables, blocked.builder, out);
    }
    if (code == 0) {
        out->known = asked.census->rows > 0;
        out->asked = asked.census->rows;
    }
    episode_builder_free(blocked.builder);
    census_free(asked.census);
    return code;
}
