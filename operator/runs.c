#include "operator/runs.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain.h"
#include "operator/figures.h"

#define SHOWN_MAX   7 /* runs */
#define TROUBLE_MAX 5 /* feeds */

/* ---- records ---- */

static int is_record(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* "<time>.json" and "<time>-<n>.json": by time, then by number. */
static int order(const struct dirent **a, const struct dirent **b)
{
    size_t a_len = strcspn((*a)->d_name, "-."), b_len = strcspn((*b)->d_name, "-.");
    int cmp = strncmp((*a)->d_name, (*b)->d_name, a_len < b_len ? a_len : b_len);
    long a_number = strtol((*a)->d_name + a_len, NULL, 10), b_number = strtol((*b)->d_name + b_len, NULL, 10);
    return cmp != 0 ? cmp : (b_number > a_number) - (b_number < a_number); /* "-2" as a number is -2 */
}

/* The newest ones, newest first, into out; how many. The caller gives them back. */
static size_t read_newest(const char *blocklist_dir, json_t *out[SHOWN_MAX])
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct dirent **entries = NULL;
    size_t found = 0;
    if (snprintf(folder, sizeof folder, "%s/runs", blocklist_dir) >= (int)sizeof folder)
        return 0;
    int count = scandir(folder, &entries, is_record, order);
    for (int i = count - 1; i >= 0; i--) {
        json_t *record = NULL;
        if (found < SHOWN_MAX && snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < (int)sizeof path)
            record = json_load_file(path, 0, NULL);
        if (json_is_object(record))
            out[found++] = record;
        else
            json_decref(record);
        free(entries[i]);
    }
    free(entries);
    return found;
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "?" : value;
}

static size_t count_state(const json_t *record, const char *state)
{
    size_t i, count = 0;
    const json_t *feed;
    json_array_foreach(json_object_get(record, "feeds"), i, feed) count += strcmp(string(feed, "state"), state) == 0;
    return count;
}

static uint64_t generation_of(const char *folder, const char *file, int64_t at_s)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, file) >= (int)sizeof path)
        return 0;
    json_t *record = json_load_file(path, 0, NULL);
    int64_t generation = number(record, "time_s") <= at_s ? number(record, "generation") : 0;
    json_decref(record);
    return generation < 0 ? 0 : (uint64_t)generation;
}

/* A run that published nothing tells of the generation that stayed. */
uint64_t runs_generation_at(const char *blocklist_dir, int64_t at_s)
{
    char folder[PATH_MAX];
    struct dirent **entries = NULL;
    uint64_t found = 0;
    if (snprintf(folder, sizeof folder, "%s/runs", blocklist_dir) >= (int)sizeof folder)
        return 0;
    int count = scandir(folder, &entries, is_record, order);
    for (int i = count - 1; i >= 0; i--) {
        if (found == 0)
            found = generation_of(folder, entries[i]->d_name, at_s);
        free(entries[i]);
    }
    free(entries);
    return found;
}

/* ---- for people ---- */

static void print_run(FILE *to, const json_t *record, int64_t now_s)
{
    const char *outcome = string(record, "outcome");
    fputs(outcome, to);
    if (strcmp(outcome, "not-published") != 0)
        fprintf(to, " (generation %" PRId64 ")", number(record, "generation"));
    putc(' ', to);
    figures_duration(to, now_s - number(record, "time_s"));
    fputs(" ago", to);
    if (json_is_string(json_object_get(record, "reason"))) {
        fputs(": ", to);
        plain_print(string(record, "reason"), to);
    }
}

static void print_troubled(FILE *to, const json_t *record, int64_t now_s)
{
    size_t i, shown = 0, count = count_state(record, "stale") + count_state(record, "missing");
    const json_t *feed;
    json_array_foreach(json_object_get(record, "feeds"), i, feed)
    {
        const char *state = string(feed, "state");
        if ((strcmp(state, "stale") != 0 && strcmp(state, "missing") != 0) || shown == TROUBLE_MAX)
            continue;
        fprintf(to, "            %s is %s", string(feed, "name"), state);
        if (json_is_integer(json_object_get(feed, "fetched_s"))) {
            fputs(", its copy ", to);
            figures_duration(to, now_s - number(feed, "fetched_s"));
            fputs(" old", to);
        }
        fputs(": ", to);
        plain_print(string(feed, "problem"), to);
        putc('\n', to);
        shown++;
    }
    if (count > shown)
        fprintf(to, "            ... and %zu more\n", count - shown);
}

static void print_feeds(FILE *to, const json_t *record, int64_t now_s)
{
    size_t i, stale = count_state(record, "stale"), missing = count_state(record, "missing");
    const json_t *feed, *oldest = NULL;
    const json_t *feeds = json_object_get(record, "feeds");
    json_array_foreach(feeds, i, feed)
    {
        bool has_copy = json_is_integer(json_object_get(feed, "fetched_s"));
        if (has_copy && (oldest == NULL || number(feed, "fetched_s") < number(oldest, "fetched_s")))
            oldest = feed;
    }
    if (json_array_size(feeds) == 0)
        return;
    fprintf(to, "feeds       %zu, %zu stale, %zu missing", json_array_size(feeds), stale, missing);
    if (oldest != NULL) {
        fputs("; the oldest copy is ", to);
        figures_duration(to, now_s - number(oldest, "fetched_s"));
        fprintf(to, " old (%s)", string(oldest, "name"));
    }
    putc('\n', to);
    print_troubled(to, record, now_s);
}

void runs_print(FILE *to, const char *blocklist_dir, int64_t now_s)
{
    json_t *records[SHOWN_MAX];
    size_t count = read_newest(blocklist_dir, records);
    if (count == 0)
        fprintf(to, "compiler    no run on record in %s/runs\n", blocklist_dir);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "compiler    " : i == 1 ? "            before: " : "            ", to);
        print_run(to, records[i], now_s);
        putc('\n', to);
    }
    if (count > 0)
        print_feeds(to, records[0], now_s);
    for (size_t i = 0; i < count; i++)
        json_decref(records[i]);
}

/* ---- for programs ---- */

static json_t *summary(const json_t *record)
{
    json_t *object =
        json_pack("{sI ss sI sI sI sI}", "time_s", (json_int_t)number(record, "time_s"), "outcome",
                  string(record, "outcome"), "generation", (json_int_t)number(record, "generation"), "feeds",
                  (json_int_t)json_array_size(json_object_get(record, "feeds")), "stale",
                  (json_int_t)count_state(record, "stale"), "missing", (json_int_t)count_state(record, "missing"));
    if (json_is_string(json_object_get(record, "reason")))
        json_object_set_new(object, "reason", json_string(string(record, "reason")));
    return object;
}

json_t *runs_newest(const char *blocklist_dir)
{
    json_t *records[SHOWN_MAX];
    size_t count = read_newest(blocklist_dir, records);
    for (size_t i = 1; i < count; i++)
        json_decref(records[i]);
    return count == 0 ? NULL : records[0];
}

json_t *runs_json(const char *blocklist_dir)
{
    json_t *records[SHOWN_MAX], *array = json_array();
    size_t count = read_newest(blocklist_dir, records);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, summary(records[i]));
        json_decref(records[i]);
    }
    return array;
}
