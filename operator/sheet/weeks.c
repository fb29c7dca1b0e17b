#include "sheet/weeks.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "base/line_file.h"

struct load {
    const struct calendar *calendar;
    struct sheet_week *weeks;
    size_t count;
};

static uint64_t number(const json_t *object, const char *key)
{
    const json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 ? 0 : (uint64_t)value;
}

static int take(void *ctx, const char *line, size_t len)
{
    const struct load *load = ctx;
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(object, "week"));
    struct period period;
    if (name != NULL && period_of_week(load->calendar, name, 0, &period) == 0) {
        for (size_t i = 0; i < load->count; i++) {
            if (load->weeks[i].first_day != period.first)
                continue;
            load->weeks[i] = (struct sheet_week){.first_day = period.first,
                                                 .known = true,
                                                 .asked = number(object, "asked"),
                                                 .concerning = number(object, "concerning"),
                                                 .other = number(object, "other"),
                                                 .requests = number(object, "requests")};
        }
    }
    json_decref(object);
    return 0;
}

int weeks_load(const char *path, const struct calendar *calendar, struct sheet_week *weeks, size_t count)
{
    struct load load = {.calendar = calendar, .weeks = weeks, .count = count};
    const int code = line_file_look(path, take, &load);
    return code == ERR_NOENT ? 0 : code;
}

int weeks_put(const char *path, const struct calendar *calendar, const struct sheet_week *week)
{
    struct line_file file;
    struct period period;
    char name[PERIOD_TEXT_MAX], line[256];
    int code = period_of_days(calendar, week->first_day, week->first_day + 6, 0, &period);
    if (code == 0)
        code = line_file_init(&file, path);
    if (code < 0)
        return code;
    const int len = snprintf(line, sizeof line,
                             "{\"week\":\"%s\",\"asked\":%" PRIu64 ",\"concerning\":%" PRIu64 ",\"other\":%" PRIu64
                             ",\"requests\":%" PRIu64 "}\n",
                             period_name(&period, name), week->asked, week->concerning, week->other, week->requests);
    code = line_file_open(&file, 0640);
    if (code == 0)
        code = line_file_load(&file, take, &(struct load){.calendar = calendar});
    if (code == 0)
        code = line_file_append(&file, line, (size_t)len);
    line_file_done(&file);
    return code;
}
