#include "sheet/from_records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKS_MAX 1000

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *keep(struct arena *arena, const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    const char *kept = value == NULL ? NULL : arena_text(arena, value, strlen(value));
    return kept == NULL ? "" : kept;
}

/* ---- blocklists ---- */

static struct sheet_feed feed_of(struct arena *arena, const json_t *from, int64_t now_s)
{
    struct sheet_feed feed = {.name = keep(arena, from, "name"),
                              .state = keep(arena, from, "state"),
                              .problem = keep(arena, from, "problem"),
                              .age_s = -1};
    if (json_is_integer(json_object_get(from, "fetched_s")))
        feed.age_s = now_s > number(from, "fetched_s") ? now_s - number(from, "fetched_s") : 0;
    feed.is_trouble = strcmp(feed.state, "stale") == 0 || strcmp(feed.state, "missing") == 0;
    return feed;
}

static int trouble_first(const void *a, const void *b)
{
    const struct sheet_feed *x = a, *y = b;
    return x->is_trouble != y->is_trouble ? y->is_trouble - x->is_trouble : strcmp(x->name, y->name);
}

int from_run(struct arena *arena, const json_t *record, int64_t now_s, struct sheet *sheet)
{
    const json_t *feeds = json_object_get(record, "feeds"), *feed;
    size_t i;
    sheet->feeds = arena_alloc(arena, (json_array_size(feeds) + 1) * sizeof *sheet->feeds);
    if (sheet->feeds == NULL)
        return ERR_NOMEM;
    json_array_foreach(feeds, i, feed) sheet->feeds[sheet->feed_count++] = feed_of(arena, feed, now_s);
    qsort(sheet->feeds, sheet->feed_count, sizeof *sheet->feeds, trouble_first);
    return 0;
}

/* ---- checks ---- */

static size_t tests_of(const json_t *feeds, bool *out_all_blocked)
{
    const json_t *feed, *test;
    size_t i, k, count = 0;
    json_array_foreach(feeds, i, feed)
    {
        json_array_foreach(json_object_get(feed, "tests"), k, test)
        {
            count++;
            *out_all_blocked &= json_is_true(json_object_get(test, "blocked"));
        }
    }
    return count;
}

/* The first alarm, of the whole or of a list; NULL: there is none. */
static const char *first_alarm(const json_t *entry)
{
    const json_t *feed;
    size_t i;
    const char *alarm = json_string_value(json_array_get(json_object_get(entry, "alarms"), 0));
    json_array_foreach(json_object_get(entry, "feeds"), i, feed)
    {
        if (alarm == NULL)
            alarm = json_string_value(json_array_get(json_object_get(feed, "alarms"), 0));
    }
    return alarm;
}

static struct sheet_check check_of(struct arena *arena, const json_t *entry)
{
    const json_t *feeds = json_object_get(entry, "feeds");
    bool all_blocked = true;
    const size_t tests = tests_of(feeds, &all_blocked);
    const char *alarm = first_alarm(entry);
    const char *result =
        alarm != NULL ? arena_printf(arena, "NO: %.200s", alarm)
                      : arena_printf(arena, "yes: %zu %s in force, %zu of their test pages blocked",
                                     json_array_size(feeds), json_array_size(feeds) == 1 ? "list" : "lists", tests);
    return (struct sheet_check){.time_s = number(entry, "time_s"),
                                .what = "Are the statutory lists in force?",
                                .result = result == NULL ? "" : result,
                                .good = json_is_true(json_object_get(entry, "good"))};
}

/* The newest CHECKS_MAX stay. */
static void check_put(struct arena *arena, const json_t *entry, struct sheet *sheet)
{
    const int64_t time_s = number(entry, "time_s");
    if (!json_is_object(entry) || time_s < sheet->period.from_s || time_s >= sheet->period.to_s)
        return;
    if (sheet->check_count == CHECKS_MAX) {
        memmove(sheet->checks, sheet->checks + 1, (CHECKS_MAX - 1) * sizeof *sheet->checks);
        sheet->check_count--;
    }
    sheet->checks[sheet->check_count++] = check_of(arena, entry);
}

static int newest(const void *a, const void *b)
{
    const struct sheet_check *x = a, *y = b;
    return (x->time_s < y->time_s) - (x->time_s > y->time_s);
}

int from_register(struct arena *arena, const char *path, struct sheet *sheet)
{
    char *line = NULL;
    size_t cap = 0;
    sheet->checks = arena_alloc(arena, CHECKS_MAX * sizeof *sheet->checks);
    if (sheet->checks == NULL)
        return ERR_NOMEM;
    FILE *from = fopen(path, "re");
    if (from == NULL)
        return errno == ENOENT ? 0 : -errno;
    while (getline(&line, &cap, from) > 0) {
        json_t *entry = json_loads(line, 0, NULL);
        check_put(arena, entry, sheet);
        json_decref(entry);
    }
    free(line);
    fclose(from);
    qsort(sheet->checks, sheet->check_count, sizeof *sheet->checks, newest);
    return 0;
}

/* ---- the running resolver ---- */

static const char *state_of(struct arena *arena, const json_t *status)
{
    const json_t *reason;
    const char *text = "";
    size_t i;
    if (status == NULL)
        return "the filter did not answer when it was asked how it is";
    json_array_foreach(json_object_get(json_object_get(status, "health"), "reasons"), i, reason)
    {
        const char *word = json_string_value(reason);
        const char *longer =
            arena_printf(arena, "%s%s%s", text, i == 0 ? "" : "; ", word == NULL ? "something is wrong" : word);
        text = longer == NULL ? text : longer;
    }
    const char *trouble = json_string_value(json_object_get(json_object_get(status, "log"), "trouble"));
    const char *longer = trouble == NULL ? NULL
                                         : arena_printf(arena, "%s%sthe log can't be written: %s", text,
                                                        text[0] == '\0' ? "" : "; ", trouble);
    return longer == NULL ? text : longer;
}

int from_status(struct arena *arena, const json_t *status, struct sheet *sheet)
{
    const int64_t version = number(json_object_get(status, "policy"), "version");
    sheet->origin.state = state_of(arena, status);
    sheet->origin.generation = (uint64_t)number(json_object_get(status, "generation"), "number");
    sheet->origin.policy = version > 0 ? arena_printf(arena, "version %" PRId64, version) : "";
    return sheet->origin.policy == NULL ? ERR_NOMEM : 0;
}
