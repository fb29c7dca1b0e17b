/* Questions become strands (episode/strand.h), with what goes on around them. */
#include <stdlib.h>
#include <string.h>

#include "episode/inside.h"

#define SECOND_NS       INT64_C(1000000000)
#define DAY_S           86400
#define COMPANY_MIN     30u
#define COMPANY_PERCENT 85u

/* When several other sites follow at once, what was begun may be one link of many that a browser looked up ahead. */
static void pending_note(struct episode_builder *b, struct asker *asker, uint32_t site, int64_t time_ns)
{
    struct strand *pending = asker->pending == 0 ? NULL : &b->strands.items[asker->pending - 1];
    if (pending == NULL || pending->site == site)
        return;
    if (time_ns - asker->pending_ns > AROUND_PAGE_NS) {
        asker->pending = 0;
    } else if (++asker->pending_others >= AROUND_LINKS) {
        pending->previews = (uint16_t)(pending->previews + (pending->previews < UINT16_MAX));
        asker->pending = 0;
    }
}

static int company_note(struct episode_builder *b, uint32_t site, bool along)
{
    if (site >= b->company_cap) {
        uint32_t cap = site * 2 + 1024;
        struct inside_company *company = realloc(b->company, cap * sizeof *company);
        if (company == NULL)
            return ERR_NOMEM;
        memset(company + b->company_cap, 0, (cap - b->company_cap) * sizeof *company);
        b->company = company;
        b->company_cap = cap;
    }
    b->company[site].asked++;
    b->company[site].along += along;
    return 0;
}

bool inside_is_company(const struct episode_builder *b, uint32_t site)
{
    const struct inside_company *company = site < b->company_cap ? &b->company[site] : NULL;
    return company != NULL && company->asked >= COMPANY_MIN &&
           (uint64_t)company->along * 100 >= (uint64_t)company->asked * COMPANY_PERCENT;
}

int inside_lead(struct episode_builder *b, struct asker *asker, uint32_t site, int64_t time_ns)
{
    bool along = around_others(asker, site, time_ns, AROUND_PAGE_NS) > 0;
    if (around_lead(asker, site, time_ns, inside_is_company(b, site)))
        pending_note(b, asker, site, time_ns);
    return company_note(b, site, along);
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
           asker->graver_ns < asked->time_ns && asked->time_ns - asker->graver_ns <= AROUND_BLOCK_NS;
}

static int strand_take(struct episode_builder *b, struct asker *asker, const struct inside_asked *asked)
{
    const struct strand_key key = {asked->who, asked->site, asked->deed.category, asked->deed.verdict};
    struct strand *strand;
    int err = strand_for(b, &key, &strand);
    if (err < 0)
        return err;
    bool known = asker->kind != EPISODE_NOBODY;
    unsigned others = known ? around_others(asker, asked->site, asked->time_ns, AROUND_PAGE_NS) : 0;
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
        .with_page = others > 0 && around_page_loads(asker, asked->time_ns),
        .preview = others >= AROUND_LINKS,
        .alone = known && around_others(asker, asked->site, asked->time_ns, AROUND_ALONE_NS) == 0,
        .after_block = known && is_after_block(asker, asked),
    };
    if (b->opts.visit != NULL && strand_begins(strand, asked->time_ns))
        b->opts.visit(b->opts.visit_ctx, asked->time_ns, inside_strand(asked->who, asked->site), asked->deed.category,
                      asked->deed.verdict);
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

/* Whether episodes of who asked are wanted at all. */
static bool is_wanted(const struct episode_builder *b, const struct asker *asker, const struct inside_asked *asked)
{
    const struct episode_only *only = b->opts.only;
    if (only == NULL)
        return true;
    return (only->user == 0 || (asker->kind == EPISODE_USER && asker->user == only->user)) &&
           (only->device == 0 || asked->device == only->device) &&
           (only->client == NULL || ipaddr_equal(&asked->client, only->client));
}

/* A site that few know and that matters little, asked for while somebody of the group asks for help: see around_is_echo(). */
static bool is_echo(struct episode_builder *b, struct asker *asker, const struct inside_asked *asked)
{
    const struct strand_key key = {asked->who, asked->site, asked->deed.category, asked->deed.verdict};
    int64_t help_ns = askers_help_ns(&b->askers, asked->group);
    if (help_ns == 0 || asked->kind == SITE_SERVICE ||
        tables_concern(b->opts.tables, asked->deed.category)->weight >= DEED_QUIET_WEIGHT)
        return false;
    const struct strand *strand = strands_find(&b->strands, &key);
    bool begins = strand == NULL || strand_begins(strand, asked->time_ns);
    return around_is_echo(asker, asked->site, asked->time_ns, help_ns, begins);
}

int inside_take(struct episode_builder *b, const struct inside_asked *asked)
{
    struct asker *asker = &b->askers.items[asked->who];
    bool shown = asked->deed.way == DEED_EPISODE || (b->opts.all && asked->deed.way == DEED_PLAIN);
    int err = 0;
    if (asked->deed.way == DEED_BACKGROUND) {
        around_background(asker, asked->time_ns);
        b->sums.background++;
        return 0;
    }
    if (shown && is_wanted(b, asker, asked) && !is_echo(b, asker, asked))
        err = strand_take(b, asker, asked);
    else
        b->sums.plain++;
    if (err < 0 || asker->kind == EPISODE_NOBODY)
        return err;
    if (asked->deed.way == DEED_EPISODE)
        block_note(b, asker, asked);
    return inside_lead(b, asker, asked->site, asked->time_ns);
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
        err = inside_take(b, &b->ties[i]);
    b->tie_count = 0;
    return err;
}

int inside_wait(struct episode_builder *b, const struct inside_asked *asked)
{
    int err = 0;
    if (b->tie_count > 0 && (b->ties[0].time_ns != asked->time_ns || b->tie_count == INSIDE_TIES))
        err = inside_flush(b);
    b->ties[b->tie_count++] = *asked;
    return err;
}

int inside_help(struct episode_builder *b, uint32_t group, int64_t time_ns)
{
    int err = b->tie_count > 0 && b->ties[0].time_ns != time_ns ? inside_flush(b) : 0;
    b->sums.help++;
    return err < 0 ? err : askers_help(&b->askers, group, time_ns);
}

static void name_keep(const uint8_t **name, uint8_t *kept)
{
    if (*name == NULL || *name == kept)
        return;
    memcpy(kept, *name, name_len(*name));
    *name = kept;
}

void inside_keep(struct episode_builder *b)
{
    for (size_t i = 0; i < b->tie_count; i++) {
        name_keep(&b->ties[i].name, b->tie_names[i].name);
        name_keep(&b->ties[i].matched, b->tie_names[i].matched);
    }
}
