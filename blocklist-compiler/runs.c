#include "blocklist-compiler/runs.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/outfile.h"

#define SAME_SECOND_MAX 100
#define STAMP_MAX       32

static void stamp_of(int64_t time_s, char out[STAMP_MAX])
{
    struct tm tm;
    time_t at = (time_t)time_s;
    if (gmtime_r(&at, &tm) == NULL || strftime(out, STAMP_MAX, "%Y%m%dT%H%M%SZ", &tm) == 0)
        snprintf(out, STAMP_MAX, "00000000T000000Z");
}

static int make_folder(const char *out, char folder[PATH_MAX])
{
    if (snprintf(folder, PATH_MAX, "%s/runs", out) >= PATH_MAX)
        return ERR_LIMIT;
    if (mkdir(folder, 0755) == 0 || errno == EEXIST)
        return 0;
    return errno == ENOENT ? ERR_NOENT : errno == EACCES || errno == EROFS ? ERR_ACCESS : ERR_IO;
}

static int write_one(const char *folder, const struct report *report)
{
    char path[OUTFILE_PATH_MAX], stamp[STAMP_MAX];
    struct outfile out;
    stamp_of(report->now_s, stamp);
    snprintf(path, sizeof path, "%.3900s/.%s", folder, stamp);
    int err = outfile_open(&out, path, 0644);
    if (err < 0)
        return err;
    err = report_write_record(report, out.file);
    if (err < 0) {
        outfile_abort(&out);
        return err;
    }
    err = ERR_EXIST;
    for (int i = 1; i <= SAME_SECOND_MAX && err == ERR_EXIST; i++) {
        if (i == 1)
            snprintf(path, sizeof path, "%.3900s/%s.json", folder, stamp);
        else
            snprintf(path, sizeof path, "%.3900s/%s-%d.json", folder, stamp, i);
        err = outfile_commit_as(&out, path);
    }
    if (err == ERR_EXIST)
        outfile_abort(&out);
    return err;
}

/* ---- what goes ---- */

static int is_record(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* What a killed run left behind; one that still writes is younger. */
static int is_leftover(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] == '.' && len > 4 && strcmp(entry->d_name + len - 4, ".tmp") == 0;
}

static void drop(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
        unlink(path);
}

static void drop_records(const char *folder, int64_t now_s)
{
    struct dirent **entries = NULL;
    char oldest[STAMP_MAX];
    int count = scandir(folder, &entries, is_record, alphasort); /* names are times: the oldest first */
    stamp_of(now_s - RUNS_AGE_MAX_S, oldest);
    for (int i = 0; i < count; i++) {
        if (count - i > RUNS_MAX || strncmp(entries[i]->d_name, oldest, strlen(oldest)) < 0)
            drop(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static void drop_leftovers(const char *folder, int64_t now_s)
{
    struct dirent **entries = NULL;
    char young[STAMP_MAX];
    int count = scandir(folder, &entries, is_leftover, NULL);
    stamp_of(now_s - 86400, young);
    for (int i = 0; i < count; i++) {
        if (strncmp(entries[i]->d_name + 1, young, strlen(young)) < 0)
            drop(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

int runs_write(const char *out, const struct report *report)
{
    char folder[PATH_MAX];
    int err = make_folder(out, folder);
    if (err == 0)
        err = write_one(folder, report);
    if (err < 0)
        return err;
    drop_records(folder, report->now_s);
    drop_leftovers(folder, report->now_s);
    return 0;
}
