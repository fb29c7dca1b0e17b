/* Time zone, terms, holidays and lessons. */
#include <stdio.h>
#include <string.h>

#include "config/build.h"
#include "config/times.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define ZONE_SYSTEM "/etc/localtime"

/* ---- time zone ---- */

/* No way out of the folder. */
static bool is_zone_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    return strspn(name, letters) == strlen(name) && name[0] != '/' && name[0] != '\0';
}

/* ERR_NOENT: there is no such file that can be read. */
static int zone_read(const char *path, struct time_zone **out)
{
    static const char rule[] = "UTC0";
    uint8_t bytes[TIME_ZONE_FILE_MAX];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) /* a machine without zones shows UTC */
        return strcmp(path, ZONE_SYSTEM) == 0 ? time_zone_from_rule(rule, out) : ERR_NOENT;
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return time_zone_parse(bytes, len, out);
}

static int build_zone(struct build *b)
{
    const struct options_calendar *from = &b->options->policy.calendar;
    struct time_zone *zone = NULL;
    bool is_system = strcmp(from->time_zone, "system") == 0;
    const char *path = is_system ? ZONE_SYSTEM : arena_printf(b->arena, ZONE_FOLDER "%s", from->time_zone);
    if (path == NULL)
        return ERR_NOMEM;
    int rc = is_system || is_zone_name(from->time_zone) ? zone_read(path, &zone) : ERR_NOENT;
    if (rc == ERR_NOMEM)
        return rc;
    if (rc < 0) {
        config_errors_add(b->errors, &from->time_zone_at,
                          "time_zone must be a zone of this machine, such as Europe/London (a file in " ZONE_FOLDER
                          "), not '%s'",
                          from->time_zone);
        return 0;
    }
    b->config->calendar.zone = arena_copy(b->arena, zone, time_zone_size(zone));
    b->config->time_zone = is_system ? NULL : from->time_zone;
    time_zone_free(zone);
    return b->config->calendar.zone == NULL ? ERR_NOMEM : 0;
}

/* ---- terms ---- */

static int build_spans(struct build *b, const struct schema_list *list, const struct calendar_span **out)
{
    const struct options_span *items = list->items;
    struct calendar_span *spans = arena_alloc(b->arena, (list->count + 1) * sizeof *spans);
    if (spans == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        spans[i] = (struct calendar_span){.first = items[i].from.day,
                                          .last = items[i].to.given ? items[i].to.day : items[i].from.day};
        if (spans[i].last < spans[i].first)
            config_errors_add(b->errors, &items[i].at, "`to` is before `from`");
    }
    *out = spans;
    return 0;
}

/* ---- lessons ---- */

static int build_lessons(struct build *b)
{
    const struct schema_list *list = &b->options->policy.calendar.lessons;
    const struct options_lesson *items = list->items;
    struct window_lesson *lessons = arena_alloc(b->arena, (list->count + 1) * sizeof *lessons);
    if (lessons == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        if (strpbrk(items[i].name, " \t") != NULL)
            config_errors_add(b->errors, &items[i].at, "a lesson's name has no blanks: '%s'", items[i].name);
        for (size_t earlier = 0; earlier < i; earlier++)
            if (strcmp(items[earlier].name, items[i].name) == 0)
                config_errors_add(b->errors, &items[i].at, "lesson '%s' is given twice; `when` may be a list",
                                  items[i].name);
        lessons[i].name = items[i].name;
        int rc = times_build(b, &items[i].when, NULL, &lessons[i].windows, &lessons[i].count);
        if (rc < 0)
            return rc;
    }
    b->config->calendar.lessons = lessons;
    b->config->calendar.lesson_count = list->count;
    return 0;
}

int build_calendar(struct build *b)
{
    const struct options_calendar *from = &b->options->policy.calendar;
    struct calendar *calendar = &b->config->calendar;
    calendar->term_count = from->terms.count;
    calendar->holiday_count = from->holidays.count;
    int rc = build_zone(b);
    if (rc == 0)
        rc = build_spans(b, &from->terms, &calendar->terms);
    if (rc == 0)
        rc = build_spans(b, &from->holidays, &calendar->holidays);
    if (rc == 0)
        rc = build_lessons(b);
    b->config->policy.calendar = calendar;
    return rc;
}
