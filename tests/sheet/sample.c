#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "policy/civil.h"
#include "qlog/record.h"

#define COUNT(array)          (sizeof(array) / sizeof *(array))
#define AT(day, hour, minute) (base_s + ((day)*24 + (hour)) * INT64_C(3600) + (minute)*60)

static bool is_hostile;

static const char *h(const char *text)
{
    return is_hostile ? SAMPLE_HOSTILE : text;
}

static struct sheet_who who(uint8_t grade, const char *user, const char *device, const char *address, const char *group,
                            const char *year)
{
    return (struct sheet_who){
        .grade = grade, .user = h(user), .device = h(device), .address = address, .group = h(group), .year = h(year)};
}

static void put_entries(struct sheet *sheet, int64_t base_s)
{
    static struct sheet_entry entries[4];
    static struct sheet_visit visits[6];
    entries[0] = (struct sheet_entry){
        .who = who(QLOG_GRADE_LOGON, "m.abara", "library-pc-07", "", "pupils", "Year 9"),
        .topic = "self-harm or suicide",
        .sites = {h("dark-thoughts.example"), h("quiet-room.example")},
        .site_count = 2,
        .visits = 7,
        .questions = 61,
        .first_s = AT(1, 13, 12),
        .last_s = AT(4, 9, 40),
        .days = 3,
        .blocked = true,
        .reasons = {"a child may be in danger now", h("on 3 days"), "more towards the end of the week"},
        .means = "It may mean this, or that. It may mean nothing.",
        .advice = h("Speak to them today, calmly and without blame. Follow your own procedure for a child at risk."),
        .concern = 82};
    entries[1] = (struct sheet_entry){.who = who(QLOG_GRADE_DEVICE, "", "trolley-2-laptop-11", "", "pupils", ""),
                                      .topic = "on a statutory list",
                                      .sites = {"4f1c88a2b07d93e6.statutory.invalid"},
                                      .site_count = 1,
                                      .visits = 1,
                                      .questions = 2,
                                      .first_s = AT(2, 11, 5),
                                      .last_s = AT(2, 11, 5),
                                      .days = 1,
                                      .blocked = true,
                                      .statutory = true,
                                      .reasons = {"decided by a statutory list"},
                                      .means = "It may mean this, or that. It may mean nothing.",
                                      .advice = "Do not open it and do not look for it yourself. Tell the head today.",
                                      .concern = 78};
    entries[2] = (struct sheet_entry){.who = who(QLOG_GRADE_USER, "t.lindqvist", "", "", "pupils-wifi", "Year 11"),
                                      .topic = "gambling",
                                      .sites = {h("lucky-spin.example"), h("bet-now.example"), h("odds.example")},
                                      .site_count = 5,
                                      .visits = 23,
                                      .questions = 310,
                                      .first_s = AT(0, 8, 55),
                                      .last_s = AT(4, 15, 2),
                                      .days = 5,
                                      .blocked = true,
                                      .reasons = {"on 5 days", "several websites of the kind", "in lessons"},
                                      .means = "It may mean this, or that. It may mean nothing.",
                                      .advice = "Where it comes again, ask about money, debts and sleep.",
                                      .concern = 44};
    entries[3] =
        (struct sheet_entry){.who = who(QLOG_GRADE_LOAN, "r.fontaine", "chromebook-118", "", "loans", "Year 8"),
                             .topic = "gambling",
                             .sites = {h("odds.example")},
                             .site_count = 1,
                             .visits = 3,
                             .questions = 12,
                             .first_s = AT(3, 16, 30),
                             .last_s = AT(3, 17, 2),
                             .days = 1,
                             .blocked = false,
                             .reasons = {"3 visits"},
                             .means = "It may mean this, or that. It may mean nothing.",
                             .advice = "Where it comes again, ask about money, debts and sleep.",
                             .concern = 30};
    for (size_t i = 0; i < COUNT(visits); i++) {
        const struct sheet_entry *entry = &entries[i % 4];
        visits[i] = (struct sheet_visit){.who = entry->who,
                                         .site = entry->sites[i / 4],
                                         .category = i % 4 == 0   ? "self-harm"
                                                     : i % 4 == 1 ? "illegal"
                                                                  : "gambling",
                                         .topic = entry->topic,
                                         .visits = i + 1,
                                         .questions = 9 * i + 3,
                                         .first_s = entry->first_s,
                                         .last_s = entry->last_s,
                                         .blocked = entry->blocked,
                                         .statutory = entry->statutory,
                                         .is_concern = true,
                                         .concern = entry->concern - (double)i,
                                         .reason = entry->reasons[0]};
        if (visits[i].site == NULL)
            visits[i].site = "another.example";
    }
    sheet->entries = entries;
    sheet->entry_count = COUNT(entries);
    sheet->visits = visits;
    sheet->visit_count = COUNT(visits);
}

static void put_numbers(struct sheet *sheet)
{
    static struct sheet_day days[7];
    static struct sheet_topic topics[12];
    static struct sheet_week weeks[13];
    static const char *const names[] = {
        "games",       "social media", "video websites", "gambling", "ways around the filter",
        "pornography", "chat",         "drugs",          "weapons",  "self-harm or suicide",
        "dating",      "hacking"};
    for (int i = 0; i < 7; i++) {
        days[i] = (struct sheet_day){.day = sheet->period.first + i};
        for (int hour = 8; hour < 17 && i < 5; hour++) {
            days[i].hours[hour] = (uint64_t)((hour * 7 + i * 13) % 41 + (hour == 12 ? 60 : 0));
            days[i].other += days[i].hours[hour];
        }
        days[i].concerning = days[i].other / 9;
        days[i].other -= days[i].concerning;
        days[i].asked = i < 5 ? 1800000 + (uint64_t)i * 31000 : 21000;
        sheet->asked += days[i].asked;
        sheet->concerning += days[i].concerning;
        sheet->other += days[i].other;
    }
    for (size_t i = 0; i < COUNT(topics); i++)
        topics[i] = (struct sheet_topic){
            .topic = h(names[i]), .visits = 600 / (i * i + 1) + 2, .askers = 40 - i * 3, .is_concern = i > 2};
    for (size_t i = 0; i < COUNT(weeks); i++)
        weeks[i] = (struct sheet_week){.first_day = sheet->period.first - 7 * (int32_t)(COUNT(weeks) - 1 - i),
                                       .known = i > 2,
                                       .asked = 9000000,
                                       .concerning = i == COUNT(weeks) - 1 ? sheet->concerning : 90 + i * 17 % 40,
                                       .other = i == 8 ? 20 : 700 + i * 31 % 200};
    sheet->days = days;
    sheet->day_count = COUNT(days);
    sheet->topics = topics;
    sheet->topic_count = COUNT(topics);
    sheet->weeks = weeks;
    sheet->week_count = COUNT(weeks);
    sheet->blocked_questions = 214337;
    sheet->graded[QLOG_GRADE_LOGON] = 6200000;
    sheet->graded[QLOG_GRADE_USER] = 900000;
    sheet->graded[QLOG_GRADE_DEVICE] = 1500000;
    sheet->graded[QLOG_GRADE_ADDRESS] = 600000;
    sheet->term_hours = 35;
    sheet->term_hours_heard = 34;
}

static void put_sites(struct sheet *sheet, int64_t base_s)
{
    static struct sheet_site blocked[3], seen[2];
    static struct sheet_request requests[3];
    blocked[0] = (struct sheet_site){.site = h("games-for-all.example"), .topic = "games", .visits = 412, .askers = 96};
    blocked[1] = (struct sheet_site){.site = h("chatterbox.example"), .topic = "chat", .visits = 77, .askers = 12};
    blocked[2] = (struct sheet_site){.site = h("lucky-spin.example"), .topic = "gambling", .visits = 19, .askers = 2};
    seen[0] = (struct sheet_site){.site = h("shiny-new-game.example"),
                                  .topic = "",
                                  .hint = h("several at once: a lesson, or a link that goes round"),
                                  .askers = 41,
                                  .first_s = AT(1, 12, 31)};
    seen[1] = (struct sheet_site){
        .site = h("maths-puzzles.example"), .topic = "", .hint = "", .askers = 29, .first_s = AT(3, 9, 2)};
    requests[0] = (struct sheet_request){.number = 12,
                                         .kind = SHEET_UNBLOCK,
                                         .time_s = AT(4, 10, 15),
                                         .site = h("war-poets.example"),
                                         .about = "",
                                         .words = h("We need it for the poetry unit in 9B, tomorrow period 2."),
                                         .name = h("Ms Hale"),
                                         .group = h("staff"),
                                         .answer = "",
                                         .answered_by = ""};
    requests[1] = (struct sheet_request){.number = 11,
                                         .kind = SHEET_CONCERN,
                                         .time_s = AT(3, 13, 40),
                                         .site = "",
                                         .about = h("bullying"),
                                         .words = h("there is a page with nasty pictures of someone in our year"),
                                         .name = "",
                                         .group = h("pupils"),
                                         .answer = "",
                                         .answered_by = ""};
    requests[2] = (struct sheet_request){.number = 10,
                                         .kind = SHEET_UNBLOCK,
                                         .time_s = AT(1, 9, 0),
                                         .site = h("bridge-builder.example"),
                                         .about = "",
                                         .words = h("for physics"),
                                         .name = "",
                                         .group = h("pupils"),
                                         .answered_s = AT(1, 9, 25),
                                         .answer = h("opened for pupils until 12 December"),
                                         .answered_by = h("p.technician")};
    sheet->top_blocked = blocked;
    sheet->top_blocked_count = COUNT(blocked);
    sheet->newly_seen = seen;
    sheet->newly_seen_count = COUNT(seen);
    sheet->newly_seen_all = 40;
    sheet->requests = requests;
    sheet->request_count = COUNT(requests);
}

static void put_health(struct sheet *sheet, int64_t base_s)
{
    static struct sheet_feed feeds[3];
    static struct sheet_check checks[2];
    static struct sheet_change changes[2];
    static struct sheet_reader readers[2];
    static struct sheet_gap gaps[2];
    static const char *alerts[1];
    alerts[0] = h("Tue 17 Nov, 13:13: self-harm or suicide, to the safeguarding lead");
    feeds[0] = (struct sheet_feed){.name = h("national-list"), .state = "fresh", .problem = "", .age_s = 3 * 3600};
    feeds[1] = (struct sheet_feed){.name = h("games-list"),
                                   .state = "stale",
                                   .problem = h("the server says 404"),
                                   .age_s = 9 * 86400,
                                   .is_trouble = true};
    feeds[2] = (struct sheet_feed){.name = h("own-list"), .state = "fresh", .problem = "", .age_s = 86400};
    checks[0] = (struct sheet_check){.time_s = AT(4, 6, 0),
                                     .what = "statutory lists are in force",
                                     .result = "yes: 2 lists, test pages blocked",
                                     .good = true};
    checks[1] = (struct sheet_check){.time_s = AT(3, 6, 0),
                                     .what = "statutory lists are in force",
                                     .result = h("NO: a copy is too old"),
                                     .good = false};
    changes[0] = (struct sheet_change){.time_s = AT(1, 9, 25),
                                       .what = h("bridge-builder.example opened for pupils until 12 December"),
                                       .by = h("p.technician"),
                                       .reason = h("physics"),
                                       .approvals = 0};
    changes[1] = (struct sheet_change){.time_s = AT(2, 8, 0),
                                       .what = h("policy version 12 in force"),
                                       .by = h("s.head"),
                                       .reason = "",
                                       .version = 12,
                                       .approvals = 2};
    readers[0] =
        (struct sheet_reader){.by = h("d.okafor"), .how = "searched the log", .times = 4, .last_s = AT(4, 15, 20)};
    readers[1] = (struct sheet_reader){.by = "belisha", .how = "made this sheet", .times = 1, .last_s = AT(7, 6, 30)};
    gaps[0] = (struct sheet_gap){.from_s = AT(2, 10, 3), .to_s = AT(2, 10, 4), .lost = 1400};
    gaps[1] = (struct sheet_gap){.from_s = AT(3, 13, 0), .to_s = AT(3, 14, 0), .lost = 0};
    sheet->feeds = feeds;
    sheet->feed_count = COUNT(feeds);
    sheet->checks = checks;
    sheet->check_count = COUNT(checks);
    sheet->changes = changes;
    sheet->change_count = COUNT(changes);
    sheet->readers = readers;
    sheet->reader_count = COUNT(readers);
    sheet->gaps = gaps;
    sheet->gap_count = COUNT(gaps);
    sheet->alerts = alerts;
    sheet->alert_count = COUNT(alerts);
    sheet->origin = (struct sheet_origin){.made_s = AT(7, 6, 30),
                                          .by = h("belisha"),
                                          .version = "0.1.0",
                                          .node = h("dns-1"),
                                          .rows = sheet->asked,
                                          .first_segment = 412,
                                          .last_segment = 440,
                                          .chain = "9b1d5c0e7f2a48c3a6d0e1b45f77c20391d2be6a85f4c7e00a1b2c3d4e5f6071",
                                          .signed_segments = 29,
                                          .verified = true,
                                          .state = "",
                                          .policy = "version 12",
                                          .generation = 314};
}

static struct calendar calendar;

static struct sheet *begin(void)
{
    static struct sheet sheet;
    struct period period;
    if (period_of_week(&calendar, "2026-W47", INT64_MAX, &period) < 0)
        abort();
    sheet = (struct sheet){.period = period, .calendar = &calendar, .school = "", .contact = ""};
    sheet.origin = (struct sheet_origin){.made_s = period.to_s + 23400,
                                         .by = "belisha",
                                         .version = "0.1.0",
                                         .node = "",
                                         .chain = "",
                                         .state = "",
                                         .policy = ""};
    return &sheet;
}

struct sheet *sample_sheet(bool hostile)
{
    is_hostile = hostile;
    struct sheet *sheet = begin();
    const int64_t base_s = sheet->period.from_s;
    sheet->school = h("Beacon Hill School");
    sheet->contact = h("Mrs Okafor");
    put_entries(sheet, base_s);
    put_numbers(sheet);
    put_sites(sheet, base_s);
    put_health(sheet, base_s);
    return sheet;
}

struct sheet *sample_full(void)
{
    static struct sheet_entry entries[30];
    struct sheet *sheet = sample_sheet(false);
    for (size_t i = 0; i < COUNT(entries); i++) {
        entries[i] = sheet->entries[i % sheet->entry_count];
        entries[i].site_count = 2 + i % 3;
        entries[i].sites[0] = "a-website-with-a-long-name.example";
        entries[i].sites[1] = "another-website-of-it.example";
        entries[i].sites[2] = "third.example";
        if (i < 5) /* five pieces of advice are usual, and each is about two lines */
            entries[i].advice =
                (const char *[]){"Today: see that somebody who knows the pupil speaks with them, kindly, without "
                                 "showing the record. Follow the "
                                 "school's policy on suicide and self-harm.",
                                 "Do not open it and do not look for it yourself. Tell the designated safeguarding "
                                 "lead and the head today; keep the "
                                 "record and speak to the police before anybody speaks to the person.",
                                 "Have the technician look at the device today. It says nothing about the person.",
                                 "Where it comes again, have a calm talk: curiosity is usual, harm is possible. Think "
                                 "of who else was shown it.",
                                 "Ask what led there, soon. Fear can be behind it as well as intent."}[i];
        else
            entries[i].advice = entries[i % 5].advice;
    }
    sheet->entries = entries;
    sheet->entry_count = COUNT(entries);
    return sheet;
}

struct sheet *sample_empty(void)
{
    static struct sheet_day days[7];
    struct sheet *sheet = begin();
    for (int i = 0; i < 7; i++)
        days[i] = (struct sheet_day){.day = sheet->period.first + i};
    sheet->days = days;
    sheet->day_count = 7;
    return sheet;
}

char *sample_written(void (*write)(const struct sheet *sheet, FILE *to), const struct sheet *sheet)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    write(sheet, to);
    fclose(to);
    return text;
}
