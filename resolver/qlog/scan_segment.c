#include "qlog/scan.h"

#include <string.h>

static bool who_is_wanted(const struct qlog_scan *scan, const struct block_who *who)
{
    struct ipaddr client;
    struct texts_key key = {.kind = TEXTS_GROUP, .version = who->policy, .number = who->group};
    const char *group = scan->filter.wanted.group == NULL ? "" : texts_find(&scan->block.texts, &key);
    memcpy(client.bytes, who->client, sizeof client.bytes);
    const struct filter_who asker = {
        .client = &client, .group = group == NULL ? "" : group, .user = who->user, .device = who->device};
    return filter_wants_who(&scan->filter, &asker);
}

static bool what_is_wanted(const struct qlog_scan *scan, const struct block_what *what)
{
    const struct verdict verdict = {.action = what->action, .reason = what->reason, .category = what->category};
    const uint8_t *matched = what->matched == 0 ? NULL : block_name(&scan->block, what->matched - 1);
    return filter_wants_what(&scan->filter, block_name(&scan->block, what->name), matched, &verdict);
}

static bool who_judge(struct qlog_scan *scan)
{
    const struct block *block = &scan->block;
    bool any = false;
    for (uint32_t i = 0; i < block->who_count; i++)
        any |= scan->who_wanted[i] = who_is_wanted(scan, &block->who[i]);
    return any;
}

static bool what_judge(struct qlog_scan *scan)
{
    const struct block *block = &scan->block;
    bool any = false;
    for (uint32_t i = 0; i < block->what_count; i++)
        any |= scan->what_wanted[i] = what_is_wanted(scan, &block->what[i]);
    return any;
}

/* Reads as much of the block as is needed to know whether a row of it can be wanted; all of it, if so. */
static int block_judge(struct qlog_scan *scan)
{
    int code = 0;
    scan->rows_wanted = who_judge(scan);
    if (scan->rows_wanted)
        code = block_read_tables(&scan->block);
    scan->rows_wanted = code == 0 && scan->rows_wanted && what_judge(scan);
    if (scan->rows_wanted)
        code = block_read_rows(&scan->block);
    return code;
}

/* 1: there is something to read in block i; 0: not. Damage is counted, not an error. */
static int block_begin(struct qlog_scan *scan, uint32_t i)
{
    const uint8_t *bytes;
    size_t len;
    if (!filter_wants_times(&scan->filter, scan->segment->blocks[i].min_ns, scan->segment->blocks[i].max_ns))
        return 0;
    int code = segment_read_block(scan->segment, i, &bytes, &len);
    if (code == 0)
        code = block_open(&scan->block, bytes, len);
    if (code == 0)
        code = block_judge(scan);
    if (code == ERR_NOMEM)
        return code;
    if (code < 0) {
        scan->stats.damaged_blocks++;
        return 0;
    }
    scan->row = scan->gap = 0;
    scan->stats.closed_blocks += scan->block.is_closed && scan->block.header.rows > 0;
    return scan->rows_wanted || scan->block.header.gaps > 0;
}

static bool row_is_wanted(const struct qlog_scan *scan, uint32_t i)
{
    const struct block_rows *rows = &scan->block.rows;
    int64_t time_ns = (int64_t)rows->time[i];
    if (!scan->who_wanted[rows->who[i]] || !scan->what_wanted[rows->what[i]] || time_ns <= scan->after_ns ||
        !filter_wants_times(&scan->filter, time_ns, time_ns))
        return false;
    if (scan->filter.wanted.code == NULL)
        return true;
    struct ipaddr client;
    memcpy(client.bytes, scan->block.who[rows->who[i]].client, sizeof client.bytes);
    const uint8_t *name = block_name(&scan->block, scan->block.what[rows->what[i]].name);
    return filter_wants_code(&scan->filter, &client, name, time_ns);
}

static bool gap_is_next(const struct qlog_scan *scan, uint32_t row_count)
{
    const struct block *block = &scan->block;
    return scan->gap < block->header.gaps &&
           (scan->row == row_count || (uint64_t)block->gaps[scan->gap].from_ns <= block->rows.time[scan->row]);
}

static bool block_next(struct qlog_scan *scan, struct qlog_row *out)
{
    const char *node = scan->segment->footer.node;
    uint32_t row_count = scan->rows_wanted ? scan->block.header.rows : 0;
    while (scan->row < row_count || scan->gap < scan->block.header.gaps) {
        if (gap_is_next(scan, row_count)) {
            const struct journal_gap *gap = &scan->block.gaps[scan->gap++];
            if (gap->to_ns > scan->after_ns && scan_gap(scan, gap, node, out))
                return true;
            continue;
        }
        uint32_t i = scan->row++;
        if (!row_is_wanted(scan, i))
            continue;
        block_row(&scan->block, i, &out->record);
        scan_words(scan, &scan->block.texts, node, out);
        return true;
    }
    return false;
}

/* 1: a segment is open; 0: no more files. */
static int file_begin(struct qlog_scan *scan)
{
    while (scan->next_file < scan->list.count) {
        const struct segment_file *file = &scan->list.files[scan->next_file++];
        int code = segment_open(scan->dir_fd, file->file, &scan->segment);
        if (code == ERR_NOMEM)
            return code;
        if (code < 0) {
            scan->stats.damaged_blocks += code != ERR_NOENT; /* gone: retention was quicker */
            continue;
        }
        scan->next_block = 0;
        if (filter_wants_times(&scan->filter, scan->segment->footer.first_ns, scan->segment->footer.last_ns)) {
            scan->stats.segments++;
            scan->stats.damaged_blocks += scan->segment->footer_damaged;
            return 1;
        }
        scan->stats.skipped++;
        segment_close(scan->segment);
        scan->segment = NULL;
    }
    return 0;
}

/* Moves to the next block or file. 1: a block is open; 0: the end of the segments. */
static int block_advance(struct qlog_scan *scan)
{
    int code = 0;
    while (code == 0) {
        if (scan->segment == NULL) {
            code = file_begin(scan);
            if (code <= 0)
                return code;
            code = 0;
        }
        if (scan->next_block < scan->segment->footer.block_count) {
            code = block_begin(scan, scan->next_block++);
            continue;
        }
        segment_close(scan->segment);
        scan->segment = NULL;
    }
    return code;
}

int scan_segment_next(struct qlog_scan *scan, struct qlog_row *out)
{
    for (;;) {
        if (scan->block_is_open && block_next(scan, out))
            return 1;
        scan->block_is_open = false;
        int code = block_advance(scan);
        if (code <= 0)
            return code;
        scan->block_is_open = true;
    }
}
