/*
 * Whole blocks (qlog/blocks.h): each entry of the tables is judged once, when the first row leads to it; most rows then cost
 * a few looks into small arrays.
 */
#include <stdlib.h>
#include <string.h>

#include "episode/inside.h"

/* An entry of the what table. */
struct feed_what {
    struct deed deed;
    uint8_t kind; /* enum site_kind */
    bool known;
    bool fresh; /* its site is a newcomer, as far as is known */
    uint32_t site, name_hash;
    const uint8_t *name, *matched; /* in the block */
};

/* A name of the block: mostly of several entries, one for each type. */
struct feed_name {
    uint32_t name_hash;
    uint32_t site;
    uint8_t kind; /* enum site_kind */
    bool known, has_site;
};

/* An entry of the who table. */
struct feed_who {
    uint32_t who, group;
    bool known, group_known;
};

struct inside_feed {
    struct feed_what what[BLOCK_ROWS_MAX];
    struct feed_who who[BLOCK_ROWS_MAX];
    struct feed_name names[2 * BLOCK_ROWS_MAX]; /* a row has a name and at most a matched one */
};

void inside_feed_free(struct inside_feed *feed)
{
    free(feed);
}

/* NULL: no memory. */
static const struct feed_name *name_find(struct episode_builder *b, const struct block_view *view, uint32_t number,
                                         bool with_site)
{
    struct feed_name *out = &b->feed->names[number];
    const uint8_t *name = block_name(view->block, number);
    struct sites_found found;
    if (out->known && (out->has_site || !with_site))
        return out;
    sites_find(&b->sites, name, name_len(name), &found);
    out->kind = (uint8_t)found.kind;
    out->name_hash = found.name_hash;
    out->known = true;
    if (!with_site)
        return out;
    int64_t site = sites_number(&b->sites, name, &found);
    out->site = (uint32_t)site;
    out->has_site = site >= 0;
    return site < 0 ? NULL : out;
}

static struct deed deed_make(const struct episode_builder *b, const struct block_what *what, enum site_kind kind)
{
    const struct verdict verdict = {.action = what->action,
                                    .reason = what->reason,
                                    .category = what->category,
                                    .match = what->match,
                                    .unattributed = what->unattributed,
                                    .categories = what->categories};
    return deed_of(b->opts.tables,
                   &(struct deed_asked){.verdict = &verdict, .type = what->type, .rcode = what->rcode, .kind = kind});
}

static int what_judge(struct episode_builder *b, const struct block_view *view, uint32_t number)
{
    const struct block_what *what = &view->what[number];
    struct feed_what *out = &b->feed->what[number];
    const struct feed_name *name = name_find(b, view, what->name, false);
    out->deed = deed_make(b, what, (enum site_kind)name->kind);
    out->name = block_name(view->block, what->name);
    out->matched = what->matched == 0 ? NULL : block_name(view->block, what->matched - 1);
    out->kind = name->kind;
    out->name_hash = name->name_hash;
    out->known = true;
    out->fresh = false;
    if (!deed_is_visit(&out->deed))
        return 0;
    name = name_find(b, view, what->name, true);
    if (name == NULL)
        return ERR_NOMEM;
    out->site = name->site;
    out->fresh = b->opts.seen != NULL;
    return 0;
}

static int group_find(struct episode_builder *b, const struct block_view *view, uint32_t number)
{
    struct feed_who *out = &b->feed->who[number];
    int64_t group = out->group_known ? out->group : askers_group(&b->askers, view->group[number]);
    if (group < 0)
        return ERR_NOMEM;
    out->group = (uint32_t)group;
    out->group_known = true;
    return 0;
}

static int who_find(struct episode_builder *b, const struct block_view *view, uint32_t number)
{
    const struct block_who *who = &view->who[number];
    struct feed_who *out = &b->feed->who[number];
    struct ipaddr client;
    int err = group_find(b, view, number);
    if (err < 0)
        return err;
    memcpy(client.bytes, who->client, sizeof client.bytes);
    const struct asker_said said = {
        .grade = who->grade, .user = who->user, .device = who->device, .client = &client, .group = out->group};
    int64_t asker = askers_put(&b->askers, &said);
    if (asker < 0)
        return ERR_NOMEM;
    out->who = (uint32_t)asker;
    out->known = true;
    return 0;
}

static int help_add(struct episode_builder *b, const struct block_view *view, uint32_t row)
{
    int err = group_find(b, view, view->who_of[row]);
    return err < 0 ? err : inside_help(b, b->feed->who[view->who_of[row]].group, view->time[row]);
}

static void asked_make(const struct block_view *view, const struct inside_feed *feed, uint32_t row,
                       struct inside_asked *out)
{
    const struct feed_what *what = &feed->what[view->what_of[row]];
    const struct feed_who *who = &feed->who[view->who_of[row]];
    const struct block_who *entry = &view->who[view->who_of[row]];
    *out = (struct inside_asked){.time_ns = view->time[row],
                                 .who = who->who,
                                 .site = what->site,
                                 .found_hash = what->name_hash,
                                 .group = who->group,
                                 .device = entry->device,
                                 .grade = entry->grade,
                                 .kind = what->kind,
                                 .deed = what->deed,
                                 .name = what->name,
                                 .matched = what->matched};
    memcpy(out->client.bytes, entry->client, sizeof out->client.bytes);
}

/* Whether other rows have the same time; the last one's may be in the next block. */
static bool has_ties(const struct episode_builder *b, const struct block_view *view, uint32_t row)
{
    int64_t time_ns = view->time[row];
    return row + 1 == view->row_count || view->time[row + 1] == time_ns ||
           (b->tie_count > 0 && b->ties[0].time_ns == time_ns);
}

static int row_wait(struct episode_builder *b, const struct block_view *view, uint32_t row)
{
    struct inside_asked asked;
    asked_make(view, b->feed, row, &asked);
    return inside_wait(b, &asked);
}

static int row_take(struct episode_builder *b, const struct block_view *view, uint32_t row,
                    const struct feed_what *what, const struct feed_who *who)
{
    struct inside_asked asked;
    struct asker *asker = &b->askers.items[who->who];
    if (b->tie_count > 0) {
        int err = inside_flush(b);
        if (err < 0)
            return err;
    }
    if (what->deed.way == DEED_PLAIN && !b->opts.all) {
        b->sums.plain++;
        return asker->kind == EPISODE_NOBODY ? 0 : inside_lead(b, asker, what->site, view->time[row]);
    }
    if (what->deed.way == DEED_BACKGROUND) {
        b->sums.background++;
        around_background(asker, view->time[row]);
        return 0;
    }
    asked_make(view, b->feed, row, &asked);
    return inside_take(b, &asked);
}

/* Most sites are known, which the first row of them finds out for the whole block. */
static int fresh_note(struct episode_builder *b, const struct block_view *view, uint32_t row)
{
    struct feed_what *what = &b->feed->what[view->what_of[row]];
    const struct feed_who *who = &b->feed->who[view->who_of[row]];
    int err = inside_newcomer(b, &(struct inside_visit){.time_ns = view->time[row],
                                                        .who = who->who,
                                                        .site = what->site,
                                                        .group = who->group,
                                                        .category = what->deed.category,
                                                        .reached = deed_reaches(&what->deed)});
    what->fresh = err == 0 && b->freshes.by_site[what->site] != FRESH_KNOWN;
    return err;
}

static int row_add(struct episode_builder *b, const struct block_view *view, uint32_t row)
{
    struct feed_what *what = &b->feed->what[view->what_of[row]];
    struct feed_who *who = &b->feed->who[view->who_of[row]];
    int err = what->known ? 0 : what_judge(b, view, view->what_of[row]);
    if (err < 0)
        return err;
    if (what->deed.way == DEED_HELP || view->who[view->who_of[row]].grade == QLOG_GRADE_NONE)
        return help_add(b, view, row);
    if (what->deed.way == DEED_NO_VISIT) {
        b->sums.no_visit++;
        return 0;
    }
    if (what->deed.way >= DEED_PLAIN && what->site == SITES_NONE) {
        b->sums.dropped++;
        return 0;
    }
    err = who->known ? 0 : who_find(b, view, view->who_of[row]);
    if (err < 0)
        return err;
    if (what->fresh)
        err = fresh_note(b, view, row);
    if (err < 0)
        return err;
    return has_ties(b, view, row) ? row_wait(b, view, row) : row_take(b, view, row, what, who);
}

static int feed_begin(struct episode_builder *b, const struct block_view *view)
{
    if (b->feed == NULL)
        b->feed = malloc(sizeof *b->feed);
    if (b->feed == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < view->what_count; i++)
        b->feed->what[i].known = false;
    for (uint32_t i = 0; i < view->block->name_count; i++)
        b->feed->names[i].known = b->feed->names[i].has_site = false;
    for (uint32_t i = 0; i < view->who_count; i++)
        b->feed->who[i].known = b->feed->who[i].group_known = false;
    return 0;
}

int episode_builder_add_block(struct episode_builder *b, const struct block_view *view)
{
    int err = feed_begin(b, view);
    for (uint32_t i = 0; i < view->gap_count; i++)
        if (view->gaps[i].from_ns >= b->opts.from_ns && view->gaps[i].from_ns < b->opts.to_ns)
            b->sums.lost += view->gaps[i].lost;
    for (uint32_t i = 0; i < view->row_count && err == 0; i++) {
        if (view->time[i] < b->opts.from_ns || view->time[i] >= b->opts.to_ns)
            continue;
        b->sums.rows++;
        err = row_add(b, view, i);
    }
    inside_keep(b); /* the block is the caller's */
    return err;
}
