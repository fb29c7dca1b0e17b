#include "delivery/syslog.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENTERPRISE "belisha@32473" /* RFC 5612: the number for examples */
#define APP        "belisha"

static unsigned priority(const struct syslog_opts *opts, const struct syslog_entry *entry)
{
    return opts->facility % (SYSLOG_FACILITY_MAX + 1) * 8 + entry->severity % 8;
}

/* A header's field (RFC 5424, 6): printable ASCII without blanks, "-" for none. */
static void write_field(const char *value, size_t max, struct text *out)
{
    size_t len = 0;
    for (; value != NULL && value[len] != '\0' && len < max; len++) {
        char byte = value[len] > 0x20 && value[len] < 0x7f ? value[len] : '_';
        text_add(out, &byte, 1);
    }
    if (len == 0)
        text_add(out, "-", 1);
}

static void write_time(int64_t time_ns, struct text *out)
{
    time_t time = (time_t)(time_ns / 1000000000);
    struct tm t = {0};
    char when[32];
    gmtime_r(&time, &t);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &t);
    text_printf(out, "%s.%03dZ", when, (int)(time_ns / 1000000 % 1000));
}

/* ---- structured data (6.3) ---- */

/* Of a value, a quote, a backslash and a closing bracket are escaped; what is no UTF-8 and controls become "?". */
static void write_value(const char *value, struct text *out)
{
    for (size_t len; *value != '\0'; value += len) {
        len = text_utf8_len(value);
        bool bad = len == 0 || (unsigned char)*value < 0x20 || *value == 0x7f;
        len = len == 0 ? 1 : len;
        text_add(out, "\\", *value == '"' || *value == '\\' || *value == ']');
        text_add(out, bad ? "?" : value, bad ? 1 : len);
    }
}

static void write_param(const char *name, const char *value, struct text *out)
{
    text_printf(out, " %.32s=\"", name);
    write_value(value, out);
    text_add(out, "\"", 1);
}

static void write_data(const struct syslog_entry *entry, struct text *out)
{
    if (entry->field_count == 0 && entry->id == NULL) {
        text_add(out, "-", 1);
        return;
    }
    text_printf(out, "[" ENTERPRISE);
    if (entry->id != NULL)
        write_param("id", entry->id, out);
    for (size_t i = 0; i < entry->field_count; i++)
        write_param(entry->fields[i].name, entry->fields[i].value, out);
    text_add(out, "]", 1);
}

/* ---- the text (6.4) ---- */

static void write_text(const char *value, struct text *out)
{
    for (size_t len; *value != '\0'; value += len) {
        len = text_utf8_len(value);
        if (len == 0)
            text_add(out, "?", 1);
        else if ((unsigned char)*value < 0x20 || *value == 0x7f)
            text_add(out, " ", 1);
        else
            text_add(out, value, len);
        len = len == 0 ? 1 : len;
    }
}

void syslog_write(const struct syslog_opts *opts, const struct syslog_entry *entry, struct text *out)
{
    text_printf(out, "<%u>1 ", priority(opts, entry));
    write_time(entry->time_ns, out);
    text_add(out, " ", 1);
    write_field(opts->host, 255, out);
    text_printf(out, " " APP " %ld ", (long)getpid());
    write_field(entry->kind, 32, out);
    text_add(out, " ", 1);
    write_data(entry, out);
    text_add(out, " \xEF\xBB\xBF", 4);
    write_text(entry->text, out);
}

void syslog_write_local(const struct syslog_opts *opts, const struct syslog_entry *entry, struct text *out)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t time = (time_t)(entry->time_ns / 1000000000);
    struct tm t = {0};
    localtime_r(&time, &t);
    text_printf(out, "<%u>%s %2d %02d:%02d:%02d " APP "[%ld]: ", priority(opts, entry), months[t.tm_mon], t.tm_mday,
                t.tm_hour, t.tm_min, t.tm_sec, (long)getpid());
    write_text(entry->text, out);
    if (entry->field_count == 0 && entry->id == NULL)
        return;
    text_add(out, " ", 1);
    write_data(entry, out);
}

/* ---- one message ---- */

enum outcome syslog_deliver(const struct syslog_opts *opts, const struct message *m, char why[DELIVER_WHY_MAX])
{
    const struct syslog_entry entry = {.severity = (unsigned)m->severity,
                                       .time_ns = m->time_s * 1000000000,
                                       .kind = m->kind,
                                       .text = m->subject,
                                       .id = m->id,
                                       .fields = m->fields,
                                       .field_count = m->field_count};
    struct syslog_link *link;
    if (syslog_open(opts, &link, why) < 0)
        return OUTCOME_DOWN;
    int err = syslog_send(link, &entry, why);
    char second[DELIVER_WHY_MAX];
    int closed = syslog_close(link, err < 0 ? second : why);
    return err < 0 || closed < 0 ? OUTCOME_DOWN : OUTCOME_SENT;
}
