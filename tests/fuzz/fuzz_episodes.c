/*
 * Rows as any client and any policy could have made them: the sums add up, nobody is named above the grade, what is protected
 * help is in nothing, and all that is told can be printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "episode/builder.h"
#include "episode/newcomer.h"
#include "episode/seen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BEGIN_NS (INT64_C(1795996800) * 1000000000)
#define WEEK_NS  (INT64_C(7) * 86400 * 1000000000)

static struct tables *tables;
static struct site_finder *finder;
static struct seen *seen;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void make_once(void)
{
    static const uint8_t help[] = "\x04help\x03org";
    const uint8_t *names[] = {help};
    struct config_errors errors = {0};
    if (tables != NULL)
        return;
    must(tables_new(NULL, &errors, &tables) == 0);
    must(site_finder_new(&(struct site_finder_opts){.tables = tables, .help = names, .help_count = 1}, &finder) == 0);
    must(seen_new(&seen) == 0);
    seen_knows(seen, 1);
}

struct input {
    const uint8_t *at, *end;
};

static unsigned take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* A name of what is left: any bytes in any labels, or the beginning of one that the tables know. */
static uint8_t take_name(struct input *in, uint8_t out[NAME_MAX_LEN])
{
    static const char *const known[] = {"help.org",          "www.bbc.co.uk",  "a.github.io",
                                        "fonts.gstatic.com", "x.school.local", "0123456789abcdef.statutory.invalid",
                                        "c.example.com",     "d.example.net"};
    unsigned choice = take(in);
    int len = choice < 224 ? name_from_text(known[choice % 8], strlen(known[choice % 8]), out) : -1;
    if (len > 0)
        return (uint8_t)len;
    unsigned used = 0;
    for (unsigned labels = choice % 32; labels > 0 && used < NAME_MAX_LEN - 66; labels--) {
        unsigned label = 1 + take(in) % 63;
        out[used++] = (uint8_t)label;
        while (label-- > 0)
            out[used++] = (uint8_t)take(in);
    }
    out[used] = 0;
    name_lower(out, out, used + 1);
    return (uint8_t)(used + 1);
}

static void take_row(struct input *in, int64_t *time_ns, struct qlog_row *row)
{
    static const char *const groups[] = {"pupils", "staff", ""};
    struct qlog_record *r = &row->record;
    unsigned who = take(in), what = take(in);
    *time_ns += take(in) * INT64_C(20000000) * (what % 7 == 0 ? 3000 : 1);
    r->time_ns = *time_ns - (what % 31 == 0 ? 1000000000 : 0);
    r->grade = (uint8_t)(who % 7);
    r->user = who / 8 % 4;
    r->device = who / 32 % 4;
    r->client.bytes[15] = (uint8_t)(who % 5);
    row->group = groups[who % 3];
    r->qtype = (uint16_t)(what % 4 == 0 ? 28 : what % 4 == 1 ? 65 : what % 4 == 2 ? 1 : 16);
    r->rcode = (uint16_t)(what / 4 % 4);
    r->verdict = (struct verdict){.action = (uint8_t)(take(in) % 12),
                                  .reason = (uint8_t)(take(in) % 21),
                                  .category = (uint8_t)take(in),
                                  .match = (uint8_t)(what % 5),
                                  .unattributed = what % 16 == 15};
    r->verdict.categories = r->verdict.category < 64 ? CATEGORY_BIT(r->verdict.category) : take(in);
    r->qname_len = take_name(in, r->qname);
    r->matched_len = r->verdict.match == MATCH_CNAME ? take_name(in, r->matched) : 0;
}

static void check_episode(const struct episode *e)
{
    static const uint8_t help[] = "\x04help\x03org";
    char text[NAME_TEXT_MAX];
    struct text words = {0};
    must(e->score <= 100 && e->part_count <= EPISODE_REASONS && e->first_ns <= e->last_ns);
    must(e->questions >= e->lookups && e->lookups > 0 && e->visits > 0 && e->lookups >= e->names / 2);
    must(e->who.kind != EPISODE_USER || (e->who.worst >= QLOG_GRADE_USER && e->who.worst <= QLOG_GRADE_LOAN));
    must(e->who.kind != EPISODE_DEVICE || e->who.worst <= QLOG_GRADE_DEVICE);
    must(e->who.kind == EPISODE_USER || e->who.user == 0);
    must(e->site.kind != SITE_HELP);
    (void)site_to_text(&e->site, text);
    for (unsigned i = 0; i < EPISODE_NAMES_MAX && e->examples[i] != NULL; i++)
        must(!name_is_at_or_below(e->examples[i], help));
    for (unsigned i = 0; i < e->part_count; i++)
        episode_part_to_text(e, &e->parts[i], &words);
    must(text_ok(&words));
    text_done(&words);
}

static void check(struct episode_builder *builder)
{
    struct episode_sums sums;
    struct newcomer newcomer;
    uint64_t questions = 0;
    episode_sums(builder, &sums);
    for (size_t i = 0; i < episode_count(builder); i++) {
        struct episode episode;
        episode_get(builder, i, &episode);
        check_episode(&episode);
        questions += episode.questions;
    }
    must(questions == sums.in_episodes);
    must(sums.rows == sums.in_episodes + sums.help + sums.background + sums.plain + sums.no_visit + sums.dropped);
    for (size_t i = 0; i < newcomer_count(builder); i++)
        newcomer_get(builder, i, &newcomer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct episode_builder *builder;
    int64_t time_ns = BEGIN_NS;
    make_once();
    unsigned choice = take(&in);
    const struct episode_opts opts = {.tables = tables,
                                      .finder = finder,
                                      .from_ns = BEGIN_NS,
                                      .to_ns = BEGIN_NS + WEEK_NS,
                                      .all = choice & 1,
                                      .seen = choice & 2 ? seen : NULL,
                                      .max = choice & 4 ? 5 : 0};
    must(episode_builder_new(&opts, &builder) == 0);
    while (in.at < in.end) {
        struct qlog_row row = {.node = "n", .feed = "", .upstream = "", .user = "", .device = "", .called = ""};
        take_row(&in, &time_ns, &row);
        must(episode_builder_add(builder, &row) == 0);
    }
    must(episode_builder_finish(builder) == 0);
    check(builder);
    episode_builder_free(builder);
    return 0;
}
