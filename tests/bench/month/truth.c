#include "truth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/category.h"
#include "base/err.h"

static const char *const kinds[TRUTH_KINDS] = {"visit", "prefetch", "machine"};

uint8_t truth_story(struct truth *truth, const char *name, const char *about, uint32_t person, uint32_t device,
                    uint8_t category)
{
    truth->stories[truth->story_count] =
        (struct truth_story){.name = name, .about = about, .person = person, .device = device, .category = category};
    return (uint8_t)++truth->story_count;
}

static void time_put(FILE *file, int64_t time_ns)
{
    char text[32];
    time_t at = time_ns / 1000000000;
    struct tm date;
    gmtime_r(&at, &date);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &date);
    fprintf(file, "%s.%03dZ", text, (int)(time_ns / 1000000 % 1000));
}

static const char *user_of(const struct truth *truth, uint32_t person)
{
    return person == NOBODY ? "" : truth->school->people[person].user;
}

static const char *category_text(uint8_t category)
{
    const char *name = category_name(category);
    return name == NULL ? "" : name;
}

static void visit_line(const struct truth *truth, const struct truth_visit *v)
{
    const struct web_site *site = &truth->web->sites[v->site];
    time_put(truth->visits, v->time_ns);
    fprintf(truth->visits, "\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", user_of(truth, v->person),
            v->device == NOBODY ? "" : truth->school->devices[v->device].name, site->domain,
            category_text(site->category), v->blocked ? "blocked" : "allowed", v->help ? "help" : kinds[v->kind],
            v->story == 0 ? "" : truth->stories[v->story - 1].name);
}

static void story_note(struct truth_story *story, const struct truth_visit *visit)
{
    if (story->count == story->cap) {
        story->cap = story->cap * 2 + 64;
        story->visits = realloc(story->visits, story->cap * sizeof *story->visits);
        if (story->visits == NULL) {
            fputs("month: no memory\n", stderr);
            exit(1);
        }
    }
    story->visits[story->count++] = *visit;
}

void truth_note(struct truth *truth, const struct truth_visit *v)
{
    uint8_t category = truth->web->sites[v->site].category;
    truth->visit_count[v->kind]++;
    truth->help += v->help;
    if (v->kind == TRUTH_VISIT)
        (v->blocked ? truth->blocked : truth->allowed)[category]++;
    if (v->story > 0)
        story_note(&truth->stories[v->story - 1], v);
    if (truth->visits != NULL && (truth->all_visits || v->story > 0 || v->help || v->blocked))
        visit_line(truth, v);
}

/* ---- the file ---- */

static void time_member(FILE *file, const char *name, int64_t time_ns)
{
    fprintf(file, "\"%s\": \"", name);
    time_put(file, time_ns);
    fprintf(file, "\"");
}

static void story_put(const struct truth *truth, const struct truth_story *story, FILE *file)
{
    const struct school *school = truth->school;
    fprintf(file,
            "  {\"name\": \"%s\", \"about\": \"%s\", \"category\": \"%s\",\n   \"user\": \"%s\", \"user_number\": %u, ",
            story->name, story->about, category_text(story->category), user_of(truth, story->person),
            story->person == NOBODY ? 0 : school->people[story->person].number);
    fprintf(file, "\"device\": \"%s\", \"device_number\": %u,\n   \"visits\": [",
            story->device == NOBODY ? "" : school->devices[story->device].name,
            story->device == NOBODY ? 0 : school->devices[story->device].number);
    for (size_t i = 0; i < story->count; i++) {
        const struct truth_visit *v = &story->visits[i];
        fprintf(file, "%s\n    {", i == 0 ? "" : ",");
        time_member(file, "time", v->time_ns);
        fprintf(file, ", \"site\": \"%s\", \"user\": \"%s\", \"blocked\": %s, \"kind\": \"%s\"}",
                truth->web->sites[v->site].domain, user_of(truth, v->person), v->blocked ? "true" : "false",
                v->help ? "help" : kinds[v->kind]);
    }
    fprintf(file, "]}");
}

static void categories_put(const struct truth *truth, FILE *file)
{
    const char *between = "";
    fprintf(file, " \"visits_by_category\": {");
    for (unsigned id = 0; id < 256; id++) {
        if (truth->blocked[id] + truth->allowed[id] == 0)
            continue;
        fprintf(file, "%s\n  \"%s\": {\"blocked\": %" PRIu64 ", \"allowed\": %" PRIu64 "}", between,
                category_text((uint8_t)id), truth->blocked[id], truth->allowed[id]);
        between = ",";
    }
    fprintf(file, "},\n");
}

static void sums_put(const struct truth *truth, FILE *file)
{
    const struct school *s = truth->school;
    fprintf(file, "{\"seed\": %" PRIu64 ", ", truth->seed);
    time_member(file, "from", truth->from_ns);
    fprintf(file, ", ");
    time_member(file, "to", truth->to_ns);
    fprintf(file, ",\n \"pupils\": %u, \"staff\": %u, \"devices\": %u, \"guest_devices\": %u, \"things\": %u,\n",
            s->pupil_count, s->staff_count, s->device_count, s->guest_count, s->thing_count);
    fprintf(file, " \"rows\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"unwritten\": %" PRIu64 ",\n", truth->rows,
            truth->lost, truth->unwritten);
    fprintf(file, " \"gap\": {");
    time_member(file, "from", truth->gap_from_ns);
    fprintf(file, ", ");
    time_member(file, "to", truth->gap_to_ns);
    fprintf(file, "},\n \"restart\": {");
    time_member(file, "from", truth->restart_from_ns);
    fprintf(file, ", ");
    time_member(file, "to", truth->restart_to_ns);
    fprintf(file, "},\n \"generations\": [%" PRIu64 ", %" PRIu64 "], \"policy_versions\": [%u, %u],\n",
            truth->first_generation, truth->last_generation, truth->first_policy, truth->last_policy);
    fprintf(file,
            " \"visits\": %" PRIu64 ", \"prefetches\": %" PRIu64 ", \"machine_visits\": %" PRIu64
            ", \"help_visits\": %" PRIu64 ", \"background_questions\": %" PRIu64 ",\n",
            truth->visit_count[TRUTH_VISIT], truth->visit_count[TRUTH_PREFETCH], truth->visit_count[TRUTH_MACHINE],
            truth->help, truth->pulses);
}

int truth_write(const struct truth *truth, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return err_from_errno(errno);
    sums_put(truth, file);
    categories_put(truth, file);
    fprintf(file, " \"stories\": [\n");
    for (unsigned i = 0; i < truth->story_count; i++) {
        story_put(truth, &truth->stories[i], file);
        fprintf(file, "%s\n", i + 1 < truth->story_count ? "," : "");
    }
    fprintf(file, " ]}\n");
    return fclose(file) == 0 ? 0 : ERR_IO;
}

void truth_done(struct truth *truth)
{
    for (unsigned i = 0; i < truth->story_count; i++)
        free(truth->stories[i].visits);
    if (truth->visits != NULL)
        fclose(truth->visits);
    *truth = (struct truth){0};
}
