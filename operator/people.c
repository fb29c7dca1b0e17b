/* belisha people: what the people file says of somebody, and why, for who may know. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/category.h"
#include "base/csv.h"
#include "base/err.h"
#include "operator/command.h"
#include "operator/reading.h"
#include "policy/civil.h"
#include "policy/person_table.h"

#define REASONS_FILE_MAX (64u << 20)

struct options {
    const char *user;
    bool reason;
};

static void print_row(FILE *to, const char *label, const char *value)
{
    if (value != NULL && value[0] != '\0')
        fprintf(to, "  %-10s %s\n", label, value);
}

static void print_categories(FILE *to, const char *label, uint64_t mask)
{
    bool first = true;
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((mask & CATEGORY_BIT(id)) == 0 || category_name(id) == NULL)
            continue;
        if (first)
            fprintf(to, "  %-10s %s", label, category_name(id));
        else
            fprintf(to, ", %s", category_name(id));
        first = false;
    }
    if (!first)
        putc('\n', to);
}

static void print_person(const struct operator_env *env, uint32_t index)
{
    const struct config *config = env->config;
    const struct policy_opts *policy = &config->policy;
    const struct policy_person *p = &policy->people[index];
    const struct config_person *told = &config->people[index];
    char text[64] = "";
    if (p->until_s != 0) { /* by the clocks of the school */
        struct calendar_time local = calendar_local(&config->calendar, p->until_s);
        struct civil_date date = civil_date(local.day);
        snprintf(text, sizeof text, "%04d-%02u-%02u %02u:%02u", date.year, date.month, date.day, local.second / 3600,
                 local.second / 60 % 60);
    }
    fprintf(env->out, "%s (%s:%u)\n", p->user, config->people_path, told->line);
    print_row(env->out, "group",
              p->group < policy->group_count ? policy->groups[p->group].name : "that of the network");
    print_row(env->out, "level", p->level < policy->level_count ? policy->levels[p->level].name : "that of the group");
    print_row(env->out, "year", told->year);
    print_row(env->out, "until", text);
    if (p->until_s != 0 && p->until_s <= time(NULL))
        print_row(env->out, "", "this time is over: the restricted level applies");
    print_row(env->out, "accepted", p->accepted ? "yes" : "no");
    print_categories(env->out, "blocks", p->block);
    print_categories(env->out, "opens", p->allow);
    print_row(env->out, "notes", told->notes);
    print_row(env->out, "sponsor", told->sponsor);
    print_row(env->out, "purpose", told->purpose);
}

/* ---- reasons ---- */

/* The column of that name in the first line; -1: there is none. */
static int column_of(const struct csv_field fields[], int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcasecmp(fields[i].text, name) == 0)
            return i;
    return -1;
}

/* text: the file, which is changed. false: there is nothing of this user, or no such columns. */
static bool find_reason(const struct operator_env *env, char *text, size_t len, const char *user)
{
    struct csv csv;
    struct csv_field fields[CSV_FIELDS_MAX];
    char wanted[512], folded[512];
    const enum policy_users users = env->config->policy.users;
    csv_begin(&csv, text, len);
    int count = csv_next(&csv, fields);
    int user_column = column_of(fields, count, "user");
    int reason_column = column_of(fields, count, "reason");
    person_name_fold(user, users, wanted);
    while (user_column >= 0 && reason_column >= 0 && (count = csv_next(&csv, fields)) != 0) {
        if (count <= user_column || count <= reason_column || strlen(fields[user_column].text) >= sizeof folded)
            continue;
        person_name_fold(fields[user_column].text, users, folded);
        if (strcmp(folded, wanted) != 0)
            continue;
        print_row(env->out, "reason", fields[reason_column].text);
        return true;
    }
    return false;
}

static int print_reason(const struct operator_env *env, const char *user)
{
    const char *path = env->config->reasons_path;
    if (path == NULL) {
        fputs("belisha people: no file of reasons is configured (policy.reasons)\n", env->err);
        return OPERATOR_FAILED;
    }
    FILE *file = fopen(path, "rbe");
    char *text = file == NULL ? NULL : malloc(REASONS_FILE_MAX + 1);
    if (text == NULL) {
        fprintf(env->err, "belisha people: %s: %s\n", path, err_str(-errno));
        if (file != NULL)
            fclose(file);
        return OPERATOR_FAILED;
    }
    size_t len = fread(text, 1, REASONS_FILE_MAX, file);
    fclose(file);
    if (!find_reason(env, text, len, user))
        print_row(env->out, "reason", "none is written down");
    free(text);
    return OPERATOR_OK;
}

/* ---- the command ---- */

static const char *read_options(int argc, char *argv[], struct options *out)
{
    static const struct option options[] = {{"reason", no_argument, NULL, 'r'}, {0}};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'r')
            return "only --reason is expected";
        out->reason = true;
    }
    if (optind != argc - 1 || strlen(argv[optind]) >= 512)
        return "one user name is expected";
    out->user = argv[optind];
    return NULL;
}

static int people_run(const struct operator_env *env, int argc, char *argv[])
{
    struct options options = {.reason = false};
    struct person_table *table;
    const char *wrong = read_options(argc, argv, &options);
    if (wrong != NULL)
        return operator_usage(env, &command_people, "%s", wrong);
    const struct policy_opts *policy = &env->config->policy;
    if (person_table_new(policy->people, policy->person_count, policy->users, &table) < 0)
        return OPERATOR_FAILED;
    uint32_t index = person_table_find(table, options.user);
    person_table_free(table);
    if (index == UINT32_MAX) {
        fprintf(env->err, "belisha people: the people file has no user '%s'\n", options.user);
        return OPERATOR_FAILED;
    }
    char *words[] = {(char *)(uintptr_t)options.user};
    if (options.reason && !reading_record(env, "people.reason", policy->people[index].user, 1, words))
        return OPERATOR_FAILED;
    print_person(env, index);
    return options.reason ? print_reason(env, options.user) : OPERATOR_OK;
}

const struct operator_command command_people = {.name = "people",
                                                .synopsis = "people USER [--reason]",
                                                .help = "what the people file says of a user",
                                                .details =
                                                    "With --reason, also why the user has rules of their own, from the "
                                                    "file that policy.reasons names, if you may read it. That "
                                                    "is written to the ledger.\n",
                                                .needs_config = true,
                                                .run = people_run};
