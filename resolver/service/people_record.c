#include "service/people_record.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/log.h"
#include "base/outfile.h"

#define HASH_TEXT_LEN (2 * sizeof((struct people_report *)NULL)->hash)

static void hash_to_text(const struct people_report *report, char out[HASH_TEXT_LEN + 1])
{
    for (size_t i = 0; i < sizeof report->hash; i++)
        snprintf(out + 2 * i, 3, "%02x", report->hash[i]);
}

/* ---- what was written down last ---- */

static bool is_kept(const char *path, const char *text)
{
    char kept[HASH_TEXT_LEN + 1] = "";
    FILE *file = fopen(path, "re");
    bool same =
        file != NULL && fread(kept, 1, HASH_TEXT_LEN, file) == HASH_TEXT_LEN && memcmp(kept, text, HASH_TEXT_LEN) == 0;
    if (file != NULL)
        fclose(file);
    return same;
}

static int keep(const char *path, const char *text)
{
    struct outfile file;
    int err = outfile_open(&file, path, 0640);
    if (err < 0)
        return err;
    if (fprintf(file.file, "%s\n", text) < 0) {
        outfile_abort(&file);
        return ERR_NOSPACE;
    }
    return outfile_commit(&file);
}

/* ---- what differs ---- */

struct counts {
    size_t added, gone, moved, rules;
};

static int compare_users(const void *a, const void *b)
{
    return strcasecmp((*(const struct policy_person *const *)a)->user, (*(const struct policy_person *const *)b)->user);
}

/* NULL: no memory. */
static const struct policy_person **sort(const struct policy_opts *policy)
{
    const struct policy_person **sorted = calloc(policy->person_count + 1, sizeof(const struct policy_person *));
    for (size_t i = 0; sorted != NULL && i < policy->person_count; i++)
        sorted[i] = &policy->people[i];
    if (sorted != NULL)
        qsort(sorted, policy->person_count, sizeof(const struct policy_person *), compare_users);
    return sorted;
}

static const char *group_of(const struct policy_opts *policy, const struct policy_person *person)
{
    return person->group < policy->group_count ? policy->groups[person->group].name : "";
}

static const char *level_of(const struct policy_opts *policy, const struct policy_person *person)
{
    return person->level < policy->level_count ? policy->levels[person->level].name : "";
}

static void compare_person(const struct policy_opts *before, const struct policy_person *was,
                           const struct policy_opts *after, const struct policy_person *is, struct counts *out)
{
    out->moved += strcmp(group_of(before, was), group_of(after, is)) != 0 ||
                  strcmp(level_of(before, was), level_of(after, is)) != 0;
    out->rules += was->allow != is->allow || was->block != is->block;
}

static int compare(const struct policy_opts *before, const struct policy_opts *after, struct counts *out)
{
    const struct policy_person **was = sort(before), **is = sort(after);
    size_t i = 0, k = 0;
    bool sorted = was != NULL && is != NULL;
    while (sorted && (i < before->person_count || k < after->person_count)) {
        int order = i == before->person_count ? 1 : k == after->person_count ? -1 : compare_users(&was[i], &is[k]);
        out->gone += order < 0;
        out->added += order > 0;
        if (order == 0)
            compare_person(before, was[i], after, is[k], out);
        i += order <= 0;
        k += order >= 0;
    }
    free(was);
    free(is);
    return sorted ? 0 : ERR_NOMEM;
}

/* ---- the entry ---- */

static int record(const struct config *config, const struct config *old, const char *hash, const struct caller *by,
                  int64_t now_s)
{
    const struct people_report *report = &config->people_report;
    struct text detail = {0};
    struct counts counts = {0};
    uint64_t number;
    text_printf(&detail, "{\"sha256\":\"%s\",\"people\":%zu,\"opening\":%zu,\"closing\":%zu,\"refused\":%zu", hash,
                report->count, report->opening, report->closing, report->refused);
    int err = old == NULL ? 0 : compare(&old->policy, &config->policy, &counts);
    if (old != NULL)
        text_printf(&detail, ",\"added\":%zu,\"gone\":%zu,\"moved\":%zu,\"rules\":%zu", counts.added, counts.gone,
                    counts.moved, counts.rules);
    text_printf(&detail, "}");
    if (err == 0 && !text_ok(&detail))
        err = ERR_NOMEM;
    if (err == 0)
        err = ledger_append(&config->ledger,
                            &(struct entry){.kind = "people.change",
                                            .time_s = now_s,
                                            .by = by->name,
                                            .uid = by->process_uid,
                                            .object = report->path,
                                            .detail = detail.bytes},
                            &number);
    text_done(&detail);
    return err;
}

static void warn(const struct people_report *report)
{
    for (size_t i = 0; i < report->told_count; i++)
        log_warning("%s", report->told[i]);
    if (report->refused > report->told_count)
        log_warning("%zu cells of the people file do not count", report->refused);
}

int people_record_take(const struct config *config, const struct config *old, const struct caller *by, int64_t now_s)
{
    char path[PATH_MAX], hash[HASH_TEXT_LEN + 1];
    const struct people_report *report = &config->people_report;
    if (report->path == NULL)
        return 0;
    warn(report);
    if (snprintf(path, sizeof path, "%s/people", config->policy_dir) >= (int)sizeof path)
        return ERR_LIMIT;
    hash_to_text(report, hash);
    if (is_kept(path, hash))
        return 0;
    int err = record(config, old, hash, by, now_s);
    return err < 0 ? err : keep(path, hash);
}
