#include "control/session_report.h"

#include <inttypes.h>

#include "base/err.h"
#include "metrics/exposition.h"

/* ---- status ---- */

static void add_count(struct text *out, bool *first, const char *name, uint64_t count)
{
    text_printf(out, "%s\"%s\": %" PRIu64, *first ? "" : ", ", name, count);
    *first = false;
}

static void write_heard(const struct session_report *report, struct text *out)
{
    for (size_t i = 0; i < report->heard_count; i++) {
        const struct radius_heard *heard = &report->heard[i];
        text_printf(out, "%s{\"name\": ", i == 0 ? "\n      " : ",\n      ");
        text_add_json(out, heard->name);
        text_printf(out, ", \"requests\": %" PRIu64 ", \"last_heard_s\": ", heard->requests);
        text_printf(out, heard->last_s == 0 ? "null}" : "%" PRId64 "}", heard->last_s);
    }
}

static void write_radius(const struct session_report *report, struct text *out)
{
    const struct radius_tally *tally = report->radius;
    bool first = true;
    if (tally == NULL) {
        text_printf(out, "null");
        return;
    }
    text_printf(out, "{\"answered\": %" PRIu64 ", \"requests\": {", tally->answered);
    for (size_t i = 0; i < RADIUS_KIND_COUNT; i++)
        add_count(out, &first, radius_kind_name((enum radius_kind)i), tally->taken[i]);
    text_printf(out, "},\n      \"refused\": {");
    first = true;
    for (size_t i = 0; i < RADIUS_CAUSE_COUNT; i++)
        add_count(out, &first, radius_cause_name((enum radius_cause)i), tally->refused[i]);
    text_printf(out, "},\n      \"nas\": [");
    write_heard(report, out);
    text_printf(out, "]}");
}

static void write_logons(const struct logon_tally *tally, struct text *out)
{
    bool first = true;
    if (tally == NULL) {
        text_printf(out, "null");
        return;
    }
    text_printf(out, "{");
    for (size_t i = 0; i < LOGON_COUNT_COUNT; i++)
        add_count(out, &first, logon_count_name((enum logon_count)i), tally->count[i]);
    text_printf(out, "}");
}

void session_report_status(const struct session_report *report, struct text *out)
{
    if (report == NULL) {
        text_printf(out, "  \"sessions\": null,\n");
        return;
    }
    text_printf(out, "  \"sessions\": {");
    for (size_t i = 0; i < SESSION_SOURCES; i++)
        text_printf(out, "\"%s\": %zu, ", session_source_name((enum session_source)i), report->lasting[i]);
    text_printf(out, "\"damaged_lines\": %zu, \"trouble\": ", report->damaged);
    if (report->last_error == 0)
        text_printf(out, "null");
    else
        text_add_json(out, err_str(report->last_error));
    text_printf(out, ",\n    \"accounting\": ");
    write_radius(report, out);
    text_printf(out, ",\n    \"api\": ");
    write_logons(report->logons, out);
    text_printf(out, "},\n");
}

/* ---- figures ---- */

static void sample(struct text *out, const char *family, const char *label, const char *value, uint64_t number)
{
    struct text labels = {0};
    exposition_label(&labels, label, value);
    exposition_sample(out, family, labels.bytes, number);
    text_done(&labels);
}

static void radius_figures(const struct session_report *report, struct text *out)
{
    static const char requests[] = "belisha_accounting_requests_total";
    static const char refused[] = "belisha_accounting_refused_total";
    static const char heard[] = "belisha_accounting_heard_timestamp_seconds";
    const struct radius_tally *tally = report->radius;
    exposition_family(out, requests, EXPOSITION_COUNTER, "RADIUS accounting requests taken, by what they say");
    for (size_t i = 0; i < RADIUS_KIND_COUNT; i++)
        sample(out, requests, "kind", radius_kind_name((enum radius_kind)i), tally->taken[i]);
    exposition_family(out, refused, EXPOSITION_COUNTER, "RADIUS accounting requests left without an answer, by cause");
    for (size_t i = 0; i < RADIUS_CAUSE_COUNT; i++)
        sample(out, refused, "cause", radius_cause_name((enum radius_cause)i), tally->refused[i]);
    exposition_family(out, heard, EXPOSITION_GAUGE, "When each NAS was last heard; 0: not since the start");
    for (size_t i = 0; i < report->heard_count; i++)
        sample(out, heard, "nas", report->heard[i].name, (uint64_t)report->heard[i].last_s);
}

static void logon_figures(const struct logon_tally *tally, struct text *out)
{
    static const char calls[] = "belisha_logon_calls_total";
    exposition_family(out, calls, EXPOSITION_COUNTER, "Calls of the local API, by what was done or why it was not");
    for (size_t i = 0; i < LOGON_COUNT_COUNT; i++)
        sample(out, calls, "result", logon_count_name((enum logon_count)i), tally->count[i]);
}

void session_report_figures(const struct session_report *report, struct text *out)
{
    static const char sessions[] = "belisha_sessions";
    if (report == NULL)
        return;
    exposition_family(out, sessions, EXPOSITION_GAUGE, "Sessions that last, by who told of them");
    for (size_t i = 0; i < SESSION_SOURCES; i++)
        sample(out, sessions, "source", session_source_name((enum session_source)i), report->lasting[i]);
    if (report->radius != NULL)
        radius_figures(report, out);
    if (report->logons != NULL)
        logon_figures(report->logons, out);
}
