/* Segments that become one: checked, copied and compared (qlog/compact.h). Threads: one. */
#ifndef QLOG_COMPACT_RUN_H
#define QLOG_COMPACT_RUN_H

#include "belisha/err.h"
#include "qlog/compact.h"
#include "qlog/segment_list.h"

struct compact_run {
    const struct segment_file *files; /* neighbours */
    size_t count;
    uint32_t day;
    bool is_sealed;
    uint64_t bad_sequence; /* of the one that is not as it was written, when ERR_DAMAGED was returned; 0: the new one */
};

/*
 * Makes the merged segment, and gives it its name. The old ones are still there. *out_bytes: its size. ERR_DAMAGED,
 * ERR_NOENT (retention was quicker, or the day's key is gone), ERR_CANCELED and the errors of segment_begin().
 */
ERR_CHECKED int compact_run_merge(const struct compact_opts *opts, struct compact_run *run, uint64_t *out_bytes);

#endif
