/* reports: the sheets that are made by themselves. */
#include "config/options_reports.h"

#include <stddef.h>

#define REPORT(member) .offset = offsetof(struct options_report, member)
#define ALL(member)    .offset = offsetof(struct options_reports, member)
#define ROLES                                                                                                          \
    {                                                                                                                  \
        .key = "to", .type = &schema_string, .shape = SCHEMA_LIST, REPORT(to),                                         \
        .help = "the roles that get it (recipients); without any it is left in the folder"                             \
    }
/* The time of day from which on it is made. */
#define TIME                                                                                                           \
    {                                                                                                                  \
        .key = "time", .type = &schema_string, .place_offset = offsetof(struct options_report, time_at), REPORT(time), \
        .fallback = "06:30", .help = "the time of day, by the school's clocks, from which on it is made"               \
    }

static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", NULL};
static const char *const ways[] = {"notice", "attached", NULL};

static const struct schema_option weekly_fields[] = {
    {.key = "", .type = &schema_place, REPORT(at)},
    ROLES,
    {.key = "day",
     .type = &schema_word,
     .words = days,
     REPORT(day),
     .fallback = "Mon",
     .help = "the day on which it is made, of the week before"},
    TIME,
    {.key = "mail",
     .type = &schema_word,
     .words = ways,
     REPORT(mail),
     .fallback = "notice",
     .help = "what a mail has: only where the sheet is, or the sheet itself in an encrypted ZIP file"},
    {0}};

static const struct schema_option daily_fields[] = {
    {.key = "", .type = &schema_place, REPORT(at)},
    ROLES,
    TIME,
    {.key = "mail",
     .type = &schema_word,
     .words = ways,
     REPORT(mail),
     .fallback = "notice",
     .help = "what a mail has: only where the sheet is, or the sheet itself in an encrypted ZIP file"},
    {0}};

static const struct schema_option governors_fields[] = {
    {.key = "", .type = &schema_place, REPORT(at)}, ROLES, TIME, {0}};

const struct schema_option options_reports_fields[] = {
    {.key = "folder", .type = &schema_string, ALL(dir), .fallback = "reports", .help = "where sheets are kept"},
    {.key = "pdf",
     .type = &schema_bool,
     ALL(pdf),
     .fallback = "false",
     .help = "a PDF file of each as well, which needs the browser"},
    {.key = "browser",
     .type = &schema_string,
     ALL(browser),
     .fallback = "/usr/bin/chromium",
     .help = "the program that makes PDF of a page"},
    {.key = "passphrase_file",
     .type = &schema_string,
     ALL(passphrase_file),
     .help = "file with the passphrase of what is attached to mail"},
    {.key = "link",
     .type = &schema_string,
     ALL(link),
     .help = "what a mail says of where the folder is, such as a shared folder's name; without one, its path"},
    {.key = "weekly", .fields = weekly_fields, ALL(weekly), .help = "for the safeguarding lead, of Monday to Sunday"},
    {.key = "daily",
     .fields = daily_fields,
     ALL(daily),
     .help = "for whoever looks in each morning, of the day before"},
    {.key = "governors",
     .fields = governors_fields,
     ALL(governors),
     .help = "for governors, of a term, when it is over; it names nobody and goes along by mail as it is"},
    {0}};
