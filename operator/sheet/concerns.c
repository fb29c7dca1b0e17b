#include "sheet/concerns.h"

#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "qlog/dict.h"
#include "sheet/topics.h"

#define SECOND_NS    INT64_C(1000000000)
#define TOP_BLOCKED  15
#define OPEN_WEIGHT  20 /* an open website of a lesser category is nothing to tell */
#define REASON_BYTES 160

bool concerns_is_concern(const struct tables *tables, unsigned category)
{
    return tables_concern(tables, category)->weight >= CONCERN_WEIGHT;
}

bool concerns_is_blocked(unsigned verdict)
{
    return verdict == EPISODE_BLOCKED || verdict == EPISODE_HELD;
}

/* ---- who ---- */

/* Two episodes with equal keys are of the same somebody, known equally well, and of one category. */
struct who_key {
    uint8_t address[16];
    uint32_t number;
    uint8_t kind, grade, category, zero;
    char group[48]; /* EPISODE_NOBODY */
};

static struct who_key key_of(const struct episode *episode, unsigned category)
{
    struct who_key key = {
        .kind = (uint8_t)episode->who.kind, .grade = episode->who.worst, .category = (uint8_t)category};
    switch (episode->who.kind) {
    case EPISODE_USER:
        key.number = episode->who.user;
        break;
    case EPISODE_DEVICE:
        key.number = episode->who.device;
        break;
    case EPISODE_ADDRESS:
        memcpy(key.address, episode->who.client.bytes, sizeof key.address);
        break;
    case EPISODE_NOBODY:
        strncpy(key.group, episode->who.group, sizeof key.group - 1);
        break;
    }
    return key;
}

static const char *address_text(struct arena *arena, const struct ipaddr *client)
{
    static const struct ipaddr none;
    char text[IPADDR_TEXT_MAX];
    if (ipaddr_equal(client, &none))
        return "";
    const char *kept = arena_printf(arena, "%s", ipaddr_to_text(client, text));
    return kept == NULL ? "" : kept;
}

static struct sheet_who who_of(const struct concerns_opts *opts, const struct episode *episode)
{
    const struct episode_who *from = &episode->who;
    struct sheet_who who = {
        .grade = from->worst, .user = "", .device = "", .address = "", .group = from->group, .year = ""};
    if (from->kind == EPISODE_NOBODY)
        who.grade = QLOG_GRADE_ADDRESS;
    if (from->kind == EPISODE_USER) {
        who.user = opts->user(opts->ctx, from->user);
        who.year = opts->year(opts->ctx, who.user);
    }
    if (from->device != 0 && !from->several_devices && from->kind != EPISODE_ADDRESS)
        who.device = opts->device(opts->ctx, from->device);
    if (from->kind == EPISODE_ADDRESS)
        who.address = address_text(opts->arena, &from->client);
    who.crowded = from->crowded;
    return who;
}

/* ---- sums ---- */

struct sums {
    struct dict entries, sites; /* keys */
    struct dict askers;         /* of a category: struct who_key */
    struct dict visitors;       /* of a site: its number, struct who_key */
    struct sheet_topic topics[CATEGORY_MAX + 1];
};

struct visitor_key {
    struct who_key who;
    uint32_t site;
};

static void sums_done(struct sums *sums)
{
    dict_done(&sums->entries);
    dict_done(&sums->sites);
    dict_done(&sums->askers);
    dict_done(&sums->visitors);
}

/* The number of a key; *out_new: it was not there before. ERR_NOMEM. */
static int64_t put(struct dict *dict, const void *key, size_t len, bool *out_new)
{
    const uint32_t before = dict->count;
    const int64_t number = dict_put(dict, key, len);
    *out_new = dict->count > before;
    return number;
}

static int add_topic(struct sums *sums, const struct concerns_opts *opts, const struct episode *episode)
{
    const unsigned category = episode->category < CATEGORY_MAX ? episode->category : CATEGORY_MAX;
    struct sheet_topic *topic = &sums->topics[category];
    const struct who_key key = key_of(episode, category);
    bool is_new;
    if (put(&sums->askers, &key, sizeof key, &is_new) < 0)
        return ERR_NOMEM;
    topic->topic = topic_words(category);
    topic->is_concern = concerns_is_concern(opts->tables, category);
    topic->is_statutory = category == CATEGORY_ILLEGAL;
    topic->visits += episode->visits;
    topic->askers += is_new;
    return 0;
}

/* The website of an episode; a text that several episodes share. NULL: no memory. */
static struct sheet_site *site_of(struct sums *sums, struct arena *arena, const struct episode *episode,
                                  struct sheet_site *sites)
{
    char buffer[NAME_TEXT_MAX];
    const char *text = site_to_text(&episode->site, buffer);
    bool is_new;
    const int64_t number = put(&sums->sites, text, strlen(text), &is_new);
    if (number < 0)
        return NULL;
    struct sheet_site *site = &sites[number];
    if (is_new)
        *site =
            (struct sheet_site){.site = arena_text(arena, text, strlen(text)), .topic = topic_words(episode->category)};
    return site->site == NULL ? NULL : site;
}

static int add_site(struct sums *sums, const struct episode *episode, size_t number, struct sheet_site *site)
{
    struct visitor_key key = {.who = key_of(episode, 0), .site = (uint32_t)number};
    bool is_new;
    if (episode->flags & EPISODE_STATUTORY)
        return 0;
    if (put(&sums->visitors, &key, sizeof key, &is_new) < 0)
        return ERR_NOMEM;
    site->askers += is_new;
    site->visits += episode->visits;
    return 0;
}

static int by_visits_of_site(const void *a, const void *b)
{
    const struct sheet_site *x = a, *y = b;
    return x->visits != y->visits ? (x->visits < y->visits ? 1 : -1) : strcmp(x->site, y->site);
}

static int by_visits_of_topic(const void *a, const void *b)
{
    const struct sheet_topic *x = a, *y = b;
    return x->visits != y->visits ? (x->visits < y->visits ? 1 : -1) : strcmp(x->topic, y->topic);
}

static int topics_fill(const struct concerns_opts *opts, struct sums *sums, struct sheet *sheet)
{
    size_t count = 0;
    for (size_t i = 0; i <= CATEGORY_MAX; i++)
        if (sums->topics[i].visits > 0)
            sums->topics[count++] = sums->topics[i];
    qsort(sums->topics, count, sizeof *sums->topics, by_visits_of_topic);
    sheet->topics = arena_copy(opts->arena, sums->topics, count * sizeof *sums->topics);
    sheet->topic_count = count;
    return sheet->topics == NULL ? ERR_NOMEM : 0;
}

/* ---- entries ---- */

/* What people need not be told: the entry has the category, all websites and how often it was. */
static bool is_said_elsewhere(const struct episode_part *part)
{
    return part->reason == EPISODE_FOR_CATEGORY || part->reason == EPISODE_FOR_AGE ||
           part->reason == EPISODE_FOR_SITES || part->reason == EPISODE_FOR_DAYS || part->reason == EPISODE_FOR_VISITS;
}

/* The part that counts most among those not taken yet, either way: what speaks for somebody is said too. */
static const struct episode_part *weightiest(const struct episode *episode, uint32_t taken)
{
    const struct episode_part *best = NULL;
    for (unsigned i = 0; i < episode->part_count; i++) {
        const struct episode_part *part = &episode->parts[i];
        if ((taken >> i & 1) != 0 || is_said_elsewhere(part))
            continue;
        if (best == NULL || abs(part->points) > abs(best->points))
            best = part;
    }
    return best;
}

static const char *part_text(struct arena *arena, const struct episode *episode, const struct episode_part *part)
{
    struct text text = {.max = REASON_BYTES};
    episode_part_to_text(episode, part, &text);
    const char *kept = text.len == 0 ? NULL : arena_text(arena, text.bytes, text.len);
    text_done(&text);
    return kept;
}

static void reasons_fill(const struct concerns_opts *opts, const struct episode *episode,
                         const char *out[SHEET_REASONS_MAX])
{
    uint32_t taken = 0;
    size_t count = 0;
    if (episode->flags & EPISODE_STATUTORY) {
        out[0] = "it is on a list that is blocked by law or duty, for everybody";
        return;
    }
    if (episode->days > 1 || episode->visits > 2)
        out[count++] = "it comes again and again";
    while (count < SHEET_REASONS_MAX) {
        const struct episode_part *part = weightiest(episode, taken);
        if (part == NULL)
            break;
        taken |= UINT32_C(1) << (part - episode->parts);
        const char *text = part_text(opts->arena, episode, part);
        if (text != NULL)
            out[count++] = text;
    }
    if (count == 0)
        out[0] = "because of what the website is about";
}

/* What concern.yaml says to do is about pupils. */
static const char *advice_for(const struct concerns_opts *opts, const struct episode *episode)
{
    const struct concern *concern = tables_concern(opts->tables, episode->category);
    const bool is_adult = opts->age != NULL && opts->age(opts->age_ctx, episode->who.group) == EPISODE_AGE_ADULT;
    if (is_adult && !concern->machine && (episode->flags & EPISODE_STATUTORY) == 0 &&
        episode->category != CATEGORY_ILLEGAL)
        return "This group is staff. It may be part of their work, or a worry of their own: leave it to whoever looks "
               "after "
               "staff, and keep it apart from pupils' records.";
    return concern->then == NULL ? "" : concern->then;
}

static struct sheet_entry entry_begin(const struct concerns_opts *opts, const struct episode *episode)
{
    const struct concern *concern = tables_concern(opts->tables, episode->category);
    struct sheet_entry entry = {.who = who_of(opts, episode),
                                .topic = topic_words(episode->category),
                                .means = concern->means == NULL ? "" : concern->means,
                                .advice = advice_for(opts, episode),
                                .first_s = INT64_MAX,
                                .last_s = INT64_MIN,
                                .blocked = true,
                                .concern = episode->score};
    reasons_fill(opts, episode, entry.reasons);
    return entry;
}

static void entry_add(struct sheet_entry *entry, const struct episode *episode, const char *site)
{
    const int64_t first_s = episode->first_ns / SECOND_NS, last_s = episode->last_ns / SECOND_NS;
    if (entry->site_count < SHEET_SITES_MAX)
        entry->sites[entry->site_count] = site;
    entry->site_count++;
    entry->visits += episode->visits;
    entry->questions += episode->questions;
    entry->days = episode->days > entry->days ? episode->days : entry->days;
    entry->first_s = first_s < entry->first_s ? first_s : entry->first_s;
    entry->last_s = last_s > entry->last_s ? last_s : entry->last_s;
    entry->blocked &= concerns_is_blocked(episode->verdict);
    entry->statutory |= (episode->flags & EPISODE_STATUTORY) != 0;
}

/* Episodes come with the most concerning first, and so do the entries that they begin. */
static int add_entry(const struct concerns_opts *opts, struct sums *sums, const struct episode *episode,
                     const char *site, struct sheet *sheet)
{
    const struct who_key key = key_of(episode, episode->category);
    bool is_new;
    if (sums->entries.count == 0 || dict_find(&sums->entries, &key, sizeof key) < 0)
        if (episode->score < opts->least && (episode->flags & EPISODE_STATUTORY) == 0)
            return 0;
    const int64_t number = put(&sums->entries, &key, sizeof key, &is_new);
    if (number < 0)
        return ERR_NOMEM;
    if (is_new)
        sheet->entries[sheet->entry_count++] = entry_begin(opts, episode);
    entry_add(&sheet->entries[number], episode, site);
    return 0;
}

static void add_visit(const struct concerns_opts *opts, const struct episode *episode, const char *site,
                      struct sheet *sheet)
{
    const char *category = category_name(episode->category);
    const char *reasons[SHEET_REASONS_MAX] = {NULL};
    reasons_fill(opts, episode, reasons);
    sheet->visits[sheet->visit_count++] =
        (struct sheet_visit){.who = who_of(opts, episode),
                             .site = site,
                             .category = category == NULL ? "" : category,
                             .topic = topic_words(episode->category),
                             .visits = episode->visits,
                             .questions = episode->questions,
                             .first_s = episode->first_ns / SECOND_NS,
                             .last_s = episode->last_ns / SECOND_NS,
                             .blocked = concerns_is_blocked(episode->verdict),
                             .statutory = (episode->flags & EPISODE_STATUTORY) != 0,
                             .is_concern = concerns_is_concern(opts->tables, episode->category),
                             .concern = episode->score,
                             .reason = reasons[0]};
}

/* ---- all of it ---- */

static bool is_told(const struct concerns_opts *opts, const struct episode *episode)
{
    const unsigned weight = tables_concern(opts->tables, episode->category)->weight;
    return concerns_is_blocked(episode->verdict) ? weight > 0 : weight >= OPEN_WEIGHT;
}

static int add_episode(const struct concerns_opts *opts, struct sums *sums, const struct episode *episode,
                       struct moments *moments, struct sheet_site *sites, struct sheet *sheet)
{
    if (!is_told(opts, episode))
        return 0;
    struct sheet_site *site = site_of(sums, opts->arena, episode, sites);
    if (site == NULL)
        return ERR_NOMEM;
    add_visit(opts, episode, site->site, sheet);
    int code = add_entry(opts, sums, episode, site->site, sheet);
    if (code < 0 || !concerns_is_blocked(episode->verdict))
        return code;
    if (episode->flags & EPISODE_MACHINE) {
        sheet->machine_visits += episode->visits;
        return moments == NULL ? 0 : moments_leave_out(moments, episode);
    }
    if (concerns_is_concern(opts->tables, episode->category))
        sheet->concerning += episode->visits;
    else
        sheet->other += episode->visits;
    code = add_topic(sums, opts, episode);
    return code < 0 ? code : add_site(sums, episode, (size_t)(site - sites), site);
}

static int walk(const struct concerns_opts *opts, struct episode_builder *builder, struct moments *moments,
                struct sums *sums, struct sheet_site *sites, struct sheet *sheet)
{
    const size_t count = episode_count(builder);
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        struct episode episode;
        episode_get(builder, i, &episode);
        code = add_episode(opts, sums, &episode, moments, sites, sheet);
    }
    if (code < 0)
        return code;
    qsort(sites, sums->sites.count, sizeof *sites, by_visits_of_site);
    sheet->top_blocked = sites;
    while (sheet->top_blocked_count < sums->sites.count && sheet->top_blocked_count < TOP_BLOCKED &&
           sites[sheet->top_blocked_count].visits > 0)
        sheet->top_blocked_count++;
    return topics_fill(opts, sums, sheet);
}

int concerns_fill(const struct concerns_opts *opts, struct episode_builder *builder, struct moments *moments,
                  struct sheet *sheet)
{
    const size_t count = episode_count(builder) + 1;
    struct sums *sums = calloc(1, sizeof *sums);
    struct sheet_site *sites = arena_alloc(opts->arena, count * sizeof *sites);
    sheet->entries = arena_alloc(opts->arena, count * sizeof *sheet->entries);
    sheet->visits = arena_alloc(opts->arena, count * sizeof *sheet->visits);
    int code = ERR_NOMEM;
    if (sums != NULL && sites != NULL && sheet->entries != NULL && sheet->visits != NULL)
        code = walk(opts, builder, moments, sums, sites, sheet);
    if (sums != NULL)
        sums_done(sums);
    free(sums);
    return code;
}
