#include "episode/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rr.h"

static const char *const help[] = {"childline.org.uk", "papyrus-uk.org"};

static void finder_make(struct story *story)
{
    static const char own_zone[] = "oak.sch.example";
    static uint8_t wire[3][NAME_MAX_LEN];
    const uint8_t *help_names[2] = {wire[0], wire[1]};
    const uint8_t *own = wire[2];
    for (size_t i = 0; i < 2; i++)
        assert_true(name_from_text(help[i], strlen(help[i]), wire[i]) > 0);
    assert_true(name_from_text(own_zone, strlen(own_zone), wire[2]) > 0);
    const struct site_finder_opts opts = {
        .tables = story->tables, .own = &own, .own_count = 1, .help = help_names, .help_count = 2};
    assert_int_equal(site_finder_new(&opts, &story->finder), 0);
}

void story_begin(struct story *story)
{
    struct config_errors errors = {0};
    *story = (struct story){0};
    int err = tables_new(NULL, &errors, &story->tables);
    config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    assert_int_equal(err, 0);
    finder_make(story);
    story->opts = (struct episode_opts){
        .tables = story->tables, .finder = story->finder, .from_ns = STORY_BEGIN, .to_ns = STORY_BEGIN + 7 * STORY_DAY};
    story->row = (struct qlog_row){
        .node = "node", .group = "pupils", .feed = "", .upstream = "", .user = "", .device = "", .called = ""};
    story_user(story, 7, QLOG_GRADE_USER);
    story->row.record.device = 3;
    story_address(story, "10.20.0.7");
    story->row.record.grade = QLOG_GRADE_USER;
    story->row.record.user = 7;
}

void story_end(struct story *story)
{
    episode_builder_free(story->builder);
    site_finder_free(story->finder);
    tables_free(story->tables);
}

void story_user(struct story *story, uint32_t user, uint8_t grade)
{
    story->row.record.user = user;
    story->row.record.grade = grade;
}

void story_device(struct story *story, uint32_t device)
{
    story->row.record.user = 0;
    story->row.record.device = device;
    story->row.record.grade = QLOG_GRADE_DEVICE;
}

void story_address(struct story *story, const char *address)
{
    story->row.record.user = 0;
    story->row.record.grade = QLOG_GRADE_ADDRESS;
    assert_int_equal(ipaddr_from_text(address, &story->row.record.client), 0);
}

static void ask(struct story *story, int64_t at_ns, const char *name, const struct verdict *verdict)
{
    struct qlog_record *r = &story->row.record;
    if (story->builder == NULL)
        assert_int_equal(episode_builder_new(&story->opts, &story->builder), 0);
    int len = name_from_text(name, strlen(name), r->qname);
    assert_true(len > 0);
    r->qname_len = (uint8_t)len;
    r->time_ns = STORY_BEGIN + at_ns;
    r->verdict = *verdict;
    if (r->qtype == 0)
        r->qtype = DNS_TYPE_A;
    assert_int_equal(episode_builder_add(story->builder, &story->row), 0);
    r->qtype = 0;
}

void story_ask(struct story *story, int64_t at_ns, const char *name)
{
    ask(story, at_ns, name, &(struct verdict){.category = CATEGORY_NONE, .feed = VERDICT_NO_FEED});
}

void story_reason(struct story *story, int64_t at_ns, const char *name, unsigned category, enum verdict_reason reason,
                  enum verdict_action action)
{
    ask(story, at_ns, name,
        &(struct verdict){.action = (uint8_t)action,
                          .reason = (uint8_t)reason,
                          .category = (uint8_t)category,
                          .match = MATCH_QNAME,
                          .categories = category < CATEGORY_MAX ? CATEGORY_BIT(category) : 0});
}

void story_blocked(struct story *story, int64_t at_ns, const char *name, unsigned category)
{
    story_reason(story, at_ns, name, category, REASON_CATEGORY, VERDICT_NOTICE);
}

void story_logged(struct story *story, int64_t at_ns, const char *name, unsigned category)
{
    story_reason(story, at_ns, name, category, REASON_LOG_ONLY, VERDICT_RESOLVE);
}

void story_opens(struct story *story, int64_t at_ns, const char *name, unsigned category)
{
    static const uint16_t types[] = {DNS_TYPE_HTTPS, DNS_TYPE_A, DNS_TYPE_AAAA};
    for (size_t i = 0; i < 3; i++) {
        story->row.record.qtype = types[i];
        if (category == CATEGORY_NONE)
            story_ask(story, at_ns + (int64_t)i * 300000, name);
        else
            story_blocked(story, at_ns + (int64_t)i * 300000, name, category);
    }
}

size_t story_tell(struct story *story)
{
    if (story->builder == NULL)
        assert_int_equal(episode_builder_new(&story->opts, &story->builder), 0);
    assert_int_equal(episode_builder_finish(story->builder), 0);
    return episode_count(story->builder);
}

struct episode story_episode(struct story *story, size_t index)
{
    struct episode episode;
    assert_true(index < episode_count(story->builder));
    episode_get(story->builder, index, &episode);
    return episode;
}

struct episode story_find(struct story *story, const char *site)
{
    char text[NAME_TEXT_MAX];
    for (size_t i = 0; i < episode_count(story->builder); i++) {
        struct episode episode = story_episode(story, i);
        if (strcmp(site_to_text(&episode.site, text), site) == 0)
            return episode;
    }
    fail_msg("no episode of %s", site);
    return (struct episode){0};
}

int story_points(const struct episode *episode, enum episode_reason reason)
{
    for (unsigned i = 0; i < episode->part_count; i++)
        if (episode->parts[i].reason == reason)
            return episode->parts[i].points;
    return 0;
}
