#include "qlog/compact.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "qlog/compact_run.h"
#include "qlog/folder.h"
#include "qlog/hold.h"
#include "qlog/keyring.h"

#define DAY_S INT64_C(86400)

/* What is known of a segment before its blocks are read. */
struct candidate {
    uint32_t day;
    uint64_t rows;
    uint64_t bytes;
    bool is_sealed, is_signed, has_rows;
    char node[QLOG_NODE_MAX];
};

struct compaction {
    const struct compact_opts *opts;
    struct compact_result result;
    struct hold_list holds;
    struct segment_list list, covered;
};

static uint32_t day_of_ms(int64_t time_ms)
{
    return time_ms < 0 ? 0 : (uint32_t)(time_ms / 1000 / DAY_S);
}

/* ---- what was left behind ---- */

static bool is_whole(const struct compaction *c, const struct segment_file *file)
{
    struct segment *segment;
    if (segment_open(c->opts->dir_fd, file->file, &segment) < 0)
        return false;
    bool whole = segment_is_merged(segment);
    segment_close(segment);
    return whole;
}

/* The merged segment has a name, so what it stands for may go; somebody was killed before it did. */
static int covered_remove(struct compaction *c)
{
    size_t at = 0;
    for (size_t i = 0; i < c->covered.count; i++) {
        const struct segment_file *file = &c->covered.files[i];
        while (at < c->list.count && c->list.files[at].sequence < file->sequence)
            at++;
        if (at == c->list.count || hold_list_covers(&c->holds, day_of_ms(file->first_ms), day_of_ms(file->first_ms)) ||
            !is_whole(c, &c->list.files[at]))
            continue;
        if (unlinkat(c->opts->dir_fd, file->file, 0) < 0 && errno != ENOENT)
            return -errno;
    }
    return 0;
}

/* Whoever has the lock owns every file that was to be a merged one. */
static int unfinished_remove(const struct compaction *c)
{
    DIR *dir;
    const struct dirent *entry;
    int code = folder_opendir(c->opts->dir_fd, ".", &dir);
    if (code < 0)
        return code;
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (strncmp(entry->d_name, "merged-", 7) == 0 && len > 4 && strcmp(entry->d_name + len - 4, ".tmp") == 0)
            unlinkat(c->opts->dir_fd, entry->d_name, 0);
    }
    closedir(dir);
    return 0;
}

/* ---- which ---- */

/* false: it is to be left alone. */
static bool candidate_read(struct compaction *c, const struct segment_file *file, struct candidate *out)
{
    struct segment *segment;
    uint32_t day = day_of_ms(file->first_ms);
    if (file->first_sequence != file->sequence || ((int64_t)day + 1) * DAY_S + COMPACT_AFTER_S > c->opts->now_s ||
        segment_open(c->opts->dir_fd, file->file, &segment) < 0)
        return false;
    const struct segment_footer *f = &segment->footer;
    *out = (struct candidate){.day = day,
                              .rows = f->rows,
                              .bytes = file->bytes,
                              .is_sealed = (segment->trailer.flags & SEGMENT_SEALED) != 0,
                              .is_signed = (segment->trailer.flags & SEGMENT_SIGNED) != 0,
                              .has_rows = f->rows > 0};
    memcpy(out->node, f->node, sizeof out->node);
    bool wanted = !segment->footer_damaged && !segment->header_damaged && f->rows < COMPACT_ROWS_SMALL &&
                  day_of_ms(f->last_ns / 1000000) == day && day_of_ms(f->first_ns / 1000000) == day;
    segment_close(segment);
    return wanted && (!out->is_signed || c->opts->key != NULL);
}

static bool goes_with(const struct candidate *run, const struct candidate *next)
{
    return run->day == next->day && run->rows + next->rows <= COMPACT_ROWS_MAX && run->is_signed == next->is_signed &&
           strcmp(run->node, next->node) == 0 &&
           (!run->has_rows || !next->has_rows || run->is_sealed == next->is_sealed);
}

static void candidate_join(struct candidate *run, const struct candidate *next)
{
    run->rows += next->rows;
    run->bytes += next->bytes;
    run->is_sealed |= next->is_sealed;
    run->has_rows |= next->has_rows;
}

/* How many files from `at` on go together; the newest segment of the log never does. */
static size_t run_find(struct compaction *c, size_t at, struct candidate *out)
{
    struct candidate next;
    size_t end = at;
    if (at + 1 >= c->list.count || !candidate_read(c, &c->list.files[at], out))
        return 0;
    for (end = at + 1; end + 1 < c->list.count; end++) {
        if (c->list.files[end].sequence != c->list.files[end - 1].sequence + 1 ||
            !candidate_read(c, &c->list.files[end], &next) || !goes_with(out, &next))
            break;
        candidate_join(out, &next);
    }
    return end - at;
}

/* ---- merging ---- */

static int run_remove(struct compaction *c, const struct compact_run *run)
{
    const struct timespec settle = {.tv_nsec = COMPACT_SETTLE_MS * 1000000L};
    nanosleep(&settle, NULL);
    for (size_t i = 0; i < run->count; i++)
        if (unlinkat(c->opts->dir_fd, run->files[i].file, 0) < 0 && errno != ENOENT)
            return -errno;
    return fsync(c->opts->dir_fd) < 0 ? -errno : 0;
}

static int run_do(struct compaction *c, struct compact_run *run, const struct candidate *all)
{
    uint64_t bytes;
    int code = compact_run_merge(c->opts, run, &bytes);
    if (code == 0) {
        c->result.made++;
        c->result.merged += run->count;
        c->result.rows += all->rows;
        c->result.bytes_before += all->bytes;
        c->result.bytes_after += bytes;
        code = run_remove(c, run);
    } else if (code == ERR_DAMAGED && run->bad_sequence > 0) {
        c->result.damaged++;
        code = 0;
    } else if (code == ERR_NOENT) {
        c->result.closed += run->is_sealed;
        code = 0;
    }
    return code;
}

/* A damaged one parts the run in two; the neighbours on both sides go without it. */
static int run_merge(struct compaction *c, struct compact_run *run, const struct candidate *all)
{
    int code = run_do(c, run, all);
    if (code < 0 || run->bad_sequence == 0)
        return code;
    const uint64_t bad = run->bad_sequence;
    struct compact_run part = {.day = run->day, .is_sealed = run->is_sealed};
    for (size_t i = 0; code == 0 && i <= run->count; i++) {
        if (i < run->count && run->files[i].sequence != bad) {
            part.files = part.count++ == 0 ? &run->files[i] : part.files;
            continue;
        }
        struct candidate some = {.rows = 0};
        struct candidate one;
        for (size_t k = 0; k < part.count; k++)
            if (candidate_read(c, &part.files[k], &one))
                candidate_join(&some, &one);
        code = part.count < 2 ? 0 : run_merge(c, &part, &some);
        part.count = 0;
    }
    return code;
}

static int files_compact(struct compaction *c)
{
    struct candidate all = {.rows = 0};
    int code = 0;
    for (size_t at = 0; code == 0 && at < c->list.count;) {
        size_t count = run_find(c, at, &all);
        struct compact_run run = {
            .files = &c->list.files[at], .count = count, .day = all.day, .is_sealed = all.is_sealed};
        at += count == 0 ? 1 : count;
        if (count < 2)
            continue;
        if (hold_list_covers(&c->holds, all.day, all.day))
            c->result.held++;
        else
            code = run_merge(c, &run, &all);
    }
    return code;
}

static int lock(int dir_fd)
{
    int fd = openat(dir_fd, COMPACT_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int code = errno == EWOULDBLOCK ? ERR_BUSY : -errno;
    close(fd);
    return code;
}

int compact_log(const struct compact_opts *opts, struct compact_result *out)
{
    struct compaction c = {.opts = opts};
    int lock_fd = lock(opts->dir_fd);
    *out = c.result;
    if (lock_fd < 0)
        return lock_fd;
    int code = hold_list_load(opts->dir_fd, &c.holds);
    if (code == 0)
        code = segment_list_all(opts->dir_fd, &c.list, &c.covered);
    if (code == 0)
        code = unfinished_remove(&c);
    if (code == 0)
        code = covered_remove(&c);
    if (code == 0)
        code = files_compact(&c);
    segment_list_done(&c.list);
    segment_list_done(&c.covered);
    hold_list_done(&c.holds);
    close(lock_fd);
    *out = c.result;
    return code;
}
