/* The people file: read, and brought together with levels and groups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "change/versions.h"
#include "config/build.h"
#include "config/people.h"
#include "policy/person_table.h"

/* ---- the file ---- */

/* *out_text is malloc'ed. */
static int read_text(struct build *b, const char *path, char **out_text, size_t *out_len)
{
    FILE *file = fopen(path, "rbe");
    char *text = NULL;
    size_t len = 0, cap = 0;
    while (file != NULL && len <= PEOPLE_FILE_MAX) {
        if (len == cap) {
            char *grown = realloc(text, cap = cap == 0 ? 1 << 16 : cap * 2);
            if (grown == NULL)
                break;
            text = grown;
        }
        size_t got = fread(text + len, 1, cap - len, file);
        len += got;
        if (got == 0)
            break;
    }
    bool whole = file != NULL && feof(file) && !ferror(file);
    if (file != NULL)
        fclose(file);
    if (!whole) {
        free(text);
        config_errors_add(b->errors, &b->options->policy.people.file_at,
                          file != NULL && len > PEOPLE_FILE_MAX ? "people: '%s' is larger than 256 MiB"
                                                                : "people must be a file that can be read, not '%s'",
                          path);
        return ERR_CONFIG;
    }
    *out_text = text;
    *out_len = len;
    return 0;
}

/* ---- years ---- */

/* "Year 9", "Y9", "yr 09" and "9" are one; what begins with no such word stays as it is. */
static const char *bare_year(const char *text)
{
    static const char *const words[] = {"year", "yr", "y"};
    const char *at = text;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (strncasecmp(text, words[i], len) != 0)
            continue;
        at = text + len + strspn(text + len, " .-");
        break;
    }
    if (*at < '0' || *at > '9')
        return text;
    while (*at == '0' && at[1] != '\0')
        at++;
    return at;
}

/* The level that names the year, or negative. */
static int level_of_year(const struct build *b, const char *year)
{
    const struct options_level *levels = b->options->policy.levels.items;
    for (size_t i = 0; i < b->options->policy.levels.count; i++) {
        const char *const *years = levels[i].years.items;
        for (size_t j = 0; j < levels[i].years.count; j++)
            if (strcasecmp(bare_year(years[j]), bare_year(year)) == 0)
                return (int)i;
    }
    return -1;
}

static void check_years(struct build *b)
{
    const struct options_level *levels = b->options->policy.levels.items;
    for (size_t i = 0; i < b->options->policy.levels.count; i++) {
        const char *const *years = levels[i].years.items;
        for (size_t j = 0; j < levels[i].years.count; j++)
            if (level_of_year(b, years[j]) != (int)i)
                config_errors_add(b->errors, &levels[i].years.places[j], "year '%s' is in another level too", years[j]);
    }
}

/* ---- groups by name ---- */

struct group_name {
    const char *name;
    uint16_t index;
};

static int compare_groups(const void *a, const void *b)
{
    return strcmp(((const struct group_name *)a)->name, ((const struct group_name *)b)->name);
}

static struct group_name *sort_groups(struct build *b)
{
    const struct policy_opts *policy = &b->config->policy;
    struct group_name *groups = arena_alloc(b->arena, (policy->group_count + 1) * sizeof *groups);
    for (size_t i = 0; groups != NULL && i < policy->group_count; i++)
        groups[i] = (struct group_name){policy->groups[i].name, (uint16_t)i};
    if (groups != NULL)
        qsort(groups, policy->group_count, sizeof *groups, compare_groups);
    return groups;
}

static uint16_t find_group(struct build *b, const struct group_name groups[], const struct people_row *row)
{
    const struct group_name wanted = {row->text[PEOPLE_GROUP], 0};
    if (wanted.name == NULL)
        return POLICY_GROUP_DEFAULT;
    const struct group_name *found =
        bsearch(&wanted, groups, b->config->policy.group_count, sizeof *groups, compare_groups);
    if (found == NULL)
        config_errors_add(b->errors, &row->at[PEOPLE_GROUP], "'%s' is not among the groups", wanted.name);
    return found == NULL ? POLICY_GROUP_DEFAULT : found->index;
}

/* ---- people ---- */

static uint16_t find_level(struct build *b, const struct people_row *row)
{
    if (row->text[PEOPLE_LEVEL] != NULL) {
        int level = build_level_find(b, row->text[PEOPLE_LEVEL]);
        if (level < 0)
            config_errors_add(b->errors, &row->at[PEOPLE_LEVEL], "'%s' is not among the levels",
                              row->text[PEOPLE_LEVEL]);
        return (uint16_t)(level < 0 ? 0 : level);
    }
    int level = row->text[PEOPLE_YEAR] == NULL ? -1 : level_of_year(b, row->text[PEOPLE_YEAR]);
    return (uint16_t)(level < 0 ? POLICY_NO_LEVEL : level);
}

static void build_person(struct build *b, const struct group_name groups[], const struct people_row *row,
                         struct policy_person *to, struct config_person *told)
{
    *to = (struct policy_person){.user = row->text[PEOPLE_USER] == NULL ? "" : row->text[PEOPLE_USER],
                                 .group = find_group(b, groups, row),
                                 .level = find_level(b, row),
                                 .block = row->block,
                                 .allow = row->allow,
                                 .accepted = row->accepted};
    if (row->has_until) {
        to->until_s = calendar_instant_after(&b->config->calendar, row->until_day, row->until_second, INT64_MIN);
        to->until_s = to->until_s < 1 ? 1 : to->until_s; /* 0 would be no end */
    }
    if ((row->allow & row->block) != 0)
        config_errors_add(b->errors, &row->at[PEOPLE_ALLOW], "this entry both allows and blocks the same category");
    *told = (struct config_person){.year = row->text[PEOPLE_YEAR],
                                   .notes = row->text[PEOPLE_NOTES],
                                   .sponsor = row->text[PEOPLE_SPONSOR],
                                   .purpose = row->text[PEOPLE_PURPOSE],
                                   .line = row->at[PEOPLE_USER].line};
}

struct folded {
    char *name;
    size_t row;
};

static int compare_folded(const void *a, const void *b)
{
    const struct folded *x = a;
    const struct folded *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

/* A user has one entry. */
static int check_twice(struct build *b, const struct people *people, enum policy_users users)
{
    struct folded *all = arena_alloc(b->arena, (people->count + 1) * sizeof *all);
    if (all == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < people->count; i++) {
        const char *user = people->rows[i].text[PEOPLE_USER];
        char *folded = arena_alloc(b->arena, strlen(user) + 1);
        if (folded == NULL)
            return ERR_NOMEM;
        if (person_name_fold(user, users, folded) == 0)
            config_errors_add(b->errors, &people->rows[i].at[PEOPLE_USER], "'%s' is no user name", user);
        all[i] = (struct folded){folded, i};
    }
    qsort(all, people->count, sizeof *all, compare_folded);
    for (size_t i = 1; i < people->count; i++)
        if (all[i].name[0] != '\0' && strcmp(all[i - 1].name, all[i].name) == 0)
            config_errors_add(b->errors, &people->rows[all[i].row].at[PEOPLE_USER],
                              "user '%s' is here twice, first in line %u", people->rows[all[i].row].text[PEOPLE_USER],
                              people->rows[all[i - 1].row].at[PEOPLE_USER].line);
    return 0;
}

static int take_people(struct build *b, const struct people *people)
{
    struct policy_opts *policy = &b->config->policy;
    struct policy_person *to = arena_alloc(b->arena, (people->count + 1) * sizeof *to);
    struct config_person *told = arena_alloc(b->arena, (people->count + 1) * sizeof *told);
    const struct group_name *groups = sort_groups(b);
    if (to == NULL || told == NULL || groups == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < people->count; i++) {
        build_person(b, groups, &people->rows[i], &to[i], &told[i]);
        int rc = build_people_limit(b, &people->rows[i], &to[i]);
        if (rc < 0)
            return rc;
    }
    policy->people = to;
    policy->person_count = people->count;
    b->config->people = told;
    return check_twice(b, people, policy->users);
}

int build_people(struct build *b)
{
    const char *path = b->options->policy.people.file;
    struct people people = {0};
    char *text = NULL;
    size_t len = 0;
    b->config->policy.users = (enum policy_users)b->options->policy.user_names;
    b->config->reasons_path = b->options->policy.reasons;
    check_years(b);
    build_people_limits(b);
    if (path == NULL)
        return 0;
    b->config->people_path = path;
    b->config->people_report.path = path;
    int rc = read_text(b, path, &text, &len);
    if (rc == 0) {
        versions_hash(text, len, b->config->people_report.hash);
        rc = people_read(b->arena, path, text, len, b->errors, &people);
    }
    free(text);
    if (rc == ERR_CONFIG) /* reported */
        return 0;
    return rc < 0 ? rc : take_people(b, &people);
}
