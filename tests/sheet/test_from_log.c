#include "sheet/from_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"
#include "episode/seen.h"
#include "qlog/fixture.h"

#define SECOND_NS INT64_C(1000000000)
#define HOUR_S    INT64_C(3600)

/* A log, what is needed to make a sheet of it, and the sheet. */
struct story {
    struct fixture log_folder;
    struct qlog_opts opts;
    struct qlog *log;
    struct arena *arena;
    struct tables *tables;
    struct site_finder *finder;
    struct episode_builder *builder;
    struct calendar calendar;
    struct sheet sheet;
    uint64_t rows;
    enum episode_age (*age)(void *ctx, const char *group);
};

static const char *name_of(void *ctx, uint32_t number)
{
    static char names[8][24];
    (void)ctx;
    snprintf(names[number % 8], sizeof names[0], "n%u", number % 1000);
    return names[number % 8];
}

static const char *no_year(void *ctx, const char *user)
{
    (void)ctx;
    (void)user;
    return "";
}

static int set_up(void **state)
{
    struct story *s = calloc(1, sizeof *s);
    struct config_errors errors = {0};
    fixture_begin(&s->log_folder);
    s->opts = fixture_opts(&s->log_folder);
    assert_int_equal(qlog_open(&s->opts, &s->log), 0);
    s->arena = arena_new();
    assert_int_equal(tables_new(NULL, &errors, &s->tables), 0);
    assert_int_equal(site_finder_new(&(struct site_finder_opts){.tables = s->tables}, &s->finder), 0);
    assert_int_equal(period_of_week(&s->calendar, "2026-W47", INT64_MAX, &s->sheet.period), 0);
    s->sheet.calendar = &s->calendar;
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct story *s = *state;
    episode_builder_free(s->builder);
    site_finder_free(s->finder);
    tables_free(s->tables);
    arena_free(s->arena);
    qlog_close(s->log);
    fixture_end(&s->log_folder);
    free(s);
    return 0;
}

struct asked {
    int64_t at_s; /* from the week's beginning */
    const char *name;
    unsigned category; /* CATEGORY_NONE: it is open */
    uint32_t user;
    uint8_t grade;
    uint8_t reason;
};

static void ask(struct story *s, const struct asked *asked)
{
    struct qlog_record record;
    const bool blocked = asked->category != CATEGORY_NONE;
    fixture_record(1, &record);
    record.time_ns = (s->sheet.period.from_s + asked->at_s) * SECOND_NS;
    record.user = asked->grade <= QLOG_GRADE_LOAN ? asked->user : 0;
    record.device = asked->grade <= QLOG_GRADE_DEVICE ? 5 : 0;
    record.grade = asked->grade;
    record.qtype = 1;
    record.rcode = 0;
    record.matched_len = 0;
    record.verdict = (struct verdict){.action = blocked ? VERDICT_NOTICE : VERDICT_RESOLVE,
                                      .reason = asked->reason != 0 ? asked->reason
                                                : blocked          ? REASON_CATEGORY
                                                                   : REASON_DEFAULT,
                                      .category = (uint8_t)asked->category,
                                      .feed = VERDICT_NO_FEED,
                                      .categories = blocked ? CATEGORY_BIT(asked->category) : 0,
                                      .unattributed = asked->reason == REASON_PROTECTED_HELP};
    record.qname_len = (uint8_t)name_from_text(asked->name, strlen(asked->name), record.qname);
    qlog_append(qlog_writer(s->log, 0), &record);
    s->rows++;
}

static void tell(struct story *s)
{
    const struct from_log_opts opts = {.dir = s->log_folder.dir,
                                       .finder = s->finder,
                                       .concerns = {.tables = s->tables,
                                                    .arena = s->arena,
                                                    .least = 20,
                                                    .user = name_of,
                                                    .device = name_of,
                                                    .year = no_year,
                                                    .age = s->age},
                                       .now_s = INT64_MAX};
    assert_int_equal(qlog_flush(s->log), 0);
    assert_int_equal(from_log(&opts, &s->sheet, &s->builder), 0);
}

static void numbers_add_up_to_the_rows_of_the_log(void **state)
{
    struct story *s = *state;
    uint64_t asked = 0, blocked = 0, visits = 0, topics = 0;
    for (int i = 0; i < 2000; i++)
        ask(s, &(struct asked){.at_s = i * 297, /* all of the week */
                               .name = i % 7 == 0   ? "www.casino-one.com"
                                       : i % 5 == 0 ? "play.games-two.com"
                                                    : "www.example.com",
                               .category = i % 7 == 0   ? CATEGORY_GAMBLING
                                           : i % 5 == 0 ? CATEGORY_GAMING
                                                        : CATEGORY_NONE,
                               .user = 1 + i % 3,
                               .grade = QLOG_GRADE_LOGON});
    tell(s);
    for (size_t i = 0; i < s->sheet.day_count; i++) {
        uint64_t hours = 0;
        asked += s->sheet.days[i].asked;
        visits += s->sheet.days[i].concerning + s->sheet.days[i].other;
        for (size_t hour = 0; hour < SHEET_HOURS; hour++)
            hours += s->sheet.days[i].hours[hour];
        assert_int_equal(hours, s->sheet.days[i].concerning + s->sheet.days[i].other);
    }
    for (size_t i = 0; i < s->sheet.visit_count; i++)
        blocked += s->sheet.visits[i].questions;
    for (size_t i = 0; i < s->sheet.topic_count; i++)
        topics += s->sheet.topics[i].visits;
    assert_int_equal(asked, s->rows);
    assert_int_equal(s->sheet.asked, s->rows);
    assert_int_equal(s->sheet.origin.rows, s->rows);
    assert_int_equal(fixture_read(s->log_folder.dir, NULL, NULL, 0, NULL), s->rows);
    assert_int_equal(s->sheet.graded[QLOG_GRADE_LOGON], s->rows);
    assert_int_equal(s->sheet.blocked_questions, blocked);
    assert_int_equal(visits, s->sheet.concerning + s->sheet.other);
    assert_int_equal(topics, visits);
    assert_int_equal(s->sheet.origin.last_segment, 7); /* a segment ends with its day */
    assert_int_equal(strlen(s->sheet.origin.chain), 64);
}

static void one_person_and_one_category_are_one_entry(void **state)
{
    struct story *s = *state;
    const struct asked rows[] = {{.at_s = 9 * HOUR_S,
                                  .name = "www.casino-one.com",
                                  .category = CATEGORY_GAMBLING,
                                  .user = 1,
                                  .grade = QLOG_GRADE_LOGON},
                                 {.at_s = 11 * HOUR_S,
                                  .name = "www.casino-two.com",
                                  .category = CATEGORY_GAMBLING,
                                  .user = 1,
                                  .grade = QLOG_GRADE_LOGON},
                                 {.at_s = 30 * HOUR_S,
                                  .name = "www.casino-two.com",
                                  .category = CATEGORY_GAMBLING,
                                  .user = 1,
                                  .grade = QLOG_GRADE_LOGON},
                                 {.at_s = 12 * HOUR_S,
                                  .name = "www.casino-one.com",
                                  .category = CATEGORY_GAMBLING,
                                  .user = 2,
                                  .grade = QLOG_GRADE_LOGON},
                                 {.at_s = 13 * HOUR_S,
                                  .name = "www.weapon-one.com",
                                  .category = CATEGORY_WEAPONS,
                                  .user = 1,
                                  .grade = QLOG_GRADE_LOGON}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ask(s, &rows[i]);
    tell(s);
    assert_int_equal(s->sheet.entry_count, 3);
    assert_int_equal(s->sheet.visit_count, 4);
    for (size_t i = 0; i < 3; i++) {
        const struct sheet_entry *entry = &s->sheet.entries[i];
        if (strcmp(entry->who.user, "n1") != 0 || strcmp(entry->topic, "gambling") != 0)
            continue;
        assert_int_equal(entry->site_count, 2);
        assert_int_equal(entry->visits, 3);
        assert_int_equal(entry->first_s, s->sheet.period.from_s + 9 * HOUR_S);
        assert_int_equal(entry->last_s, s->sheet.period.from_s + 30 * HOUR_S);
        assert_true(entry->blocked);
        return;
    }
    fail_msg("the entry is missing");
}

static void who_it_was_is_as_sure_as_the_log_says(void **state)
{
    struct story *s = *state;
    for (uint8_t grade = QLOG_GRADE_USER; grade <= QLOG_GRADE_ADDRESS; grade++)
        ask(s, &(struct asked){.at_s = (9 + grade) * HOUR_S,
                               .name = "www.casino-one.com",
                               .category = CATEGORY_GAMBLING,
                               .user = grade,
                               .grade = grade});
    tell(s);
    assert_int_equal(s->sheet.entry_count, 5);
    for (size_t i = 0; i < 5; i++) {
        const struct sheet_who *who = &s->sheet.entries[i].who;
        assert_true((who->user[0] != '\0') == (who->grade <= QLOG_GRADE_LOAN));
        assert_true((who->address[0] != '\0') == (who->grade == QLOG_GRADE_ADDRESS));
    }
}

static enum episode_age all_are_staff(void *ctx, const char *group)
{
    (void)ctx;
    (void)group;
    return EPISODE_AGE_ADULT;
}

static void advice_for_pupils_is_not_given_about_staff(void **state)
{
    struct story *s = *state;
    ask(s, &(struct asked){.at_s = 9 * HOUR_S,
                           .name = "www.casino-one.com",
                           .category = CATEGORY_GAMBLING,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON});
    ask(s, &(struct asked){.at_s = 10 * HOUR_S,
                           .name = "3fa94c02d17be685.statutory.invalid",
                           .category = CATEGORY_ILLEGAL,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON,
                           .reason = REASON_STATUTORY});
    s->age = all_are_staff;
    tell(s);
    assert_int_equal(s->sheet.entry_count, 2);
    assert_string_equal(s->sheet.entries[0].advice, tables_concern(s->tables, CATEGORY_ILLEGAL)->then);
    assert_non_null(strstr(s->sheet.entries[1].advice, "This group is staff."));
}

static void calls_for_help_are_nowhere_but_in_the_sum(void **state)
{
    struct story *s = *state;
    ask(s, &(struct asked){.at_s = 9 * HOUR_S,
                           .name = "www.childline.org.uk",
                           .category = CATEGORY_NONE,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON,
                           .reason = REASON_PROTECTED_HELP});
    tell(s);
    assert_int_equal(s->sheet.asked, 1);
    assert_int_equal(s->sheet.entry_count + s->sheet.visit_count + s->sheet.topic_count, 0);
    for (size_t i = 0; i < SHEET_GRADES; i++)
        assert_int_equal(s->sheet.graded[i], 0);
}

static void of_a_statutory_list_there_is_a_number_alone(void **state)
{
    struct story *s = *state;
    ask(s, &(struct asked){.at_s = 9 * HOUR_S,
                           .name = "3fa94c02d17be685.statutory.invalid",
                           .category = CATEGORY_ILLEGAL,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON,
                           .reason = REASON_STATUTORY});
    tell(s);
    assert_int_equal(s->sheet.entry_count, 1);
    assert_true(s->sheet.entries[0].statutory);
    assert_string_equal(s->sheet.entries[0].sites[0], "3fa94c02d17be685.statutory.invalid");
    assert_true(s->sheet.topics[0].is_statutory);
    assert_int_equal(s->sheet.top_blocked_count, 0);
}

static void what_a_program_asks_is_an_entry_and_in_no_number(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 300; i++)
        ask(s, &(struct asked){.at_s = HOUR_S + i * 1800,
                               .name = "www.bad-one.com",
                               .category = CATEGORY_MALWARE,
                               .user = 1,
                               .grade = QLOG_GRADE_DEVICE});
    ask(s, &(struct asked){.at_s = 151 * HOUR_S,
                           .name = "www.casino-one.com",
                           .category = CATEGORY_GAMBLING,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON});
    tell(s);
    uint64_t days = 0;
    for (size_t i = 0; i < s->sheet.day_count; i++)
        days += s->sheet.days[i].concerning + s->sheet.days[i].other;
    assert_int_equal(s->sheet.entry_count, 2);
    assert_int_equal(s->sheet.machine_visits, 300);
    assert_int_equal(s->sheet.concerning, 1);
    assert_int_equal(days, 1);
    assert_int_equal(s->sheet.topic_count, 1);
    assert_string_equal(s->sheet.topics[0].topic, "gambling");
}

static void a_week_without_rows_is_empty(void **state)
{
    struct story *s = *state;
    ask(s, &(struct asked){.at_s = -1,
                           .name = "www.casino-one.com",
                           .category = CATEGORY_GAMBLING,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON});
    ask(s, &(struct asked){.at_s = 7 * 24 * HOUR_S,
                           .name = "www.casino-one.com",
                           .category = CATEGORY_GAMBLING,
                           .user = 1,
                           .grade = QLOG_GRADE_LOGON});
    tell(s);
    assert_int_equal(s->sheet.asked, 0);
    assert_int_equal(s->sheet.entry_count, 0);
    assert_int_equal(s->sheet.day_count, 7);
    assert_int_equal(s->sheet.origin.last_segment, 0);
}

static void a_week_of_the_trend_has_the_same_numbers(void **state)
{
    struct story *s = *state;
    struct sheet_week week = {.first_day = 0};
    for (int i = 0; i < 40; i++)
        ask(s, &(struct asked){.at_s = i * 4 * HOUR_S + i * i * 60,
                               .name = i % 4 == 0 ? "www.casino-one.com" : "www.example.com",
                               .category = i % 4 == 0 ? CATEGORY_GAMBLING : CATEGORY_NONE,
                               .user = 1,
                               .grade = QLOG_GRADE_LOGON});
    tell(s);
    const struct from_log_opts opts = {
        .dir = s->log_folder.dir, .finder = s->finder, .concerns = {.tables = s->tables}};
    assert_int_equal(from_log_week(&opts, &s->sheet.period, &s->calendar, &week), 0);
    assert_true(week.known);
    assert_int_equal(week.asked, s->sheet.asked);
    assert_int_equal(week.concerning, s->sheet.concerning);
    assert_int_equal(week.other, s->sheet.other);
    const struct period before = period_shift(&s->calendar, &s->sheet.period, 7);
    assert_int_equal(from_log_week(&opts, &before, &s->calendar, &week), 0);
    assert_false(week.known);
}

int main(void)
{
#define IN_STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_STORY(numbers_add_up_to_the_rows_of_the_log),
        IN_STORY(one_person_and_one_category_are_one_entry),
        IN_STORY(who_it_was_is_as_sure_as_the_log_says),
        IN_STORY(advice_for_pupils_is_not_given_about_staff),
        IN_STORY(calls_for_help_are_nowhere_but_in_the_sum),
        IN_STORY(of_a_statutory_list_there_is_a_number_alone),
        IN_STORY(what_a_program_asks_is_an_entry_and_in_no_number),
        IN_STORY(a_week_without_rows_is_empty),
        IN_STORY(a_week_of_the_trend_has_the_same_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
