#include "operator/circumstances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/category.h"
#include "base/csv.h"
#include "roles/roles.h"

#define REASONS_MAX ((size_t)16 << 20)

static const struct policy_person *person_of(const struct explain *explain, const struct whom *whom)
{
    uint32_t person = whom->user == NULL ? POLICY_NOBODY : policy_person_find(explain->policy, whom->user);
    return person == POLICY_NOBODY ? NULL : &explain->config->policy.people[person];
}

static void add_categories(uint64_t categories, struct text *out)
{
    bool first = true;
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((categories & CATEGORY_BIT(id)) == 0 || category_name(id) == NULL)
            continue;
        text_printf(out, "%s%s", first ? "" : ", ", category_name(id));
        first = false;
    }
}

static void add_part(struct text *out, const char *verb, uint64_t categories)
{
    if (categories == 0)
        return;
    text_printf(out, "%s%s ", out->len == 0 ? "" : "; ", verb);
    add_categories(categories, out);
}

/* ---- schedules ---- */

static bool has_group(const struct policy_schedule *schedule, uint16_t group)
{
    bool found = schedule->group_count == 0;
    for (size_t i = 0; i < schedule->group_count && !found; i++)
        found = schedule->groups[i] == group;
    return found;
}

/* The level that the client has when no schedule puts another one in its place. */
static uint16_t level_of(const struct policy_opts *policy, const struct policy_person *person, uint16_t group)
{
    if (person != NULL && person->level != POLICY_NO_LEVEL)
        return person->level;
    return group < policy->group_count ? policy->groups[group].level : policy->default_level;
}

static void add_schedule(const struct policy_opts *policy, const struct policy_schedule *schedule, struct text *out)
{
    struct text does = {0};
    if (schedule->level != POLICY_NO_LEVEL)
        text_printf(&does, "puts level '%s' in place", policy->levels[schedule->level].name);
    add_part(&does, "opens", schedule->allow);
    add_part(&does, "blocks", schedule->block);
    if (text_ok(&does))
        text_printf(out, "%s'%s' %s", out->len == 0 ? "" : ", and ", schedule->name,
                    does.bytes == NULL ? "" : does.bytes);
    text_done(&does);
}

void circumstances_schedules(const struct explain *explain, const struct whom *whom, struct text *out)
{
    const struct policy_opts *policy = &explain->config->policy;
    const uint64_t level = UINT64_C(1) << level_of(policy, person_of(explain, whom), whom->client.group) % 64;
    for (size_t i = 0; i < policy->schedule_count; i++)
        if (has_group(&policy->schedules[i], whom->client.group) &&
            (policy->schedules[i].levels == 0 || (policy->schedules[i].levels & level) != 0) &&
            schedule_is_active(&policy->schedules[i].times, policy->calendar, explain->now_s))
            add_schedule(policy, &policy->schedules[i], out);
}

/* ---- a person's own rules ---- */

void circumstances_person(const struct explain *explain, const struct whom *whom, struct text *out)
{
    const struct policy_person *person = person_of(explain, whom);
    char when[32];
    struct tm tm;
    if (person == NULL || (person->block == 0 && person->allow == 0 && person->until_s == 0))
        return;
    add_part(out, "blocks", person->block);
    add_part(out, "opens", person->allow);
    time_t until = (time_t)person->until_s;
    if (until != 0 && localtime_r(&until, &tm) != NULL && strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm) > 0)
        text_printf(out, "%s%s %s", out->len == 0 ? "" : "; ",
                    person->until_s <= explain->now_s ? "over since" : "until", when);
}

/* ---- why ---- */

static int read_text(const char *path, char **out, size_t *out_len)
{
    FILE *file = fopen(path, "re");
    char *bytes = file == NULL ? NULL : malloc(REASONS_MAX + 2);
    if (bytes == NULL)
        return file == NULL ? -errno : (fclose(file), ERR_NOMEM);
    size_t len = fread(bytes, 1, REASONS_MAX + 1, file);
    int err = ferror(file) ? ERR_IO : len > REASONS_MAX ? ERR_LIMIT : 0;
    fclose(file);
    if (err < 0) {
        free(bytes);
        return err;
    }
    *out = bytes;
    *out_len = len;
    return 0;
}

static int find_column(const struct csv_field fields[], int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcasecmp(fields[i].text, name) == 0)
            return i;
    return -1;
}

/* The last line about the person counts. */
static int find_reason(const struct explain *explain, const struct policy_person *person, char *text, size_t len,
                       struct text *out)
{
    const uint32_t wanted = (uint32_t)(person - explain->config->policy.people);
    struct csv_field *fields = calloc(CSV_FIELDS_MAX, sizeof *fields);
    const char *reason = NULL;
    struct csv csv;
    if (fields == NULL)
        return ERR_NOMEM;
    csv_begin(&csv, text, len);
    int count = csv_next(&csv, fields);
    int user = find_column(fields, count, "user"), why = find_column(fields, count, "reason");
    bool fit = user >= 0 && why >= 0;
    while (fit && (count = csv_next(&csv, fields)) != 0)
        if (count > user && count > why && policy_person_find(explain->policy, fields[user].text) == wanted)
            reason = fields[why].text;
    if (reason != NULL)
        text_printf(out, "%s", reason);
    free(fields);
    return !fit ? ERR_MALFORMED : reason == NULL ? ERR_NOENT : 0;
}

int circumstances_reason(const struct explain *explain, const struct whom *whom, struct text *out)
{
    const struct config *config = explain->config;
    const struct policy_person *person = person_of(explain, whom);
    struct caller caller;
    char *text = NULL;
    size_t len = 0;
    if (person == NULL || config->reasons_path == NULL)
        return ERR_NOENT;
    caller_of_self(&caller);
    if (!roles_may(&config->roles, &caller, ACT_READ_LOG))
        return ERR_ACCESS;
    int err = read_text(config->reasons_path, &text, &len);
    if (err < 0)
        return err;
    err = find_reason(explain, person, text, len, out);
    free(text);
    return err;
}
