#include "qlog/segment_list.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qlog/folder.h"
#include "qlog/origin.h"

#define LOOKS_MAX 16 /* at a folder that changes all the time */

static int by_sequence(const void *a, const void *b)
{
    const struct segment_file *x = a;
    const struct segment_file *y = b;
    if (x->first_sequence != y->first_sequence)
        return x->first_sequence < y->first_sequence ? -1 : 1;
    return x->sequence < y->sequence ? 1 : -(x->sequence > y->sequence); /* the one that stands for more goes first */
}

static bool name_ends(const char *name, int used)
{
    return used > 0 && strcmp(name + used, ".qlog") == 0;
}

/* "segment-<ms>-<sequence>.qlog" or "segment-<ms>-<first>-<last>.qlog", and nothing else. */
static bool file_parse(const char *name, struct segment_file *out)
{
    int used = 0;
    int used_both = 0;
    if (strlen(name) >= sizeof out->file ||
        sscanf(name, "segment-%" SCNd64 "-%" SCNu64 "%n-%" SCNu64 "%n", &out->first_ms, &out->first_sequence, &used,
               &out->sequence, &used_both) < 2)
        return false;
    if (!name_ends(name, used_both)) {
        if (!name_ends(name, used))
            return false;
        out->sequence = out->first_sequence;
    }
    return out->first_sequence <= out->sequence && strcpy(out->file, name) != NULL;
}

static int list_put(struct segment_list *list, const struct segment_file *file)
{
    struct segment_file *files = realloc(list->files, (list->count + 1) * sizeof *files);
    if (files == NULL)
        return ERR_NOMEM;
    list->files = files;
    list->files[list->count++] = *file;
    return 0;
}

static int file_add(struct segment_list *list, int dir_fd, struct segment_file *file)
{
    struct stat st;
    if (fstatat(dir_fd, file->file, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* retention was quicker */
    file->bytes = (uint64_t)st.st_size;
    return list_put(list, file);
}

static int folder_read(int dir_fd, struct segment_list *list)
{
    DIR *dir;
    const struct dirent *entry;
    int code = folder_opendir(dir_fd, ".", &dir);
    if (code < 0)
        return code;
    while (code == 0 && (entry = readdir(dir)) != NULL) {
        struct segment_file file;
        if (file_parse(entry->d_name, &file))
            code = file_add(list, dir_fd, &file);
    }
    closedir(dir);
    return code;
}

static struct timespec changed(int dir_fd)
{
    struct stat st = {0};
    (void)fstat(dir_fd, &st);
    return st.st_mtim;
}

/*
 * A merged segment may come, and those it stands for go, while the folder is read, so that neither is seen. Between the
 * two passes time (COMPACT_SETTLE_MS): then the folder is younger than it was, and is read once more.
 */
static int folder_list(int dir_fd, struct segment_list *list)
{
    int code = 0;
    bool same = false;
    for (int look = 0; code == 0 && !same && look < LOOKS_MAX; look++) {
        struct timespec before = changed(dir_fd);
        list->count = 0;
        code = folder_read(dir_fd, list);
        struct timespec after = changed(dir_fd);
        same = before.tv_sec == after.tv_sec && before.tv_nsec == after.tv_nsec;
    }
    if (list->count > 1)
        qsort(list->files, list->count, sizeof *list->files, by_sequence);
    return code;
}

int segment_list_all(int dir_fd, struct segment_list *out, struct segment_list *out_covered)
{
    struct segment_list list = {0};
    struct segment_list covered = {0};
    size_t kept = 0;
    int code = folder_list(dir_fd, &list);
    for (size_t i = 0; code == 0 && i < list.count; i++) {
        if (kept > 0 && list.files[i].sequence <= list.files[kept - 1].sequence)
            code = list_put(&covered, &list.files[i]);
        else
            list.files[kept++] = list.files[i];
    }
    list.count = kept;
    if (code < 0) {
        segment_list_done(&list);
        segment_list_done(&covered);
        return code;
    }
    *out = list;
    *out_covered = covered;
    return 0;
}

int segment_list(int dir_fd, struct segment_list *out)
{
    struct segment_list covered;
    int code = segment_list_all(dir_fd, out, &covered);
    if (code == 0)
        segment_list_done(&covered);
    return code;
}

void segment_list_done(struct segment_list *list)
{
    free(list->files);
    *list = (struct segment_list){0};
}

/* ---- opening ---- */

/* The file that stands for this one now. ERR_NOENT. */
static int successor_find(int dir_fd, const struct segment_file *gone, struct segment_file *out)
{
    struct segment_list now;
    int code = segment_list(dir_fd, &now);
    if (code < 0)
        return code;
    code = ERR_NOENT;
    for (size_t i = 0; i < now.count && code == ERR_NOENT; i++) {
        if (now.files[i].first_sequence > gone->first_sequence || now.files[i].sequence < gone->sequence)
            continue;
        *out = now.files[i];
        code = 0;
    }
    segment_list_done(&now);
    return code;
}

int segment_start_after(const struct segment *segment, uint64_t sequence, struct segment_start *out)
{
    struct origins origins;
    struct origin origin;
    *out = (struct segment_start){0};
    if (!segment_is_merged(segment))
        return 0;
    origins_begin(&origins, segment);
    while (origins_next(&origins, &origin) && origin.head.sequence <= sequence) {
        out->rows += origin.rows;
        out->gaps += origin.gaps;
    }
    return origins.damaged ? ERR_DAMAGED : 0;
}

int segment_list_open(int dir_fd, const struct segment_list *list, size_t *at, struct segment **out,
                      struct segment_start *out_start)
{
    struct segment_file successor;
    struct segment_start start = {0};
    struct segment *segment = NULL;
    const struct segment_file *file = &list->files[(*at)++];
    int code = segment_open(dir_fd, file->file, &segment);
    if (code == ERR_NOENT) {
        code = successor_find(dir_fd, file, &successor);
        if (code == 0)
            code = segment_open(dir_fd, successor.file, &segment);
        if (code == 0)
            code = segment_start_after(segment, file->first_sequence - 1, &start);
        while (code == 0 && *at < list->count && list->files[*at].sequence <= successor.sequence)
            (*at)++;
    }
    if (code < 0) {
        segment_close(segment);
        return code;
    }
    *out = segment;
    *out_start = start;
    return 0;
}
