#include "episode/builder.h"

#include <stdlib.h>
#include <string.h>

#include "episode/inside.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_S     86400
#define TIES_MAX                                                                                                       \
    1024u /* questions of one instant that are put in order; more of them stay as they come, piece by piece */

int episode_builder_new(const struct episode_opts *opts, struct episode_builder **out)
{
    struct episode_builder *b = calloc(1, sizeof *b);
    if (b == NULL)
        return ERR_NOMEM;
    b->opts = *opts;
    strands_init(&b->strands, opts->max == 0 ? EPISODE_MAX_DEFAULT : opts->max < 4 ? 4 : opts->max);
    b->ties = calloc(TIES_MAX, sizeof *b->ties);
    b->tie_names = calloc(TIES_MAX, sizeof *b->tie_names);
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
    free(b);
}

/* ---- what goes on around a question ---- */

/* Leads of other sites in the last seconds before; at the same instant does not count, so that order plays no part. */
static unsigned others_near(const struct asker *asker, uint32_t site, int64_t time_ns, int64_t within_ns)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ASKER_LEADS; i++) {
        const struct asker_lead *lead = &asker->leads[i];
        count +=
            lead->time_ns != 0 && lead->site != site && lead->time_ns < time_ns && time_ns - lead->time_ns <= within_ns;
    }
    return count;
}

/* A page is being loaded: programs and pages asked for two names of their own just now. */
static bool page_loads(const struct asker *asker, int64_t time_ns)
{
    int64_t since =
        asker->background_ns[0] < asker->background_ns[1] ? asker->background_ns[0] : asker->background_ns[1];
    return since != 0 && since < time_ns && time_ns - since <= PAGE_NS;
}

static void background_note(struct asker *asker, int64_t time_ns)
{
    asker->background_ns[asker->background_ns[0] > asker->background_ns[1]] = time_ns;
}

static void crowd_note(struct asker *asker, int64_t time_ns)
{
    int64_t minute = time_ns / (60 * SECOND_NS);
    if (asker->minute != minute) {
        asker->minute = minute;
        asker->minute_leads = 0;
    }
    if (++asker->minute_leads > CROWD_LEADS)
        asker->crowded = true;
}

/* When several other sites follow at once, what was begun may be one link of many that a browser looked up ahead. */
static void pending_note(struct episode_builder *b, struct asker *asker, uint32_t site, int64_t time_ns)
{
    struct strand *pending = asker->pending == 0 ? NULL : &b->strands.items[asker->pending - 1];
    if (pending == NULL || pending->site == site)
        return;
    if (time_ns - asker->pending_ns > PAGE_NS) {
        asker->pending = 0;
    } else if (++asker->pending_others >= PREVIEW_SITES) {
        pending->previews = (uint16_t)(pending->previews + (pending->previews < UINT16_MAX));
        asker->pending = 0;
    }
}

static void lead_note(struct episode_builder *b, struct asker *asker, uint32_t site, int64_t time_ns)
{
    struct asker_lead *last = &asker->leads[(asker->lead_next + ASKER_LEADS - 1) % ASKER_LEADS];
    if (last->time_ns != 0 && last->site == site) {
        last->time_ns = time_ns;
        return;
    }
    asker->leads[asker->lead_next] = (struct asker_lead){.time_ns = time_ns, .site = site};
    asker->lead_next = (uint8_t)((asker->lead_next + 1) % ASKER_LEADS);
    crowd_note(asker, time_ns);
    pending_note(b, asker, site, time_ns);
}

/* ---- strands ---- */

static struct strand_moment moment_of(const struct episode_builder *b, int64_t time_ns)
{
    static const struct calendar utc;
    const struct calendar *calendar = b->opts.calendar != NULL ? b->opts.calendar : &utc;
    int64_t time_s = time_ns / SECOND_NS;
    unsigned hour = calendar_local(calendar, time_s).second / 3600;
    int64_t span = b->opts.to_ns - b->opts.from_ns;
    return (struct strand_moment){
        .course = (unsigned)((double)(time_ns - b->opts.from_ns) / (double)span * STRAND_COURSE) % STRAND_COURSE,
        .hour = hour,
        .night = hour >= 22 || hour < 6,
        .lesson = calendar_is_lesson(calendar, time_s)};
}

/* Only the beginning of a visit needs to know what the clocks show. */
static struct strand_moment moment_for(const struct episode_builder *b, const struct strand *strand, int64_t time_ns)
{
    struct strand_moment moment = {0};
    if (strand_begins(strand, time_ns))
        moment = moment_of(b, time_ns);
    moment.day = (unsigned)(time_ns / SECOND_NS / DAY_S - b->opts.from_ns / SECOND_NS / DAY_S);
    return moment;
}

static void score_now(struct episode_builder *b, struct strand *strand)
{
    struct episode episode;
    inside_fill(b, strand, &episode);
    strand->score = episode.score;
}

static int thin(struct episode_builder *b)
{
    size_t before = b->strands.count;
    uint64_t questions = 0;
    for (size_t i = 0; i < b->strands.count; i++) {
        score_now(b, &b->strands.items[i]);
        questions += b->strands.items[i].questions;
    }
    int err = strands_thin(&b->strands, b->strands.max - b->strands.max / 4);
    for (size_t i = 0; i < b->strands.count; i++)
        questions -= b->strands.items[i].questions;
    for (uint32_t i = 0; i < b->askers.keys.count; i++)
        b->askers.items[i].pending = 0; /* strands have moved */
    b->sums.dropped += questions;
    b->sums.in_episodes -= questions;
    b->sums.dropped_episodes += before - b->strands.count;
    return err;
}

static int strand_for(struct episode_builder *b, const struct strand_key *key, struct strand **out)
{
    struct strand *strand = strands_find(&b->strands, key);
    if (strand == NULL) {
        int err = strands_are_full(&b->strands) ? thin(b) : 0;
        if (err < 0)
            return err;
        strand = strands_put(&b->strands, key);
    }
    *out = strand;
    return strand == NULL ? ERR_NOMEM : 0;
}

static int examples_add(struct episode_builder *b, struct strand *strand, const struct inside_asked *asked)
{
    int64_t number = strands_name_put(&b->strands, asked->name);
    if (number < 0)
        return ERR_NOMEM;
    strand->example_hash[strand->example_count] = asked->found_hash;
    strand->examples[strand->example_count++] = (uint32_t)number;
    if (!asked->deed.alias || strand->matched != 0 || asked->matched == NULL)
        return 0;
    number = strands_name_put(&b->strands, asked->matched);
    if (number < 0)
        return ERR_NOMEM;
    strand->matched = (uint32_t)number;
    return 0;
}

static bool is_after_block(const struct asker *asker, const struct inside_asked *asked)
{
    return asked->deed.category == CATEGORY_CIRCUMVENTION && asker->graver_ns != 0 &&
           asker->graver_ns < asked->time_ns && asked->time_ns - asker->graver_ns <= AFTER_BLOCK_NS;
}

static int strand_take(struct episode_builder *b, struct asker *asker, const struct inside_asked *asked)
{
    const struct strand_key key = {asked->who, asked->site, asked->deed.category, asked->deed.verdict};
    struct strand *strand;
    int err = strand_for(b, &key, &strand);
    if (err < 0)
        return err;
    bool known = asker->kind != EPISODE_NOBODY;
    unsigned others = known ? others_near(asker, asked->site, asked->time_ns, PAGE_NS) : 0;
    const struct strand_moment moment = moment_for(b, strand, asked->time_ns);
    const struct strand_asked said = {
        .time_ns = asked->time_ns,
        .name_hash = asked->found_hash,
        .group = asked->group,
        .device = asked->device,
        .client = &asked->client,
        .grade = asked->grade,
        .reason = asked->deed.reason,
        .alias = asked->deed.alias,
        .with_page = others > 0 && page_loads(asker, asked->time_ns),
        .preview = others >= PREVIEW_SITES,
        .alone = known && others_near(asker, asked->site, asked->time_ns, ALONE_NS) == 0,
        .after_block = known && is_after_block(asker, asked),
    };
    if (known && !said.preview && strand_begins(strand, asked->time_ns)) {
        asker->pending = (uint32_t)(strand - b->strands.items) + 1;
        asker->pending_ns = asked->time_ns;
        asker->pending_others = 0;
    }
    b->sums.in_episodes++;
    return strand_add(strand, &said, &moment) ? examples_add(b, strand, asked) : 0;
}

/* A block of weight, after which a way round means more. */
static void block_note(const struct episode_builder *b, struct asker *asker, const struct inside_asked *asked)
{
    bool kept = asked->deed.verdict == EPISODE_BLOCKED || asked->deed.verdict == EPISODE_HELD;
    if (kept && asked->deed.category != CATEGORY_CIRCUMVENTION &&
        tables_concern(b->opts.tables, asked->deed.category)->weight >= DEED_QUIET_WEIGHT)
        asker->graver_ns = asked->time_ns;
}

/* ---- one question after the other ---- */

static int take(struct episode_builder *b, const struct inside_asked *asked)
{
    struct asker *asker = &b->askers.items[asked->who];
    bool shown = asked->deed.way == DEED_EPISODE || (b->opts.all && asked->deed.way == DEED_PLAIN);
    int err = 0;
    if (asked->deed.way == DEED_BACKGROUND) {
        background_note(asker, asked->time_ns);
        b->sums.background++;
        return 0;
    }
    if (shown)
        err = strand_take(b, asker, asked);
    else
        b->sums.plain++;
    if (err < 0 || asker->kind == EPISODE_NOBODY)
        return err;
    if (shown)
        block_note(b, asker, asked);
    lead_note(b, asker, asked->site, asked->time_ns);
    return 0;
}

/* An order that does not depend on how rows of one instant came: within one who, which alone matters, by what was asked. */
static int by_what(const void *a, const void *b)
{
    const struct inside_asked *x = a, *y = b;
    if (x->who != y->who)
        return x->who < y->who ? -1 : 1;
    if (x->found_hash != y->found_hash)
        return x->found_hash < y->found_hash ? -1 : 1;
    if (x->deed.verdict != y->deed.verdict)
        return x->deed.verdict < y->deed.verdict ? -1 : 1;
    return memcmp(x->client.bytes, y->client.bytes, sizeof x->client.bytes);
}

int inside_flush(struct episode_builder *b)
{
    int err = 0;
    if (b->tie_count > 1)
        qsort(b->ties, b->tie_count, sizeof *b->ties, by_what);
    for (size_t i = 0; i < b->tie_count && err == 0; i++)
        err = take(b, &b->ties[i]);
    b->tie_count = 0;
    return err;
}

/* Whether those that wait are all of their instant. */
static bool inside_is_next(const struct episode_builder *b, int64_t time_ns)
{
    return b->tie_count > 0 && (b->ties[0].time_ns != time_ns || b->tie_count == TIES_MAX);
}

/* The row is the caller's and gone with the next one: its names are kept as long as it waits. */
static int named_add(struct episode_builder *b, const struct qlog_record *r, struct inside_asked *asked)
{
    int err = inside_is_next(b, asked->time_ns) ? inside_flush(b) : 0;
    if (err < 0)
        return err;
    struct inside_tie_names *names = &b->tie_names[b->tie_count];
    memcpy(names->name, r->qname, r->qname_len);
    asked->name = names->name;
    if (r->matched_len > 0) {
        memcpy(names->matched, r->matched, r->matched_len);
        asked->matched = names->matched;
    }
    b->ties[b->tie_count++] = *asked;
    return 0;
}

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
    return named_add(b, r, asked);
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
                                 .deed = deed_of(b->opts.tables, &what)};
    if (asked.deed.way == DEED_HELP || r->grade == QLOG_GRADE_NONE) {
        b->sums.help++;
        return 0;
    }
    if (asked.deed.way == DEED_NO_VISIT) {
        b->sums.no_visit++;
        return 0;
    }
    return found_add(b, row, &found, &asked);
}
