#include "episode/builder.h"

#include <stdlib.h>
#include <string.h>

#include "episode/inside.h"
#include "episode/lookalike.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_S     86400
#define INSIDE_TIES                                                                                                    \
    1024u /* questions of one instant that are put in order; more of them stay as they come, piece by piece */

int episode_builder_new(const struct episode_opts *opts, struct episode_builder **out)
{
    struct episode_builder *b = calloc(1, sizeof *b);
    if (b == NULL)
        return ERR_NOMEM;
    b->opts = *opts;
    strands_init(&b->strands, opts->max == 0 ? EPISODE_MAX_DEFAULT : opts->max < 4 ? 4 : opts->max);
    b->ties = calloc(INSIDE_TIES, sizeof *b->ties);
    b->tie_names = calloc(INSIDE_TIES, sizeof *b->tie_names);
    int err = opts->from_ns >= opts->to_ns ? ERR_INVAL : sites_init(&b->sites, opts->finder);
    if (err == 0 && (b->ties == NULL || b->tie_names == NULL))
        err = ERR_NOMEM;
    if (err < 0) {
        episode_builder_free(b);
        return err;
    }
    *out = b;
    return 0;
}

void episode_builder_free(struct episode_builder *b)
{
    if (b == NULL)
        return;
    askers_done(&b->askers);
    sites_done(&b->sites);
    strands_done(&b->strands);
    free(b->ties);
    free(b->tie_names);
    free(b->order);
    free(b->ages);
    free(b->newcomers);
    free(b->company);
    lookalikes_free(b->lookalikes);
    freshes_done(&b->freshes);
    inside_feed_free(b->feed);
    free(b);
}

/* ---- rows ---- */

static int found_add(struct episode_builder *b, const struct qlog_row *row, const struct sites_found *found,
                     struct inside_asked *asked)
{
    const struct qlog_record *r = &row->record;
    int64_t group = askers_group(&b->askers, row->group);
    const struct asker_said said = {.grade = r->grade,
                                    .user = r->user,
                                    .device = r->device,
                                    .client = &r->client,
                                    .group = (uint32_t)(group < 0 ? 0 : group)};
    int64_t who = group < 0 ? group : askers_put(&b->askers, &said);
    int64_t site = asked->deed.way == DEED_BACKGROUND ? 0 : sites_number(&b->sites, r->qname, found);
    if (who < 0 || site < 0)
        return ERR_NOMEM;
    asked->who = (uint32_t)who;
    asked->site = (uint32_t)site;
    asked->group = said.group;
    if (asked->site == SITES_NONE) {
        b->sums.dropped++;
        return 0;
    }
    int err = inside_visit_note(b, asked);
    if (err < 0)
        return err;
    asked->name = r->qname;
    asked->matched = r->matched_len > 0 ? r->matched : NULL;
    err = inside_wait(b, asked);
    inside_keep(b); /* the row is the caller's */
    return err;
}

static int help_add(struct episode_builder *b, const struct qlog_row *row)
{
    int64_t group = askers_group(&b->askers, row->group);
    return group < 0 ? ERR_NOMEM : inside_help(b, (uint32_t)group, row->record.time_ns);
}

int episode_builder_add(struct episode_builder *b, const struct qlog_row *row)
{
    const struct qlog_record *r = &row->record;
    struct sites_found found;
    if (r->time_ns < b->opts.from_ns || r->time_ns >= b->opts.to_ns)
        return 0;
    b->sums.lost += row->lost;
    if (row->lost > 0)
        return 0;
    b->sums.rows++;
    sites_find(&b->sites, r->qname, r->qname_len, &found);
    const struct deed_asked what = {.verdict = &r->verdict, .type = r->qtype, .rcode = r->rcode, .kind = found.kind};
    struct inside_asked asked = {.time_ns = r->time_ns,
                                 .found_hash = found.name_hash,
                                 .device = r->device,
                                 .client = r->client,
                                 .grade = r->grade,
                                 .kind = (uint8_t)found.kind,
                                 .deed = deed_of(b->opts.tables, &what)};
    if (asked.deed.way == DEED_HELP || r->grade == QLOG_GRADE_NONE)
        return help_add(b, row);
    if (asked.deed.way == DEED_NO_VISIT) {
        b->sums.no_visit++;
        return 0;
    }
    return found_add(b, row, &found, &asked);
}
