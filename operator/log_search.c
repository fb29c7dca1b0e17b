#include "operator/log_search.h"

#include <stdlib.h>

#include "operator/log_line.h"
#include "qlog/blocks.h"

#define TEXT_MAX ((size_t)256 << 20) /* lines of a block: 65,536 of at most some 700 bytes, gaps besides */

/* The lines of one block. */
struct slot {
    struct text lines;
    struct log_names names;
    uint32_t rows;
    size_t *ends; /* of each row's line, when there is a limit; BLOCK_ROWS_MAX */
};

struct search {
    uint64_t limit, printed;
    FILE *to;
    struct slot slots[BLOCKS_SLOTS];
};

static void row_put(struct search *search, struct slot *slot, struct qlog_row *row)
{
    log_names_put(&slot->names, row);
    log_line_add(row, &slot->lines);
    if (row->lost > 0)
        return;
    if (search->limit > 0)
        slot->ends[slot->rows] = slot->lines.len;
    slot->rows++;
}

/* Rows and gaps by time; no more rows than the limit could ever ask for. */
static int lines_make(void *ctx, unsigned number, const struct block_view *view)
{
    struct search *search = ctx;
    struct slot *slot = &search->slots[number];
    struct qlog_row row;
    uint32_t rows = search->limit > 0 && search->limit < view->row_count ? (uint32_t)search->limit : view->row_count;
    uint32_t gap = 0;
    slot->lines.len = 0;
    slot->rows = 0;
    for (uint32_t i = 0; i < rows; i++) {
        for (; gap < view->gap_count && view->gaps[gap].from_ns <= view->time[i]; gap++) {
            blocks_gap(view, gap, &row);
            row_put(search, slot, &row);
        }
        blocks_row(view, i, &row);
        row_put(search, slot, &row);
    }
    for (; rows == view->row_count && gap < view->gap_count; gap++) {
        blocks_gap(view, gap, &row);
        row_put(search, slot, &row);
    }
    return text_ok(&slot->lines) ? 0 : ERR_NOMEM;
}

static int lines_take(void *ctx, unsigned number)
{
    struct search *search = ctx;
    const struct slot *slot = &search->slots[number];
    size_t len = slot->lines.len;
    bool enough = search->limit > 0 && slot->rows >= search->limit - search->printed;
    if (enough)
        len = slot->ends[search->limit - search->printed - 1];
    if (len > 0 && fwrite(slot->lines.bytes, 1, len, search->to) != len)
        return ERR_IO;
    search->printed += slot->rows;
    return enough ? 1 : 0;
}

static int slots_make(struct search *search, const struct log_names *names)
{
    for (unsigned i = 0; i < BLOCKS_SLOTS; i++) {
        struct slot *slot = &search->slots[i];
        slot->names = *names; /* the roster is only read; the room for names is each slot's own */
        slot->lines.max = TEXT_MAX;
        if (search->limit > 0 && (slot->ends = malloc(BLOCK_ROWS_MAX * sizeof *slot->ends)) == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

static void search_free(struct search *search)
{
    for (unsigned i = 0; i < BLOCKS_SLOTS; i++) {
        text_done(&search->slots[i].lines);
        free(search->slots[i].ends);
    }
    free(search);
}

int log_search(const char *dir, const struct log_options *options, const struct log_names *names, FILE *to,
               struct qlog_scan_stats *out)
{
    const struct blocks_opts opts = {.filter = options->filter, .parts = BLOCK_ALL};
    struct blocks *blocks = NULL;
    struct search *search = calloc(1, sizeof *search);
    if (search == NULL)
        return ERR_NOMEM;
    search->limit = options->limit;
    search->to = to;
    int code = slots_make(search, names);
    if (code == 0)
        code = blocks_open(dir, &opts, &blocks);
    if (code == 0)
        code = blocks_run(blocks, &(struct blocks_work){.make = lines_make, .take = lines_take, .ctx = search});
    if (code == 0)
        blocks_stats(blocks, out);
    blocks_close(blocks);
    search_free(search);
    return code;
}
