#include "qlog/reader.h"

#include <stdlib.h>

#include "qlog/blocks.h"

struct qlog_scan {
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view; /* NULL: none is open */
    uint32_t row, gap;
    bool ended;                   /* the end was reported: the next call looks for what is new */
    struct qlog_scan_stats stats; /* of the rows given out */
};

int qlog_scan_open(const char *dir, const struct qlog_filter *filter, struct qlog_scan **out)
{
    const struct blocks_opts opts = {.filter = *filter, .parts = BLOCK_ALL};
    struct qlog_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL)
        return ERR_NOMEM;
    int code = blocks_open(dir, &opts, &scan->blocks);
    if (code == 0)
        code = blocks_reader_new(scan->blocks, &scan->reader);
    if (code < 0) {
        qlog_scan_close(scan);
        return code;
    }
    *out = scan;
    return 0;
}

static void row_count(struct qlog_scan *scan, const struct qlog_row *row)
{
    struct qlog_scan_stats *stats = &scan->stats;
    uint64_t generation = row->record.generation;
    if (row->lost > 0) {
        stats->lost += row->lost;
        return;
    }
    if (stats->rows == 0 || generation < stats->first_generation)
        stats->first_generation = generation;
    if (stats->rows == 0 || generation > stats->last_generation)
        stats->last_generation = generation;
    stats->rows++;
}

static bool gap_is_next(const struct qlog_scan *scan)
{
    const struct block_view *view = scan->view;
    return scan->gap < view->gap_count &&
           (scan->row == view->row_count || view->gaps[scan->gap].from_ns <= view->time[scan->row]);
}

static bool view_next(struct qlog_scan *scan, struct qlog_row *out)
{
    const struct block_view *view = scan->view;
    if (view == NULL || (scan->row == view->row_count && scan->gap == view->gap_count))
        return false;
    if (gap_is_next(scan))
        blocks_gap(view, scan->gap++, out);
    else
        blocks_row(view, scan->row++, out);
    return true;
}

int qlog_scan_next(struct qlog_scan *scan, struct qlog_row *out)
{
    int code = scan->ended ? blocks_refresh(scan->blocks) : 0;
    if (code < 0)
        return code;
    scan->ended = false;
    while (!view_next(scan, out)) {
        code = blocks_next(scan->reader, &scan->view);
        if (code <= 0) {
            scan->view = NULL;
            scan->ended = code == 0;
            return code;
        }
        scan->row = scan->gap = 0;
    }
    row_count(scan, out);
    return 1;
}

void qlog_scan_stats(const struct qlog_scan *scan, struct qlog_scan_stats *out)
{
    struct qlog_scan_stats stats;
    blocks_stats(scan->blocks, &stats);
    stats.rows = scan->stats.rows;
    stats.lost = scan->stats.lost;
    stats.first_generation = scan->stats.first_generation;
    stats.last_generation = scan->stats.last_generation;
    *out = stats;
}

void qlog_scan_close(struct qlog_scan *scan)
{
    if (scan == NULL)
        return;
    blocks_reader_free(scan->reader);
    blocks_close(scan->blocks);
    free(scan);
}
