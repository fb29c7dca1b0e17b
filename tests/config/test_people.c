/* The people file, calendar and schedules as they are written: what becomes of them, and what is said of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/category.h"
#include "config/config.h"
#include "config/people.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)

static const char levels[] = "  levels:\n"
                             "  - {name: young, block: [gaming], years: [7, 8, Year 9]}\n"
                             "  - {name: old, years: [10, 11]}\n"
                             "  - {name: staff, block: [malware]}\n"
                             "  - {name: exam, block: all, default: block}\n"
                             "  groups:\n"
                             "  - {name: wifi, networks: [10.1.0.0/16], level: young}\n"
                             "  - {name: office, level: staff, must_accept: true}\n"
                             "  default_level: young\n";

static struct folder {
    char path[64], yaml[96], csv[96];
} folder;

static int folder_make(void **state)
{
    (void)state;
    strcpy(folder.path, "/tmp/belisha-people-XXXXXX");
    if (mkdtemp(folder.path) == NULL)
        return -1;
    snprintf(folder.yaml, sizeof folder.yaml, "%s/policy.yaml", folder.path);
    snprintf(folder.csv, sizeof folder.csv, "%s/users.csv", folder.path);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    unlink(folder.yaml);
    unlink(folder.csv);
    return rmdir(folder.path);
}

static void write_file(const char *path, const char *head, const char *middle, const char *tail)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fprintf(to, "%s%s%s", head, middle, tail);
    fclose(to);
}

static int load(const char *more, const char *csv, struct config **out, struct config_errors *errors)
{
    const char *const files[] = {folder.yaml};
    write_file(folder.yaml, "policy:\n", levels, more);
    write_file(folder.csv, csv == NULL ? "" : csv, "", "");
    return config_load(files, 1, out, errors);
}

static struct config *load_well(const char *more, const char *csv)
{
    struct config_errors errors = {0};
    struct config *config = NULL;
    if (load(more, csv, &config, &errors) != 0)
        fail_msg("%s", errors.count ? errors.text[0] : "no message");
    config_errors_done(&errors);
    return config;
}

/* ---- people ---- */

static void people_come_from_a_file_beside_the_policy(void **state)
{
    (void)state;
    struct config *config =
        load_well("  people: users.csv\n  calendar: {time_zone: Europe/London}\n",
                  "\xef\xbb\xbf"
                  "Level,USER,house,year,group,until,notes,block,allow,accepted,sponsor\r\n"
                  ",ann,red,Year 08,,,,,,,\r\n"
                  "old,SCHOOL\\bob,,9,,2027-07-20,\"moved, in May\",,,,\r\n"
                  "\r\n"
                  ",cat,,,office,2027-07-20 15:30,,gaming news,\"self-harm; drugs\",2026-09-03,Ms Okafor\r\n"
                  ",,,,,,,,,,\r\n"
                  ",dan,,14,,,,,,no,\r\n");
    const struct policy_person *p = config->policy.people;
    assert_int_equal(config->policy.person_count, 4);
    assert_string_equal(p[0].user, "ann");
    assert_int_equal(p[0].group, POLICY_GROUP_DEFAULT);
    assert_int_equal(p[0].level, 0);         /* by the year */
    assert_int_equal(p[1].level, 1);         /* his own goes before that of the year */
    assert_true(p[1].until_s == 1816124400); /* the end of a day in summer: 2027-07-20 23:00 UTC */
    assert_int_equal(p[2].group, 1);
    assert_int_equal(p[2].level, POLICY_NO_LEVEL);
    assert_true(p[2].until_s == 1816093800);
    assert_true(p[2].block == (BIT(GAMING) | BIT(NEWS)));
    assert_true(p[2].allow == (BIT(SELF_HARM) | BIT(DRUGS)));
    assert_true(p[2].accepted);
    assert_int_equal(p[3].level, POLICY_NO_LEVEL); /* no level has that year */
    assert_string_equal(config->people[1].notes, "moved, in May");
    assert_string_equal(config->people[2].sponsor, "Ms Okafor");
    assert_int_equal(config->people[3].line, 6 + 1 - 0);
    assert_true(config->policy.groups[1].acceptance);
    config_free(config);
}

static void the_path_is_whole_in_what_is_written_out(void **state)
{
    char *text = NULL;
    size_t len;
    (void)state;
    struct config *config = load_well("  people: users.csv\n", "user\nann\n");
    FILE *to = open_memstream(&text, &len);
    config_write(config, to);
    fclose(to);
    assert_non_null(strstr(text, folder.csv));
    assert_string_equal(config->people_path, folder.csv);
    free(text);
    config_free(config);
}

static void ten_thousand_people_are_read(void **state)
{
    static char csv[1 << 20];
    size_t len = (size_t)sprintf(csv, "user,level\n");
    (void)state;
    for (int i = 0; i < 10000; i++)
        len += (size_t)sprintf(csv + len, "pupil%05d,%s\n", i, i % 2 ? "young" : "old");
    struct config *config = load_well("  people: users.csv\n", csv);
    assert_int_equal(config->policy.person_count, 10000);
    struct policy *policy;
    assert_int_equal(policy_new(&config->policy, &policy), 0);
    assert_int_equal(policy_person_find(policy, "PUPIL09999"), 9999);
    policy_free(policy);
    config_free(config);
}

static void mistakes_in_the_people_file_are_pointed_at(void **state)
{
    static const struct {
        const char *csv, *message;
    } rows[] = {
        {"", "users.csv:1:1: error: the first line must name the columns"},
        {"name,level\nann,old\n", "users.csv:1:1: error: there is no column 'user'"},
        {"user;level\nann;old\n",
         "users.csv:1:1: error: there is no column 'user'; the first line names the columns, separated by commas"},
        {"user,levle\nann,old\n", "users.csv:1:6: error: there is no column 'levle'; did you mean 'level'?"},
        {"user,User\nann,old\n", "users.csv:1:6: error: two columns have this name: 'User'"},
        {"user,reason\nann,autism\n", "users.csv:1:6: error: reasons have a file of their own (policy.reasons)"},
        {"user,level\nann,odl\n", "users.csv:2:5: error: 'odl' is not among the levels"},
        {"user,group\nann,\"wi,fi\"\n", "users.csv:2:5: error: 'wi,fi' is not among the groups"},
        {"user,level\nann,old\n,old\n", "users.csv:3:1: error: this person has no user name"},
        {"user\nann\nX\\Ann\n", "users.csv:3:1: error: user 'X\\Ann' is here twice, first in line 2"},
        {"user\n\"X\\\"\n", "users.csv:2:1: error: 'X\\' is no user name"},
        {"user,until\nann,20/07/2027\n", "users.csv:2:5: error: until must be a date such as 2027-07-20"},
        {"user,until\nann,2027-07-20 25:00\n", "users.csv:2:5: error: until must be a date"},
        {"user,accepted\nann,maybe\n", "users.csv:2:5: error: accepted must be yes, no, or the date of it"},
        {"user,block\nann,gaming gmaes\n", "users.csv:2:5: error: 'gmaes' is no category"},
        {"user,allow\nann,malware\n",
         "users.csv:2:5: error: an entry of a person can't open 'malware': only a level can"},
        {"user,allow\nann,illegal\n", "users.csv:2:5: error: 'illegal' is always blocked"},
        {"user,block,allow\nann,news,news\n",
         "users.csv:2:10: error: this entry both allows and blocks the same category"},
        {"user\nann\nbob,old\n", "users.csv:3:5: error: this line has more fields than the first, from here on: 'old'"},
        {"user\n\"ann\nbob\n", "users.csv:2:1: error: the quotes here do not pair"},
        {"user\nann\nb\xf6z\n", "users.csv:3:1: error: this is no UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config_errors errors = {0};
        struct config *config = NULL;
        int rc = load("  people: users.csv\n", rows[i].csv, &config, &errors);
        if (rc != ERR_CONFIG || errors.count != 1 || strstr(errors.text[0], rows[i].message) == NULL)
            fail_msg("%s\n gave %d, %zu messages: %s\n wanted: %s", rows[i].csv, rc, errors.count,
                     errors.count ? errors.text[0] : "-", rows[i].message);
        config_errors_done(&errors);
    }
}

/* ---- what the file may do ---- */

static void without_limits_the_file_opens_what_it_says(void **state)
{
    (void)state;
    struct config *config = load_well("  people: users.csv\n", "user,level,allow\nann,staff,gaming\n");
    assert_int_equal(config->policy.people[0].level, 2);
    assert_true(config->policy.people[0].allow == BIT(GAMING));
    assert_int_equal(config->people_report.refused, 0);
    assert_int_equal(config->people_report.opening, 1);
    config_free(config);
}

static void assert_limited(const struct config *config)
{
    static const char *const told[] = {
        ":2:10: 'news' does not count: policy.people.may_open does not name it",
        ":3:3: 'staff' does not count: policy.people.may_use does not name the level; the person has restricted_level",
        ":4:7: 'office' does not count: policy.people.may_use does not name the group's level; the person has "
        "restricted_level",
        ":6:3: 'exam' does not count: policy.people.may_use does not name the level",
    };
    const struct people_report *report = &config->people_report;
    const struct policy_person *p = config->policy.people;
    assert_true(p[0].allow == BIT(GAMING));
    assert_int_equal(p[0].level, 1); /* it has years */
    assert_int_equal(p[1].level, 0); /* restricted */
    assert_true(p[1].block == BIT(NEWS));
    assert_int_equal(p[2].level, 0);
    assert_int_equal(p[2].group, POLICY_GROUP_DEFAULT);
    assert_int_equal(p[3].level, 1); /* by the year */
    assert_int_equal(p[3].group, 0);
    assert_int_equal(p[4].level, 0);
    assert_int_equal(report->count, 5);
    assert_int_equal(report->opening, 1);
    assert_int_equal(report->closing, 1);
    assert_int_equal(report->refused, 4);
    assert_int_equal(report->told_count, 4);
    for (size_t i = 0; i < 4; i++)
        if (strstr(report->told[i], told[i]) == NULL)
            fail_msg("%s", report->told[i]);
}

static const char overreaching[] = "user,level,group,year,block,allow\n"
                                   "a,old,,,,gaming\n"
                                   "b,staff,,,news,\n"
                                   "c,old,office,,,\n"
                                   "d,,wifi,11,,\n"
                                   "e,exam,,,,\n";

static void what_the_policy_does_not_name_the_file_does_not_open(void **state)
{
    char csv[sizeof overreaching + 16];
    (void)state;
    snprintf(csv, sizeof csv, "%s", overreaching);
    char *cell = strstr(csv, "a,old,,,,gaming");
    memmove(cell + 15 + 5, cell + 15, strlen(cell + 15) + 1);
    memcpy(cell + 15, " news", 5);
    struct config *config = load_well("  people: {file: users.csv, may_open: [gaming]}\n", csv);
    assert_limited(config);
    config_free(config);
}

static void what_the_policy_names_the_file_may_give(void **state)
{
    (void)state;
    struct config *config =
        load_well("  people: {file: users.csv, may_open: [gaming, news], may_use: [staff, exam]}\n", overreaching);
    assert_int_equal(config->people_report.refused, 0);
    assert_int_equal(config->policy.people[1].level, 2);
    assert_int_equal(config->policy.people[2].group, 1);
    assert_int_equal(config->policy.people[4].level, 3);
    config_free(config);
}

static void under_change_control_the_file_opens_nothing_by_itself(void **state)
{
    (void)state;
    struct config *config = load_well("  people: users.csv\n"
                                      "operators: [{user: anna, roles: [technical]}]\n"
                                      "change_control: {approvals: [technical]}\n",
                                      "user,level,allow\nann,staff,gaming\nbob,old,\n");
    assert_int_equal(config->people_report.refused, 2);
    assert_int_equal(config->policy.people[0].level, 0);
    assert_true(config->policy.people[0].allow == 0);
    assert_int_equal(config->policy.people[1].level, 1);
    config_free(config);
}

static void of_many_refused_cells_the_first_are_told_and_all_counted(void **state)
{
    char csv[4096] = "user,allow\n";
    (void)state;
    for (int i = 0; i < 100; i++)
        sprintf(csv + strlen(csv), "pupil%d,news\n", i);
    struct config *config = load_well("  people: {file: users.csv, may_open: gaming}\n", csv);
    assert_int_equal(config->people_report.refused, 100);
    assert_int_equal(config->people_report.told_count, PEOPLE_TOLD_MAX);
    for (int i = 0; i < 100; i++)
        assert_true(config->policy.people[i].allow == 0);
    config_free(config);
}

static void mistakes_in_the_limits_are_pointed_at(void **state)
{
    static const struct {
        const char *yaml, *message;
    } rows[] = {
        {"  people: {file: users.csv, may_open: [malware]}\n", "an entry of a person can't open 'malware'"},
        {"  people: {file: users.csv, may_open: [illegal]}\n", "an entry of a person can't open 'illegal'"},
        {"  people: {file: users.csv, may_use: [stuff]}\n", "'stuff' is not among the levels"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config_errors errors = {0};
        struct config *config = NULL;
        assert_int_equal(load(rows[i].yaml, "user\nann\n", &config, &errors), ERR_CONFIG);
        if (errors.count != 1 || strstr(errors.text[0], rows[i].message) == NULL)
            fail_msg("%s", errors.count ? errors.text[0] : "no message");
        config_errors_done(&errors);
    }
}

static void all_mistakes_are_told_not_just_the_first(void **state)
{
    struct config_errors errors = {0};
    struct config *config = NULL;
    (void)state;
    assert_int_equal(load("  people: users.csv\n", "user,level,group\na,x,y\nb,z,wifi\n", &config, &errors),
                     ERR_CONFIG);
    assert_int_equal(errors.count, 3);
    config_errors_done(&errors);
}

/* ---- calendar and schedules ---- */

static void calendar_and_schedules_become_what_they_say(void **state)
{
    (void)state;
    struct config *config =
        load_well("  calendar:\n"
                  "    time_zone: Europe/London\n"
                  "    terms: [{name: autumn, from: 2026-09-03, to: 2026-12-18}]\n"
                  "    holidays: [2026-11-16, {from: 2026-10-26, to: 2026-10-30}]\n"
                  "    lessons: [{name: p1, when: [Mon-Thu 09:00-10:00, Fri 09:15-10:00]}]\n"
                  "  schedules:\n"
                  "  - {name: lunch-games, when: \"Mon-Fri 12:30-13:20\", in: term, groups: [wifi],\n"
                  "     allow: [gaming]}\n"
                  "  - {name: quiet, when: [p1, Sat], levels: [old], block: [social-media]}\n"
                  "  - {name: mocks, when: 09:00-12:00, from: 2027-01-11, to: 2027-01-15,\n"
                  "     groups: [default], level: exam}\n",
                  NULL);
    const struct calendar *c = config->policy.calendar;
    const struct policy_schedule *s = config->policy.schedules;
    assert_int_equal(c->term_count, 1);
    assert_int_equal(c->holiday_count, 2);
    assert_int_equal(c->holidays[0].first, c->holidays[0].last);
    assert_int_equal(c->lesson_count, 1);
    assert_int_equal(c->lessons[0].count, 2);
    assert_int_equal(time_zone_offset_s(c->zone, 1815000000), 3600);
    assert_int_equal(config->policy.schedule_count, 3);
    assert_int_equal(s[0].times.season, SCHEDULE_TERM);
    assert_int_equal(s[0].times.windows[0].days, 0x1f);
    assert_int_equal(s[0].group_count, 1);
    assert_int_equal(s[0].level, POLICY_NO_LEVEL);
    assert_true(s[0].allow == BIT(GAMING));
    assert_int_equal(s[1].times.window_count, 3);
    assert_true(s[1].levels == 2);
    assert_int_equal(s[2].level, 3);
    assert_int_equal(s[2].groups[0], POLICY_GROUP_DEFAULT);
    assert_int_equal(s[2].times.dates.last - s[2].times.dates.first, 4);
    config_free(config);
}

static void mistakes_in_calendar_and_schedules_are_pointed_at(void **state)
{
    static const struct {
        const char *yaml, *message;
    } rows[] = {
        {"  calendar: {time_zone: Europe/Londno}\n", "time_zone must be a zone of this machine, such as Europe/London"},
        {"  calendar: {time_zone: ../../../etc/passwd}\n", "time_zone must be a zone of this machine"},
        {"  calendar: {terms: [{from: 2026-12-18, to: 2026-09-03}]}\n", "`to` is before `from`"},
        {"  calendar: {holidays: [2026-02-30]}\n", "from must be a date such as 2026-09-03, not '2026-02-30'"},
        {"  calendar: {lessons: [{name: p 1, when: Mon}]}\n", "a lesson's name has no blanks: 'p 1'"},
        {"  calendar: {lessons: [{name: p1, when: Mon}, {name: p1, when: Tue}]}\n", "lesson 'p1' is given twice"},
        {"  schedules: [{name: a, when: Mon-Fry 12:30-13:20, allow: [gaming]}]\n",
         "'Mon-Fry' is not understood: days are"},
        {"  schedules: [{name: a, when: Mon 12.30, allow: [gaming]}]\n", "'12.30' is not understood: times are"},
        {"  schedules: [{name: a, when: p1, allow: [gaming]}]\n", "'p1' is not understood"},
        {"  schedules: [{name: a, when: Mon}]\n", "schedule 'a' changes nothing: it needs allow, block or level"},
        {"  schedules: [{name: a, when: Mon, in: term, allow: [gaming]}]\n", "the calendar has no terms"},
        {"  schedules: [{name: a, when: Mon, groups: [wfi], allow: [gaming]}]\n", "'wfi' is not among the groups"},
        {"  schedules: [{name: a, when: Mon, levels: [yuong], allow: [gaming]}]\n", "'yuong' is not among the levels"},
        {"  schedules: [{name: a, when: Mon, level: yuong}]\n", "level 'yuong' is not among the levels"},
        {"  schedules: [{name: a, when: Mon, allow: [malware]}]\n",
         "a schedule can't open 'malware': only a level can"},
        {"  schedules: [{name: a, when: Mon, allow: [illegal]}]\n", "'illegal' is always blocked"},
        {"  schedules: [{name: a, when: Mon, allow: [news], block: [news]}]\n",
         "schedule 'a' both allows and blocks 'news'"},
        {"  schedules: [{name: a, when: Mon, level: exam}, {name: a, when: Mon, level: exam}]\n",
         "schedule 'a' is given twice"},
        {"  schedules: [{name: a, when: Mon, level: exam, from: 2027-01-02, to: 2027-01-01}]\n",
         "`to` is before `from`"},
        {"  restricted_level: nowhere\n", "restricted_level 'nowhere' is not among the levels"},
        {"  people: nobody.csv\n", "people must be a file that can be read, not '"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct config_errors errors = {0};
        struct config *config = NULL;
        int rc = load(rows[i].yaml, NULL, &config, &errors);
        if (rc != ERR_CONFIG || errors.count != 1 || strstr(errors.text[0], rows[i].message) == NULL)
            fail_msg("%s\n gave %d, %zu messages: %s\n wanted: %s", rows[i].yaml, rc, errors.count,
                     errors.count ? errors.text[0] : "-", rows[i].message);
        config_errors_done(&errors);
    }
}

/* As the design of the file has it, with all its keys and shapes. */
static void the_file_as_it_was_designed_is_taken(void **state)
{
    static const char text[] =
        "levels:                       # age and ability, from youngest to staff\n"
        "  - name: year-7-9\n"
        "    block: [pornography, gambling]       # or allow / hold / log-only per category\n"
        "    unless_approved: [newsgroups, generative-ai]      # blocked unless a specific site is approved\n"
        "    safe_search: strict       # strict | moderate | off, per engine if wanted\n"
        "    youtube: strict\n"
        "    default: allow            # or block: a walled garden\n"
        "  - { name: staff, block: [malware] }\n"
        "  - { name: guest, block: all }\n"
        "groups:\n"
        "  - { name: pupils-wifi, networks: [10.20.0.0/16], level: year-7-9 }\n"
        "  - { name: staff, networks: [10.30.0.0/16], level: staff }\n"
        "  - { name: guests, networks: [10.40.0.0/16], level: guest }\n"
        "people: users.csv             # user, group or level, school year, notes; exported from the MIS or directory\n"
        "calendar: { time_zone: Europe/London, terms: [{ from: 2026-09-03, to: 2026-12-18 }], lessons: [{ name: p1, "
        "when: "
        "Mon-Fri 09:00-10:00 }] }\n"
        "schedules:\n"
        "  - { name: lunch-games, when: \"Mon-Fri 12:30-13:20\", in: term, groups: [pupils-wifi], allow: [gaming] }\n"
        "protected_help: [help.school.example] # add to the shipped list; it can't be shortened\n";
    char yaml[96];
    struct config_errors errors = {0};
    struct config *config = NULL;
    const char *const files[] = {yaml};
    (void)state;
    snprintf(yaml, sizeof yaml, "%s/belisha.yaml", folder.path);
    write_file(yaml, "policy: policy.yaml\n", "", "");
    write_file(folder.yaml, text, "", "");
    write_file(folder.csv, "user,group,level,year,notes\n", "ann,pupils-wifi,,8,\nokafor,,staff,,head of year\n", "");
    if (config_load(files, 1, &config, &errors) != 0)
        fail_msg("%s", errors.count ? errors.text[0] : "no message");
    assert_int_equal(config->policy.person_count, 2);
    assert_int_equal(config->policy.schedule_count, 1);
    assert_true(config->policy.levels[0].unless_approved == (BIT(NEWSGROUPS) | BIT(GENERATIVE_AI)));
    assert_true(config->policy.levels[0].safe_strict != 0);
    assert_memory_equal(config->protected_help[config->protected_help_count - 1], "\4help\6school\7example", 21);
    struct policy *policy;
    assert_int_equal(policy_new(&config->policy, &policy), 0);
    policy_free(policy);
    config_free(config);
    unlink(yaml);
}

static void a_year_belongs_to_one_level(void **state)
{
    const char *const files[] = {folder.yaml};
    struct config_errors errors = {0};
    struct config *config = NULL;
    (void)state;
    write_file(folder.yaml, "policy: {levels: [{name: a, years: [7]}, ", "{name: b, years: [Y07]}]}", "\n");
    assert_int_equal(config_load(files, 1, &config, &errors), ERR_CONFIG);
    assert_non_null(strstr(errors.text[0], "year 'Y07' is in another level too"));
    config_errors_done(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_come_from_a_file_beside_the_policy),
        cmocka_unit_test(the_path_is_whole_in_what_is_written_out),
        cmocka_unit_test(ten_thousand_people_are_read),
        cmocka_unit_test(mistakes_in_the_people_file_are_pointed_at),
        cmocka_unit_test(without_limits_the_file_opens_what_it_says),
        cmocka_unit_test(what_the_policy_does_not_name_the_file_does_not_open),
        cmocka_unit_test(what_the_policy_names_the_file_may_give),
        cmocka_unit_test(under_change_control_the_file_opens_nothing_by_itself),
        cmocka_unit_test(of_many_refused_cells_the_first_are_told_and_all_counted),
        cmocka_unit_test(mistakes_in_the_limits_are_pointed_at),
        cmocka_unit_test(all_mistakes_are_told_not_just_the_first),
        cmocka_unit_test(calendar_and_schedules_become_what_they_say),
        cmocka_unit_test(mistakes_in_calendar_and_schedules_are_pointed_at),
        cmocka_unit_test(the_file_as_it_was_designed_is_taken),
        cmocka_unit_test(a_year_belongs_to_one_level),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
