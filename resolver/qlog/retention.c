#include "qlog/retention.h"

#include <unistd.h>

#include "qlog/segment.h"

/* Seconds of the newest row; of a file that can't be read, of its name. */
static int64_t newest_s(int dir_fd, const struct segment_file *file)
{
    struct segment *segment;
    if (segment_open(dir_fd, file->file, &segment) < 0)
        return file->first_ms / 1000;
    int64_t last_s = segment->footer.last_ns / 1000000000;
    segment_close(segment);
    return last_s;
}

static int file_remove(int dir_fd, const struct segment_file *file, struct retention_result *result)
{
    if (unlinkat(dir_fd, file->file, 0) < 0 && errno != ENOENT)
        return -errno;
    result->removed++;
    return 0;
}

int retention_apply(int dir_fd, const struct retention_opts *opts, int64_t now_s, struct retention_result *out)
{
    struct retention_result result = {0};
    struct segment_list list;
    uint64_t total = 0;
    int code = segment_list(dir_fd, &list);
    if (code < 0)
        return code;
    for (size_t i = 0; i < list.count; i++)
        total += list.files[i].bytes;
    for (size_t i = 0; i < list.count && code == 0; i++) {
        const struct segment_file *file = &list.files[i];
        bool too_old = opts->keep_s > 0 && newest_s(dir_fd, file) < now_s - opts->keep_s;
        if (too_old || (opts->keep_bytes > 0 && total > opts->keep_bytes)) {
            code = file_remove(dir_fd, file, &result);
            total -= file->bytes;
            continue;
        }
        int64_t first_s = file->first_ms / 1000;
        result.oldest_s = result.kept == 0 || first_s < result.oldest_s ? first_s : result.oldest_s;
        result.kept++;
        result.kept_bytes += file->bytes;
    }
    segment_list_done(&list);
    if (code == 0)
        *out = result;
    return code;
}
