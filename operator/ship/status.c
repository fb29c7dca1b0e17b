#include "ship/status.h"

#include <inttypes.h>
#include <time.h>

#include "base/plain.h"

#define SECOND_NS INT64_C(1000000000)

int ship_status_get(const struct destination *to, const char *log_dir, int64_t now_s, struct ship_status *out)
{
    struct ship_status status = {.to = to};
    int code = position_load(log_dir, to->name, &status.position);
    if (code == 0)
        code = queue_lag(log_dir, &status.position, &status.lag);
    if (code < 0)
        return code;
    int64_t oldest_s = status.lag.oldest_ns / SECOND_NS;
    status.behind_s = status.lag.segments == 0 || oldest_s > now_s ? 0 : now_s - oldest_s;
    status.is_alarm = status.behind_s > to->alarm_after_s;
    *out = status;
    return 0;
}

/* ---- for people ---- */

static void print_span(int64_t seconds, FILE *to)
{
    if (seconds >= 2 * 86400)
        fprintf(to, "%" PRId64 " days", seconds / 86400);
    else if (seconds >= 2 * 3600)
        fprintf(to, "%" PRId64 " hours", seconds / 3600);
    else if (seconds >= 120)
        fprintf(to, "%" PRId64 " minutes", seconds / 60);
    else
        fprintf(to, "%" PRId64 " s", seconds);
}

static void print_lag(const struct ship_status *s, FILE *to)
{
    if (s->lag.segments == 0) {
        fprintf(to, "  every closed segment has arrived\n");
        return;
    }
    fprintf(to, "  %" PRIu64 " segments (%.1f MB) have not arrived, the oldest row is ", s->lag.segments,
            (double)s->lag.bytes / 1e6);
    print_span(s->behind_s, to);
    fprintf(to, " old\n");
}

static void print_losses(const struct position *p, FILE *to)
{
    if (p->segments_removed > 0)
        fprintf(to, "  %" PRIu64 " segments were removed by retention before they were sent\n", p->segments_removed);
    if (p->rows_damaged > 0)
        fprintf(to, "  %" PRIu64 " rows stand in damaged blocks and can't be sent\n", p->rows_damaged);
    if (p->rows_closed > 0)
        fprintf(to,
                "  %" PRIu64 " rows were sent without who asked: the keys of their days are gone, or may not be read\n",
                p->rows_closed);
    if (p->begun_anew > 0)
        fprintf(to, "  the log was another one %" PRIu64 " times: it was sent from its beginning\n", p->begun_anew);
}

void ship_status_print(const struct ship_status *s, int64_t now_s, FILE *to)
{
    const struct position *p = &s->position;
    char when[SHIP_TIME_MAX];
    fprintf(to, "%s: %s%" PRIu64 " rows sent in %" PRIu64 " batches (%.1f MB)", s->to->name,
            s->is_alarm ? "ALARM: " : "", p->rows_sent, p->batches, (double)p->bytes_sent / 1e6);
    if (p->newest_ns > 0)
        fprintf(to, ", up to %s", ship_time_to_text(p->newest_ns, when));
    fputc('\n', to);
    print_lag(s, to);
    if (p->failing_s > 0) {
        fprintf(to, "  it has failed for ");
        print_span(now_s - p->failing_s, to);
        fprintf(to, ": ");
        plain_print(p->why, to); /* a server's words */
        fputc('\n', to);
    }
    print_losses(p, to);
}

/* ---- for programs ---- */

struct figure {
    const char *name, *kind, *help;
    double (*get)(const struct ship_status *s);
};

static double get_rows(const struct ship_status *s)
{
    return (double)s->position.rows_sent;
}

static double get_bytes(const struct ship_status *s)
{
    return (double)s->position.bytes_sent;
}

static double get_retries(const struct ship_status *s)
{
    return (double)s->position.retries;
}

static double get_removed(const struct ship_status *s)
{
    return (double)s->position.segments_removed;
}

static double get_damaged(const struct ship_status *s)
{
    return (double)s->position.rows_damaged;
}

static double get_segments(const struct ship_status *s)
{
    return (double)s->lag.segments;
}

static double get_waiting(const struct ship_status *s)
{
    return (double)s->lag.bytes;
}

static double get_behind(const struct ship_status *s)
{
    return (double)s->behind_s;
}

static double get_failing(const struct ship_status *s)
{
    return s->position.failing_s > 0;
}

static double get_alarm(const struct ship_status *s)
{
    return s->is_alarm;
}

static const struct figure figures[] = {
    {"rows_total", "counter", "Rows that have arrived", get_rows},
    {"bytes_total", "counter", "Bytes sent, as they went over the network", get_bytes},
    {"retries_total", "counter", "Tries that failed", get_retries},
    {"segments_removed_total", "counter", "Segments that retention removed before they were sent", get_removed},
    {"rows_damaged_total", "counter", "Rows of damaged blocks, which can't be sent", get_damaged},
    {"segments_waiting", "gauge", "Closed segments that have not arrived whole", get_segments},
    {"bytes_waiting", "gauge", "Bytes of these segments on disk", get_waiting},
    {"behind_seconds", "gauge", "Age of the oldest row that has not arrived", get_behind},
    {"failing", "gauge", "1: the last try failed", get_failing},
    {"alarm", "gauge", "1: rows wait for longer than alarm_after", get_alarm},
};

void ship_status_metrics(const struct ship_status list[], size_t count, FILE *to)
{
    for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++) {
        fprintf(to, "# HELP belisha_ship_%s %s.\n# TYPE belisha_ship_%s %s\n", figures[f].name, figures[f].help,
                figures[f].name, figures[f].kind);
        for (size_t i = 0; i < count; i++)
            fprintf(to, "belisha_ship_%s{destination=\"%s\"} %.0f\n", figures[f].name, list[i].to->name,
                    figures[f].get(&list[i]));
    }
}
