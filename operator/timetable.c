#include "operator/timetable.h"

#include <string.h>

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "?" : value;
}

/* "level year-9 with lunch-games, homework" */
static void print_state(FILE *to, const json_t *group, const char *level, const char *schedules)
{
    const json_t *list = json_object_get(group, schedules);
    const json_t *name;
    size_t i;
    fprintf(to, "level %s", string(group, level));
    json_array_foreach(list, i, name)
        fprintf(to, "%s%s", i == 0 ? " with " : ", ", json_string_value(name) == NULL ? "?" : json_string_value(name));
}

/* Without the date where it is today's: "Mon 2026-11-30 12:30:00". */
static const char *short_time(const char *next, const char *now)
{
    return strlen(next) > 15 && strncmp(next, now, 14) == 0 ? next + 15 : next;
}

void timetable_print(const json_t *schedules, FILE *to)
{
    const json_t *term = json_object_get(schedules, "term");
    const json_t *group;
    size_t i;
    if (!json_is_object(schedules))
        return;
    fprintf(to, "schedules   it is %s%s\n", string(schedules, "now"),
            json_is_true(term)    ? ", in term"
            : json_is_false(term) ? ", not in term"
                                  : "");
    json_array_foreach(json_object_get(schedules, "groups"), i, group)
    {
        fprintf(to, "            %s: ", string(group, "group"));
        print_state(to, group, "level", "schedules");
        if (json_is_string(json_object_get(group, "next"))) {
            fprintf(to, "; from %s ", short_time(string(group, "next"), string(schedules, "now")));
            print_state(to, group, "next_level", "next_schedules");
        }
        putc('\n', to);
    }
}
