#include "operator/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/err.h"
#include "base/verdict.h"
#include "operator/explain.h"
#include "operator/log_fields.h"
#include "operator/replay.h"

#define SECOND_NS  INT64_C(1000000000)
#define PEOPLE_MAX 20 /* told of each group */

struct plan {
    struct plan_opts opts;
    struct explain now; /* policy, list and decisions in force */
    struct policy *proposed;
    struct table *decisions; /* for the groups of the proposed policy */
    struct judge before, after;
    struct replay replay;
};

/* ---- making ---- */

static int judges_init(struct plan *plan)
{
    const int64_t first_s = plan->opts.from_ns / SECOND_NS;
    plan->before = plan->now.judge;
    plan->before.moment = NULL;
    plan->after = plan->before;
    int err = policy_new(&plan->opts.proposed->policy, &plan->proposed);
    if (err == 0)
        err = explain_decisions(&plan->now, plan->proposed, &plan->decisions);
    plan->after.policy = plan->proposed;
    plan->after.decisions = plan->decisions;
    if (err == 0)
        err = judge_init(&plan->before, first_s);
    return err < 0 ? err : judge_init(&plan->after, first_s);
}

static const char *user_name(void *ctx, uint32_t user)
{
    return ctx == NULL ? NULL : roster_name(ctx, ROSTER_USER, user);
}

static int run(struct plan *plan, struct text *why)
{
    const char *dir = plan->opts.now->log.dir;
    const struct replay_opts opts = {.log_dir = dir,
                                     .from_ns = plan->opts.from_ns,
                                     .to_ns = plan->opts.to_ns,
                                     .before = &plan->before,
                                     .after = &plan->after,
                                     .user_name = user_name,
                                     .ctx = plan->now.roster};
    int err = judges_init(plan);
    if (err < 0) {
        text_printf(why, "the policies can't be made: %s", err_str(err));
        return err;
    }
    if (plan->now.db == NULL) {
        text_printf(why, "there is no list to judge by: %s (%s)", plan->now.db_trouble,
                    plan->opts.now->generation_path);
        return ERR_NOENT;
    }
    err = replay_run(&opts, &plan->replay);
    if (err < 0)
        text_printf(why, "the query log %s can't be read: %s", dir, err_str(err));
    return err;
}

int plan_new(const struct plan_opts *opts, struct plan **out, struct text *why)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL)
        return ERR_NOMEM;
    plan->opts = *opts;
    int err = explain_init(&plan->now, opts->now);
    if (err < 0) {
        text_printf(why, "the policy in force can't be made: %s", err_str(err));
        free(plan);
        return err;
    }
    err = run(plan, why);
    if (err < 0) {
        plan_free(plan);
        return err;
    }
    *out = plan;
    return 0;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    replay_done(&plan->replay);
    judge_done(&plan->before);
    judge_done(&plan->after);
    table_free(plan->decisions);
    policy_free(plan->proposed);
    explain_done(&plan->now);
    free(plan);
}

/* ---- words ---- */

static const char *const change_words[TALLY_CHANGE_COUNT] = {
    [TALLY_ALLOWED] = "newly allowed",
    [TALLY_BLOCKED] = "newly blocked",
    [TALLY_SAFER] = "newly held to safe results",
    [TALLY_LESS_SAFE] = "no longer held to safe results",
};

static const char *const change_keys[TALLY_CHANGE_COUNT] = {
    [TALLY_ALLOWED] = "allowed",
    [TALLY_BLOCKED] = "blocked",
    [TALLY_SAFER] = "safer",
    [TALLY_LESS_SAFE] = "less-safe",
};

static const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

/* "312 look-ups of 4 names" */
static void add_counts(struct text *out, uint64_t questions, uint64_t names)
{
    text_printf(out, "%" PRIu64 " %s of %" PRIu64 " %s", questions, plural(questions, "look-up", "look-ups"), names,
                plural(names, "name", "names"));
}

static const char *level_text(const char *level)
{
    return level == NULL ? "-" : level;
}

/* "group pupils (level year-7)", and what becomes of both. */
static void add_whom(const struct plan *plan, const struct tally_cell *cell, struct text *out)
{
    const char *group = policy_group_name(plan->now.policy, cell->group_before);
    const char *group_after = policy_group_name(plan->proposed, cell->group_after);
    const char *level = level_text(cell->level_before), *level_after = level_text(cell->level_after);
    text_printf(out, "group %s", group);
    if (strcmp(group, group_after) != 0)
        text_printf(out, ", then %s", group_after);
    text_printf(out, " (level %s", level);
    if (strcmp(level, level_after) != 0)
        text_printf(out, ", then %s", level_after);
    text_printf(out, ")");
}

/* The rule that changes: of the block that goes, or comes. */
static const struct verdict *telling(enum tally_change change, const struct tally_name *name)
{
    return change == TALLY_ALLOWED || change == TALLY_LESS_SAFE ? &name->before : &name->after;
}

static const char *category_of(const struct verdict *v)
{
    const char *category = v->category < CATEGORY_MAX ? category_name(v->category) : NULL;
    return category == NULL ? verdict_reason_name(v->reason) : category;
}

static const char *date_text(int64_t time_ns, char out[LOG_TIME_MAX])
{
    log_time_to_text(time_ns, out);
    out[10] = '\0';
    return out;
}

static const char *minute_text(int64_t time_ns, char out[LOG_TIME_MAX])
{
    log_time_to_text(time_ns, out);
    out[10] = ' ';
    out[16] = '\0';
    return out;
}

#define CLIENT_TEXT_MAX (ROSTER_NAME_MAX + 16)

static const char *client_text(const struct plan *plan, const struct tally_client *client, char out[CLIENT_TEXT_MAX])
{
    const char *name = client->user == 0 ? NULL : user_name(plan->now.roster, client->user);
    if (client->user == 0)
        return ipaddr_to_text(&client->address, out);
    if (name == NULL || name[0] == '\0')
        snprintf(out, CLIENT_TEXT_MAX, "user %" PRIu32, client->user);
    else
        snprintf(out, CLIENT_TEXT_MAX, "%s", name);
    return out;
}

/* ---- for people ---- */

static void print_name(FILE *to, enum tally_change change, const struct tally_name *name)
{
    char text[NAME_TEXT_MAX];
    fprintf(to, "    %9" PRIu64 "  %7" PRIu32 "  %-24s  %s\n", name->questions, name->clients,
            category_of(telling(change, name)), name_to_text(name->name, text));
}

static void print_names(const struct plan *plan, FILE *to, size_t cell_number, const struct tally_cell *cell)
{
    size_t count;
    const struct tally_name *names = tally_names(plan->replay.tally, cell_number, &count);
    size_t shown = count < plan->opts.names_max ? count : plan->opts.names_max;
    if (shown == 0)
        return;
    fprintf(to, "    %9s  %7s  %-24s  %s\n", "look-ups", "clients", "category", "name");
    for (size_t i = 0; i < shown; i++)
        print_name(to, cell->change, &names[i]);
    if (shown < count)
        fprintf(to, "    %9s  %7s  %-24s  and %zu more\n", "", "", "", count - shown);
}

static void print_people(const struct plan *plan, FILE *to, size_t cell)
{
    char text[CLIENT_TEXT_MAX];
    size_t count;
    const struct tally_person *people = tally_people(plan->replay.tally, cell, &count);
    for (size_t i = 0; i < count && i < PEOPLE_MAX; i++)
        fprintf(to, "    %9" PRIu64 "  by %s\n", people[i].questions, client_text(plan, &people[i].client, text));
    if (count > PEOPLE_MAX)
        fprintf(to, "    %9s  and %zu more\n", "", count - PEOPLE_MAX);
}

static void print_cell(const struct plan *plan, FILE *to, size_t number, const struct tally_cell *cell)
{
    struct text line = {0};
    add_counts(&line, cell->questions, cell->names);
    text_printf(&line, " %s for ", change_words[cell->change]);
    add_whom(plan, cell, &line);
    if (text_ok(&line))
        fprintf(to, "\n  %s, by %" PRIu32 " %s\n", line.bytes, cell->clients,
                plural(cell->clients, "client", "clients"));
    text_done(&line);
    print_names(plan, to, number, cell);
    if (plan->opts.people)
        print_people(plan, to, number);
}

static void print_totals(const struct plan *plan, FILE *to)
{
    for (int change = 0; change < TALLY_CHANGE_COUNT; change++) {
        const struct tally_sum sum = tally_sum(plan->replay.tally, (enum tally_change)change);
        struct text line = {0};
        if (sum.questions == 0 && change > TALLY_BLOCKED)
            continue;
        add_counts(&line, sum.questions, sum.names);
        if (text_ok(&line))
            fprintf(to, "  %-31s %s, by %" PRIu32 " %s\n", change_words[change],
                    sum.questions == 0 ? "nothing" : line.bytes, sum.clients, plural(sum.clients, "client", "clients"));
        text_done(&line);
    }
}

/* What the figures do not say. */
static void print_notes(const struct plan *plan, FILE *to)
{
    const struct replay *replay = &plan->replay;
    fprintf(to,
            "\nEach look-up was judged at its own time by both policies, with today's list (generation %" PRIu64
            ") and the decisions in force today. What a name leads to is known only where it decided then.\n",
            blockdb_generation(plan->now.db));
    if (replay->passed_over > 0)
        fprintf(to, "%" PRIu64 " look-ups were refused or are written down without their name: they are not judged.\n",
                replay->passed_over);
    if (replay->lost > 0)
        fprintf(to, "%" PRIu64 " records of that time were lost.\n", replay->lost);
    if (replay->damaged_blocks > 0)
        fprintf(to, "%" PRIu64 " damaged blocks of the log were left out.\n", replay->damaged_blocks);
    if (replay->closed_blocks > 0)
        fprintf(to,
                "Of %" PRIu64
                " blocks of the log nobody can say who asked (the key of their day is gone, or not yours to "
                "read): their look-ups are judged by group, and no client is counted for them.\n",
                replay->closed_blocks);
    if (tally_is_full(replay->tally))
        fputs("There are more names or clients than are counted one by one: their numbers are too low.\n", to);
    if (plan->now.statutory_unread)
        fputs("The statutory list can't be read from here: what it has is blocked, whatever this says.\n", to);
}

void plan_print(const struct plan *plan, FILE *to)
{
    const struct replay *replay = &plan->replay;
    char from[LOG_TIME_MAX], until[LOG_TIME_MAX];
    size_t count;
    const struct tally_cell *cells = tally_cells(replay->tally, &count);
    if (replay->questions == 0) {
        fprintf(to, "The log has no look-ups from %s to %s (UTC).\n", minute_text(plan->opts.from_ns, from),
                minute_text(plan->opts.to_ns, until));
        return;
    }
    fprintf(to, "Of %" PRIu64 " look-ups from %s to %s (UTC) would have been\n", replay->questions,
            minute_text(replay->first_ns, from), minute_text(replay->last_ns, until));
    print_totals(plan, to);
    for (size_t i = 0; i < count; i++)
        print_cell(plan, to, i, &cells[i]);
    print_notes(plan, to);
}

/* ---- JSON ---- */

static void add_text(struct text *out, const char *key, const char *value)
{
    text_printf(out, ", \"%s\": ", key);
    text_add_json(out, value);
}

static void add_name_json(struct text *out, enum tally_change change, const struct tally_name *name)
{
    char text[NAME_TEXT_MAX];
    text_printf(out, "{\"name\": ");
    text_add_json(out, name_to_text(name->name, text));
    text_printf(out, ", \"look_ups\": %" PRIu64 ", \"clients\": %" PRIu32, name->questions, name->clients);
    add_text(out, "category", category_of(telling(change, name)));
    text_printf(out, "}");
}

static void add_people_json(const struct plan *plan, size_t cell, struct text *out)
{
    char text[CLIENT_TEXT_MAX];
    size_t count;
    const struct tally_person *people = tally_people(plan->replay.tally, cell, &count);
    text_printf(out, ", \"by\": [");
    for (size_t i = 0; i < count && i < PEOPLE_MAX; i++) {
        text_printf(out, "%s{\"client\": ", i == 0 ? "" : ", ");
        text_add_json(out, client_text(plan, &people[i].client, text));
        text_printf(out, ", \"look_ups\": %" PRIu64 "}", people[i].questions);
    }
    text_printf(out, "]");
}

static void add_cell_json(const struct plan *plan, size_t number, const struct tally_cell *cell, struct text *out)
{
    size_t count;
    const struct tally_name *names = tally_names(plan->replay.tally, number, &count);
    text_printf(out, "\n    {\"change\": \"%s\"", change_keys[cell->change]);
    add_text(out, "group", policy_group_name(plan->now.policy, cell->group_before));
    add_text(out, "level", level_text(cell->level_before));
    add_text(out, "group_then", policy_group_name(plan->proposed, cell->group_after));
    add_text(out, "level_then", level_text(cell->level_after));
    text_printf(out, ", \"look_ups\": %" PRIu64 ", \"names\": %" PRIu32 ", \"clients\": %" PRIu32 ", \"top\": [",
                cell->questions, cell->names, cell->clients);
    for (size_t i = 0; i < count && i < plan->opts.names_max; i++) {
        text_printf(out, i == 0 ? "" : ", ");
        add_name_json(out, cell->change, &names[i]);
    }
    text_printf(out, "]");
    if (plan->opts.people)
        add_people_json(plan, number, out);
    text_printf(out, "}");
}

void plan_write_json(const struct plan *plan, struct text *out)
{
    const struct replay *replay = &plan->replay;
    char from[LOG_TIME_MAX], until[LOG_TIME_MAX];
    size_t count;
    const struct tally_cell *cells = tally_cells(replay->tally, &count);
    text_printf(out, "{\"from\": \"%s\", \"to\": \"%s\"", log_time_to_text(plan->opts.from_ns, from),
                log_time_to_text(plan->opts.to_ns, until));
    text_printf(out,
                ", \"look_ups\": %" PRIu64 ", \"not_judged\": %" PRIu64 ", \"lost\": %" PRIu64
                ", \"damaged_blocks\": %" PRIu64 ", \"closed_blocks\": %" PRIu64 ", \"generation\": %" PRIu64
                ", \"bounded\": %s, \"sums\": {",
                replay->questions, replay->passed_over, replay->lost, replay->damaged_blocks, replay->closed_blocks,
                blockdb_generation(plan->now.db), tally_is_full(replay->tally) ? "true" : "false");
    for (int change = 0; change < TALLY_CHANGE_COUNT; change++) {
        const struct tally_sum sum = tally_sum(replay->tally, (enum tally_change)change);
        text_printf(out, "%s\"%s\": {\"look_ups\": %" PRIu64 ", \"names\": %" PRIu32 ", \"clients\": %" PRIu32 "}",
                    change == 0 ? "" : ", ", change_keys[change], sum.questions, sum.names, sum.clients);
    }
    text_printf(out, "}, \"changes\": [");
    for (size_t i = 0; i < count; i++) {
        text_printf(out, i == 0 ? "" : ",");
        add_cell_json(plan, i, &cells[i], out);
    }
    text_printf(out, "]}");
}

/* ---- the line for those who approve ---- */

#define GROUPS_MAX 6 /* told of each change */

/* "(pupils-wifi 300, guests 12)" */
static void add_groups(const struct plan *plan, enum tally_change change, struct text *out)
{
    size_t count;
    const struct tally_cell *cells = tally_cells(plan->replay.tally, &count);
    unsigned told = 0;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].change != change || told++ >= GROUPS_MAX)
            continue;
        text_printf(out, "%s%s %" PRIu64, told == 1 ? " (" : ", ",
                    policy_group_name(plan->now.policy, cells[i].group_before), cells[i].questions);
    }
    if (told > GROUPS_MAX)
        text_printf(out, ", and others");
    text_printf(out, told == 0 ? "" : ")");
}

void plan_summary(const struct plan *plan, struct text *out)
{
    char from[LOG_TIME_MAX], until[LOG_TIME_MAX];
    for (int change = 0; change < TALLY_CHANGE_COUNT; change++) {
        const struct tally_sum sum = tally_sum(plan->replay.tally, (enum tally_change)change);
        if (sum.questions == 0 && change > TALLY_BLOCKED)
            continue;
        text_printf(out, change == 0 ? "" : ", ");
        if (sum.questions == 0)
            text_printf(out, "0");
        else
            add_counts(out, sum.questions, sum.names);
        text_printf(out, " %s", change_words[change]);
        add_groups(plan, (enum tally_change)change, out);
    }
    text_printf(out, "; of %" PRIu64 " look-ups, %s to %s", plan->replay.questions, date_text(plan->opts.from_ns, from),
                date_text(plan->opts.to_ns, until));
}
