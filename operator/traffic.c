#include "operator/traffic.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "operator/figures.h"

#define MARGIN         "            "
#define CATEGORIES_MAX 5 /* told of; the rest is in --json */

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "?" : value;
}

/* ---- questions ---- */

static void print_counts(FILE *to, const json_t *counters)
{
    static const struct {
        const char *key, *text;
        bool always;
    } rows[] = {{"answers", "answered", true},
                {"answers_blocked", "blocked", true},
                {"answers_local", "local", true},
                {"answers_refused", "refused", false},
                {"answers_error", "malformed", false},
                {"answers_servfail", "failed", false},
                {"answers_not_ready", "without a list", false},
                {"limit_rate", "over their client's share", false}};
    fputs("questions   ", to);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t n = number(counters, rows[i].key);
        if (n == 0 && !rows[i].always)
            continue;
        fputs(i == 0 ? "" : ", ", to);
        figures_count(to, n);
        fprintf(to, " %s", rows[i].text);
    }
    putc('\n', to);
}

static const struct {
    const char *key, *counter, *text;
} ways[] = {{"udp", "queries_udp", "UDP"},
            {"tcp", "queries_tcp", "TCP"},
            {"dot", "queries_dot", "TLS"},
            {"doh", "queries_doh", "HTTPS"}};

#define WAYS (sizeof ways / sizeof ways[0])

static void print_rate(FILE *to, const char *when, int64_t count, int64_t ms)
{
    double rate = ms <= 0 ? 0 : (double)count * 1000 / (double)ms;
    fprintf(to, rate < 10 ? "%.1f a second %s" : "%.0f a second %s", rate, when);
}

static void print_pace(FILE *to, const json_t *status)
{
    const json_t *recent = json_object_get(status, "recent");
    const json_t *counters = json_object_get(status, "counters");
    int64_t lately = 0, all = 0;
    for (size_t i = 0; i < WAYS; i++) {
        lately += number(recent, ways[i].key);
        all += number(counters, ways[i].counter);
    }
    if (all == 0)
        return;
    fputs(MARGIN, to);
    print_rate(to, "since the start", all, number(status, "uptime_s") * 1000);
    if (number(recent, "span_ms") > 0) {
        fputs(", ", to);
        print_rate(to, "in the last", lately, number(recent, "span_ms"));
        fprintf(to, " %" PRId64 " s", (number(recent, "span_ms") + 999) / 1000);
    }
    putc('\n', to);
    fputs(MARGIN, to);
    for (size_t i = 0, told = 0; i < WAYS; i++) {
        int64_t n = number(counters, ways[i].counter);
        if (n > 0)
            fprintf(to, "%s%.0f %% over %s", told++ == 0 ? "" : ", ", (double)n * 100 / (double)all, ways[i].text);
    }
    putc('\n', to);
}

/* The category with most blocks among those with fewer than the last one told; NULL: none is left. */
static const char *next_category(const json_t *categories, const char *last)
{
    int64_t bound = last == NULL ? INT64_MAX : number(categories, last);
    const char *best = NULL, *name;
    json_t *value;
    bool passed = last == NULL;
    json_object_foreach((json_t *)(uintptr_t)categories, name, value)
    {
        int64_t n = json_integer_value(value);
        bool later = n < bound || (n == bound && passed); /* equal ones in their order */
        passed = passed || strcmp(name, last) == 0;
        if (later && (best == NULL || n > number(categories, best)))
            best = name;
    }
    return best;
}

static void print_categories(FILE *to, const json_t *categories)
{
    const char *name = next_category(categories, NULL);
    if (name == NULL)
        return;
    fputs("blocked     ", to);
    for (size_t i = 0; name != NULL && i < CATEGORIES_MAX; i++, name = next_category(categories, name)) {
        fprintf(to, "%s%s ", i == 0 ? "" : ", ", name);
        figures_count(to, number(categories, name));
    }
    fputs(name != NULL ? ", others\n" : "\n", to);
}

void traffic_print_questions(FILE *to, const json_t *status)
{
    print_counts(to, json_object_get(status, "counters"));
    print_pace(to, status);
    print_categories(to, json_object_get(status, "blocked_by_category"));
}

/* ---- times ---- */

static void print_us(FILE *to, int64_t us)
{
    if (us < 1000)
        fprintf(to, "%" PRId64 " us", us);
    else if (us < 10000)
        fprintf(to, "%.1f ms", (double)us / 1000);
    else if (us < 1000000)
        fprintf(to, "%" PRId64 " ms", us / 1000);
    else
        fprintf(to, "%.1f s", (double)us / 1000000);
}

static void print_spread(FILE *to, const json_t *times)
{
    fputs("half within ", to);
    print_us(to, number(times, "p50_us"));
    fputs(", 99 % within ", to);
    print_us(to, number(times, "p99_us"));
}

void traffic_print_times(FILE *to, const json_t *latency)
{
    static const struct {
        const char *key, *text;
    } rows[] = {{"here", "answered here"}, {"upstream", "by an upstream"}};
    const char *margin = "times       ";
    for (size_t i = 0; i < 2; i++) {
        const json_t *times = json_object_get(latency, rows[i].key);
        if (number(times, "count") == 0)
            continue;
        fprintf(to, "%s%-14s  ", margin, rows[i].text);
        print_spread(to, times);
        putc('\n', to);
        margin = MARGIN;
    }
}

/* ---- upstream servers ---- */

static void print_state(FILE *to, const json_t *server)
{
    const char *state = string(server, "state");
    if (strcmp(state, "answers") == 0) {
        fputs("answers, ", to);
        if (number(server, "rtt_ms") == 0)
            fputs("under 1 ms", to);
        else
            print_us(to, number(server, "rtt_ms") * 1000);
    } else if (strcmp(state, "fails") == 0) {
        fprintf(to, "FAILS: no answer to %" PRId64 " in a row", number(server, "failed_in_row"));
    } else if (strcmp(state, "distrusted") == 0) {
        fputs("NOT TRUSTED: its certificate is not what it should be", to);
    } else {
        fputs("not asked yet", to);
    }
    if (number(server, "resting_workers") > 0)
        fputs("; rests", to);
}

static void print_zones(FILE *to, const json_t *zones)
{
    size_t i;
    const json_t *zone;
    json_array_foreach(zones, i, zone)
    {
        const char *name = json_string_value(zone);
        if (name == NULL || (json_array_size(zones) == 1 && strcmp(name, ".") == 0))
            continue;
        fprintf(to, "%s%s", i == 0 ? "; for " : ", ", strcmp(name, ".") == 0 ? "everything else" : name);
    }
}

static void print_server_counts(FILE *to, const json_t *server)
{
    static const struct {
        const char *keys[4], *text;
        bool always;
    } rows[] = {{{"questions_udp", "questions_tcp", "questions_tls", NULL}, "asked", true},
                {{"answers", NULL}, "answered", true},
                {{"timeouts", NULL}, "late or lost", true},
                {{"servfail", NULL}, "SERVFAIL", false},
                {{"refused", NULL}, "REFUSED", false},
                {{"errors", NULL}, "other errors", false},
                {{"truncated", NULL}, "cut short", false},
                {{"failures", NULL}, "broken connections", false},
                {{"tls_failures", NULL}, "failed proofs", false},
                {{"unmatched", "wrong_cookie", "unusable", "misspelt"}, "ignored", false}};
    fputs(MARGIN "  ", to);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t n = 0;
        for (size_t k = 0; k < 4 && rows[i].keys[k] != NULL; k++)
            n += number(server, rows[i].keys[k]);
        if (n == 0 && !rows[i].always)
            continue;
        fputs(i == 0 ? "" : ", ", to);
        figures_count(to, n);
        fprintf(to, " %s", rows[i].text);
    }
    putc('\n', to);
}

static void print_server(FILE *to, const json_t *server, bool first)
{
    const char *name = string(server, "name");
    const char *address = string(server, "address");
    const char *way = json_is_true(json_object_get(server, "tls"))   ? " (TLS)"
                      : json_is_true(json_object_get(server, "tcp")) ? " (TCP)"
                                                                     : "";
    bool named = strcmp(name, address) != 0;
    fprintf(to, "%-12s%s%s%s%s", first ? "upstreams" : "", address, named ? " " : "", named ? name : "", way);
    if (json_is_string(json_object_get(server, "state"))) {
        fputs(": ", to);
        print_state(to, server);
        print_zones(to, json_object_get(server, "zones"));
        putc('\n', to);
        print_server_counts(to, server);
    } else {
        putc('\n', to);
    }
}

void traffic_print_upstreams(FILE *to, const json_t *upstreams)
{
    size_t i;
    const json_t *server;
    if (json_array_size(upstreams) == 0)
        fputs("upstreams   NONE: only local names are answered\n", to);
    json_array_foreach(upstreams, i, server) print_server(to, server, i == 0);
}
