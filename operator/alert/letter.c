#include "alert/letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/markup.h"

#define PEOPLE_SHOWN 8 /* of one paragraph */
#define HELP_SHOWN   3

/* One letter on its way. */
struct writing {
    const struct letter_opts *opts;
    struct book *book;
    const struct book_batch *batch;
    bool test;
    int64_t now_s;
    struct text *out;
};

const char *letter_grade(unsigned grade)
{
    switch (grade) {
    case QLOG_GRADE_USER:
        return "a person who is authenticated on the network (grade A). Somebody else may have picked the device up "
               "since";
    case QLOG_GRADE_LOGON:
        return "somebody logged on at a device (grade B). Somebody else may sit there now";
    case QLOG_GRADE_LOAN:
        return "whoever holds a device that belongs to, or is lent to, one person (grade C)";
    case QLOG_GRADE_DEVICE:
        return "a device; who used it is not known (grade D)";
    case QLOG_GRADE_ADDRESS:
        return "an address on the network; neither device nor person is known (grade E)";
    default:
        return "not known";
    }
}

/* ---- pieces ---- */

enum time_form { TIME_EXACT, TIME_HEAD };

static void write_time(enum time_form form, int64_t time_s, struct text *out)
{
    char when[64] = "";
    struct tm tm;
    time_t time = (time_t)time_s;
    if (localtime_r(&time, &tm) == NULL)
        return;
    if (form == TIME_EXACT)
        strftime(when, sizeof when, "%a %e %b %H:%M:%S", &tm);
    else
        strftime(when, sizeof when, "%A %e %B %Y, %H:%M", &tm);
    text_printf(out, "%s", when);
}

/* Names come from outside: nothing of them may end a line, steer a terminal or be a link that somebody taps. */
static void write_name(const char *name, struct text *out)
{
    for (const char *c = name; *c != '\0'; c++) {
        char byte = (unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e ? '?' : *c;
        if (byte == '.')
            text_printf(out, "[.]");
        else
            text_add(out, &byte, 1);
    }
}

static const struct alert *alert_at(const struct writing *w, size_t i)
{
    return book_alert(w->book, w->batch->numbers[i]);
}

static bool is_together(const struct alert *a, const struct alert *b)
{
    if (a->category == CATEGORY_NONE || b->category == CATEGORY_NONE)
        return a == b;
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->site, b->site) == 0 && a->category == b->category;
}

/* Whether this alert is the first of its paragraph. */
static bool is_first(const struct writing *w, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (alert_at(w, k) != NULL && is_together(alert_at(w, k), alert_at(w, i)))
            return false;
    return true;
}

/* ---- a paragraph ---- */

static void write_what(const struct writing *w, const struct alert *a, size_t people)
{
    const char *title = signpost_title(w->opts->signpost, a->category);
    if (people > 1)
        text_printf(w->out, "What happened: %zu people or devices asked for ", people);
    else
        text_printf(w->out, "What happened: somebody asked for ");
    if (a->statutory) {
        text_printf(w->out, "a name on a statutory list. Which name is not said here or anywhere; its number is ");
        text_printf(w->out, "%.16s.\n", a->name);
        return;
    }
    text_printf(w->out, "a site about %s: ", title);
    write_name(people > 1 ? a->site : a->name, w->out);
    if (people == 1 && a->questions > 1)
        text_printf(w->out, " (%u questions)", a->questions);
    text_printf(w->out, ".\n");
    text_printf(w->out, "What was done: %s\n",
                a->blocked ? "it was blocked, and the page with help was shown."
                           : "nothing was blocked: the level of that group only logs, or allows, this.");
}

/* "  alert 17: Tue 10:32, year-10, device only" */
static void write_person(const struct writing *w, const struct alert *a)
{
    char name[ALERT_NAME_MAX] = "";
    if (w->opts->name != NULL && w->opts->identities != CONFIG_IDENTITIES_REFERENCE)
        w->opts->name(w->opts->name_ctx, &a->person, name, sizeof name);
    text_printf(w->out, "  alert %" PRIu64 ", ", a->number);
    write_time(TIME_EXACT, a->time_ns / 1000000000, w->out);
    if (a->group[0] != '\0')
        text_printf(w->out, ", group %s", a->group);
    if (name[0] != '\0')
        text_printf(w->out, ", %s", name);
    text_printf(w->out, ":\n    %s\n", letter_grade(a->person.grade));
}

static void write_people(const struct writing *w, size_t first, size_t people)
{
    size_t shown = 0;
    text_printf(w->out, "Who and when:\n");
    for (size_t i = first; i < w->batch->count && shown < PEOPLE_SHOWN; i++) {
        const struct alert *a = alert_at(w, i);
        if (a == NULL || !is_together(alert_at(w, first), a))
            continue;
        write_person(w, a);
        shown++;
    }
    if (people > shown)
        text_printf(w->out, "  ... and %zu more\n", people - shown);
}

static void write_advice(const struct writing *w, const struct alert *a)
{
    const struct concern *concern = tables_concern(w->opts->tables, a->category);
    struct text help = {0};
    if (concern->means != NULL && concern->means[0] != '\0')
        text_printf(w->out, "What it may mean: %s\n", concern->means);
    if (concern->then != NULL && concern->then[0] != '\0')
        text_printf(w->out, "What to do: %s\n", concern->then);
    if (a->category != CATEGORY_MALWARE && a->category != CATEGORY_PHISHING)
        signpost_write(w->opts->signpost, a->category, HELP_SHOWN, &help);
    if (help.len > 0)
        text_printf(w->out, "Who can help:\n%s", help.bytes);
    text_done(&help);
}

static size_t people_of(const struct writing *w, size_t first)
{
    size_t people = 0;
    for (size_t i = first; i < w->batch->count; i++)
        people += alert_at(w, i) != NULL && is_together(alert_at(w, first), alert_at(w, i));
    return people;
}

static void write_part(const struct writing *w, size_t first)
{
    const struct alert *a = alert_at(w, first);
    if (a->category == CATEGORY_NONE) {
        text_printf(w->out, "What happened: %s (alert %" PRIu64 ", ", a->text, a->number);
        write_time(TIME_EXACT, a->raised_s, w->out);
        text_printf(w->out, ").\nWhat to do: `belisha status` says more; docs/operations.md what helps.\n\n");
        return;
    }
    size_t people = people_of(w, first);
    write_what(w, a, people);
    write_people(w, first, people);
    write_advice(w, a);
    text_printf(w->out, "\n");
}

/* ---- the rest ---- */

/* What has no paragraph of its own, by rule. */
static void write_rest(const struct writing *w, size_t from)
{
    uint64_t rest = w->batch->more;
    for (size_t i = from; i < w->batch->count; i++)
        rest += alert_at(w, i) != NULL && is_first(w, i) ? people_of(w, i) : 0;
    if (rest > 0)
        text_printf(w->out, "And %" PRIu64 " more. `belisha alert list` shows them%s.\n\n", rest,
                    w->batch->more > 0 ? ", or, where they are too many for that, `belisha log search`" : "");
}

static void write_where(const struct writing *w, bool service)
{
    if (service)
        return;
    text_printf(w->out, "Where to look: on the server, `belisha alert show NUMBER` says who it was, as far as that is "
                        "known; who may read "
                        "the log may do that, and that it was read is written down.\n");
    if (w->opts->identities == CONFIG_IDENTITIES_REFERENCE)
        text_printf(w->out, "No name is in this message on purpose: mail is read by more than one machine.\n");
    text_printf(w->out, "A question to DNS is no proof of what somebody saw or wanted: programs and pages ask too.\n");
}

static void write_head(const struct writing *w)
{
    if (w->test)
        text_printf(w->out, "THIS IS A TEST. Nothing happened; somebody wanted to see whether alerts arrive.\n\n");
    text_printf(w->out, "Belisha%s%s, ", w->opts->school == NULL ? "" : ", ",
                w->opts->school == NULL ? "" : w->opts->school);
    write_time(TIME_HEAD, w->now_s, w->out);
    text_printf(w->out, "\nfor: %s\n\n", w->batch->role);
    if (w->batch->held)
        text_printf(w->out, "Some of this waited for the end of the quiet hours.\n\n");
}

static void write_text(const struct writing *w)
{
    size_t i = 0;
    bool service = true;
    write_head(w);
    for (size_t parts = 0; i < w->batch->count && parts < LETTER_PARTS_MAX; i++) {
        const struct alert *a = alert_at(w, i);
        if (a == NULL || !is_first(w, i))
            continue;
        write_part(w, i);
        service &= a->category == CATEGORY_NONE;
        parts++;
    }
    write_rest(w, i);
    write_where(w, service);
}

/* ---- subject, fields ---- */

static bool any_urgent(const struct writing *w)
{
    for (size_t i = 0; i < w->batch->count; i++)
        if (alert_at(w, i) != NULL && alert_at(w, i)->urgent)
            return true;
    return false;
}

/* The rules of the batch, each once. */
static void write_rules(const struct writing *w, const char *between, struct text *out)
{
    bool any = false;
    for (size_t i = 0; i < w->batch->count; i++) {
        const struct alert *a = alert_at(w, i);
        size_t k = 0;
        while (a != NULL && k < i && (alert_at(w, k) == NULL || strcmp(alert_at(w, k)->rule, a->rule) != 0))
            k++;
        if (a == NULL || k < i)
            continue;
        text_printf(out, "%s%s", any ? between : "", a->rule);
        any = true;
    }
}

static void write_subject(const struct writing *w, struct text *out)
{
    uint64_t count = w->batch->count + w->batch->more;
    text_printf(out, "[Belisha] %s", w->test ? "TEST, no alert: " : "");
    if (count == 1 && !w->test)
        text_printf(out, "Alert %" PRIu64 ": ", w->batch->numbers[0]);
    else if (!w->test)
        text_printf(out, "%" PRIu64 " alerts: ", count);
    write_rules(w, ", ", out);
    if (any_urgent(w))
        text_printf(out, " (urgent)");
}

static void write_numbers(const struct writing *w, struct text *out)
{
    for (size_t i = 0; i < w->batch->count; i++)
        text_printf(out, "%s%" PRIu64, i == 0 ? "" : ",", w->batch->numbers[i]);
}

/* A line of the text as markup: what stands before a colon at its beginning is a label, what is indented belongs to it. */
static void write_html_line(const char *line, size_t len, FILE *to)
{
    char text[4096];
    size_t label = 0;
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    bool indented = text[0] == ' ';
    if (!indented && text[0] >= 'A' && text[0] <= 'Z' && strcspn(text, ":") < 24 && strchr(text, ':') != NULL)
        label = strcspn(text, ":") + 1;
    fputs(indented ? "<p style=\"margin: 0 0 0 1.5rem\">" : "<p style=\"margin: .6rem 0 0\">", to);
    if (label > 0) {
        char rest = text[label];
        text[label] = '\0';
        fputs("<strong>", to);
        markup_text(text, to);
        fputs("</strong>", to);
        text[label] = rest;
    }
    markup_text(text + label, to);
    fputs("</p>\n", to);
}

static void write_html_page(const struct letter *letter, FILE *to)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", to);
    markup_text(letter->subject.bytes, to);
    fputs("</title></head><body style=\"font: 1rem/1.5 sans-serif; max-width: 45rem\">\n", to);
    for (const char *line = letter->text.bytes; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (len > 0)
            write_html_line(line, len, to);
        else
            fputs("<hr style=\"border: 0\">\n", to);
        line += len + (line[len] == '\n');
    }
    fputs("</body></html>\n", to);
}

static void write_html(const struct letter *letter, struct text *out)
{
    char *page = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&page, &len);
    if (to == NULL) {
        out->failed = true;
        return;
    }
    write_html_page(letter, to);
    if (fclose(to) == 0)
        text_add(out, page, len);
    else
        out->failed = true;
    free(page);
}

static void add_field(struct letter *letter, const char *name, const char *value)
{
    letter->fields[letter->message.field_count++] = (struct message_field){.name = name, .value = value};
}

/* A time that programs read. */
static void put_time(int64_t time_ns, char *out, size_t size)
{
    struct tm tm = {0};
    time_t time = (time_t)(time_ns / 1000000000);
    gmtime_r(&time, &tm);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Of a batch of one, what it is; of several, their numbers and rules. */
static void put_fields(const struct writing *w, struct letter *letter)
{
    const struct alert *a = w->batch->count == 1 ? alert_at(w, 0) : NULL;
    struct text rules = {0};
    write_rules(w, ",", &rules);
    snprintf(letter->values[0], sizeof letter->values[0], "%s", rules.bytes == NULL ? "" : rules.bytes);
    text_done(&rules);
    snprintf(letter->values[1], sizeof letter->values[1], "%" PRIu64, w->batch->count + w->batch->more);
    add_field(letter, "role", w->batch->role);
    add_field(letter, "alerts", letter->numbers.bytes);
    add_field(letter, "count", letter->values[1]);
    add_field(letter, "rule", letter->values[0]);
    add_field(letter, "urgent", any_urgent(w) ? "true" : "false");
    if (w->test)
        add_field(letter, "test", "true");
    if (a == NULL || a->category == CATEGORY_NONE)
        return;
    const char *category = category_name(a->category);
    static const char *const letters[] = {"-", "A", "B", "C", "D", "E"};
    put_time(a->time_ns, letter->values[2], sizeof letter->values[2]);
    snprintf(letter->values[3], sizeof letter->values[3], "%s", a->group);
    add_field(letter, "category", category == NULL ? "" : category);
    add_field(letter, "time", letter->values[2]);
    add_field(letter, "group", letter->values[3]);
    add_field(letter, "grade", letters[a->person.grade <= QLOG_GRADE_ADDRESS ? a->person.grade : 0]);
    add_field(letter, "blocked", a->blocked ? "true" : "false");
}

int letter_write(const struct letter_opts *opts, struct book *book, const struct book_batch *batch, bool test,
                 int64_t now_s, struct letter *out)
{
    memset(out, 0, sizeof *out);
    const struct writing w = {
        .opts = opts, .book = book, .batch = batch, .test = test, .now_s = now_s, .out = &out->text};
    write_text(&w);
    write_subject(&w, &out->subject);
    write_numbers(&w, &out->numbers);
    if (text_ok(&out->text) && text_ok(&out->subject))
        write_html(out, &out->html);
    if (!text_ok(&out->text) || !text_ok(&out->subject) || !text_ok(&out->numbers) || !text_ok(&out->html)) {
        letter_done(out);
        return ERR_NOMEM;
    }
    out->message = (struct message){.id = batch->id,
                                    .time_s = now_s,
                                    .kind = test ? "alert-test" : "alert",
                                    .subject = out->subject.bytes,
                                    .text = out->text.bytes,
                                    .html = out->html.bytes,
                                    .severity = any_urgent(&w) ? MESSAGE_CRITICAL : MESSAGE_WARNING,
                                    .fields = out->fields};
    put_fields(&w, out);
    return 0;
}

void letter_done(struct letter *letter)
{
    text_done(&letter->subject);
    text_done(&letter->text);
    text_done(&letter->html);
    text_done(&letter->numbers);
    memset(letter, 0, sizeof *letter);
}
