#include "qlog/retention.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "qlog/folder.h"
#include "qlog/hold.h"
#include "qlog/keyring.h"
#include "qlog/removed.h"
#include "qlog/segment_list.h"
#include "qlog/shipped.h"

#define DAY_S INT64_C(86400)

/* The times that a segment has rows of; of a file that can't be read, what its name says. */
static void times_of(int dir_fd, const struct segment_file *file, int64_t *out_first_s, int64_t *out_last_s)
{
    struct segment *segment;
    *out_first_s = *out_last_s = file->first_ms / 1000;
    if (segment_open(dir_fd, file->file, &segment) < 0)
        return;
    *out_first_s = segment->footer.first_ns / 1000000000;
    *out_last_s = segment->footer.last_ns / 1000000000;
    segment_close(segment);
}

static uint32_t day_of(int64_t time_s)
{
    return time_s < 0 ? 0 : (uint32_t)(time_s / DAY_S);
}

/* Behind one that stays it leaves a hole, over which the chain must be followed. */
static int file_remove(int dir_fd, const struct segment_file *file, struct retention_result *result)
{
    int code = result->kept > 0 ? removed_add(dir_fd, file->file) : 0;
    if (code < 0)
        return code;
    result->has_hole |= result->kept > 0;
    if (unlinkat(dir_fd, file->file, 0) < 0 && errno != ENOENT)
        return -errno;
    result->removed++;
    return 0;
}

static void file_keep(const struct segment_file *file, struct retention_result *result)
{
    int64_t first_s = file->first_ms / 1000;
    result->has_hole |= result->kept > 0 && file->first_sequence != result->last_sequence + 1;
    result->last_sequence = file->sequence;
    result->oldest_s = result->kept == 0 || first_s < result->oldest_s ? first_s : result->oldest_s;
    result->kept++;
    result->kept_bytes += file->bytes;
}

uint64_t retention_free_now(int dir_fd)
{
    struct statvfs room;
    return fstatvfs(dir_fd, &room) < 0 ? INT64_MAX : (uint64_t)room.f_bavail * room.f_frsize;
}

/* What the folder and the disk have too much, and too little, as segments go. */
struct account {
    uint64_t bytes; /* of all segments */
    uint64_t free;
};

static bool segment_goes(const struct retention_opts *opts, const struct account *account, int64_t last_s,
                         int64_t now_s)
{
    if (opts->keep_s > 0 && last_s < now_s - opts->keep_s)
        return true;
    if (opts->keep_bytes > 0 && account->bytes > opts->keep_bytes)
        return true;
    return account->free < opts->keep_free && last_s < now_s - RETENTION_LAST_S;
}

/* Whoever waits for a segment does not wait for room on the disk. */
static bool segment_waits(const struct retention_opts *opts, const struct account *account,
                          const struct shipped *shipped, const struct segment_file *file, int64_t last_s, int64_t now_s)
{
    return account->free >= opts->keep_free && shipped_waits(shipped, file->sequence, last_s, now_s);
}

static int segments_apply(int dir_fd, const struct retention_opts *opts, const struct hold_list *holds,
                          const struct shipped *shipped, int64_t now_s, struct retention_result *result)
{
    struct segment_list list;
    struct account account = {.free = opts->free_now};
    int code = segment_list(dir_fd, &list);
    if (code < 0)
        return code;
    for (size_t i = 0; i < list.count; i++)
        account.bytes += list.files[i].bytes;
    for (size_t i = 0; i < list.count && code == 0; i++) {
        const struct segment_file *file = &list.files[i];
        int64_t first_s = file->first_ms / 1000;
        int64_t last_s = first_s;
        if (opts->keep_s > 0 || opts->keep_free > 0 || holds->count > 0 || shipped->count > 0)
            times_of(dir_fd, file, &first_s, &last_s);
        bool goes = segment_goes(opts, &account, last_s, now_s);
        bool held = goes && hold_list_covers(holds, day_of(first_s), day_of(last_s));
        bool awaited = goes && !held && segment_waits(opts, &account, shipped, file, last_s, now_s);
        result->held += held;
        result->awaited += awaited;
        if (goes && !held && !awaited) {
            code = file_remove(dir_fd, file, result);
            account.bytes -= file->bytes;
            account.free += file->bytes;
        } else {
            file_keep(file, result);
        }
    }
    segment_list_done(&list);
    if (code == 0 && !result->has_hole)
        removed_forget(dir_fd);
    result->missing_bytes = account.free < opts->keep_free ? opts->keep_free - account.free : 0;
    return code;
}

/* Keys of days before the oldest segment open nothing any more. */
static bool key_goes(const struct retention_opts *opts, const struct retention_result *result, uint32_t day,
                     int64_t now_s)
{
    int64_t end_s = ((int64_t)day + 1) * DAY_S;
    if (opts->keys_s > 0 && end_s <= now_s - opts->keys_s)
        return true;
    return result->kept > 0 && opts->keep_s > 0 && day < day_of(result->oldest_s) && end_s <= now_s - opts->keep_s;
}

static int keys_apply(int dir_fd, const struct retention_opts *opts, const struct hold_list *holds, int64_t now_s,
                      struct retention_result *result)
{
    DIR *dir;
    const struct dirent *entry;
    uint32_t day;
    int code = folder_opendir(dir_fd, KEYRING_LINK, &dir);
    if (code < 0)
        return code == ERR_NOENT ? 0 : code;
    while (code == 0 && (entry = readdir(dir)) != NULL) {
        if (!day_key_file_parse(entry->d_name, &day) || !key_goes(opts, result, day, now_s) ||
            hold_list_covers(holds, day, day))
            continue;
        code = day_key_destroy(dirfd(dir), day);
        result->keys_destroyed += code == 0;
        if (code == ERR_NOENT)
            code = 0;
    }
    closedir(dir);
    return code;
}

int retention_apply(int dir_fd, const struct retention_opts *opts, int64_t now_s, struct retention_result *out)
{
    struct retention_result result = {0};
    struct hold_list holds;
    struct shipped shipped = {0};
    int code = hold_list_load(dir_fd, &holds);
    if (code < 0)
        return code;
    code = shipped_load(dir_fd, &shipped);
    if (code == 0)
        code = segments_apply(dir_fd, opts, &holds, &shipped, now_s, &result);
    if (code == 0)
        code = keys_apply(dir_fd, opts, &holds, now_s, &result);
    hold_list_done(&holds);
    shipped_done(&shipped);
    if (code == 0)
        *out = result;
    return code;
}
