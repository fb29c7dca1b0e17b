#include "ship/batch.h"

#include <inttypes.h>
#include <stdio.h>

#include "belisha/err.h"

uint32_t batch_count(const struct batch *batch)
{
    return batch->block == NULL ? 1 : batch->rows.count + batch->gaps.count;
}

void batch_token_make(struct batch *batch)
{
    static const char *const kinds[SHIP_KINDS] = {"", "", "removed", "damaged"};
    const struct ship_origin *o = &batch->origin;
    int64_t ms = batch->min_ns / 1000000;
    if (batch->block == NULL)
        snprintf(batch->token, sizeof batch->token, "%s/%s:%" PRIu64 ":%s%" PRIu64 "@%" PRId64, o->site, o->node,
                 o->segment, kinds[batch->note.kind], batch->note.number, ms);
    else
        snprintf(batch->token, sizeof batch->token,
                 "%s/%s:%" PRIu64 ":r%" PRIu64 "-%" PRIu64 ":g%" PRIu64 "-%" PRIu64 "@%" PRId64, o->site, o->node,
                 o->segment, batch->rows.number, batch->rows.number + batch->rows.count, batch->gaps.number,
                 batch->gaps.number + batch->gaps.count, ms);
}

void batch_item(const struct batch *batch, uint32_t i, struct ship_item *out)
{
    const struct block *block = batch->block;
    if (block == NULL) {
        *out = batch->note;
    } else if (i < batch->rows.count) {
        uint32_t row = batch->rows.from + i;
        *out = (struct ship_item){.kind = SHIP_ROW,
                                  .time_ns = (int64_t)block->rows.time[row],
                                  .number = batch->rows.number + i,
                                  .rtt_us = block->rows.rtt[row]};
    } else {
        const struct journal_gap *gap = &block->gaps[batch->gaps.from + i - batch->rows.count];
        *out = (struct ship_item){.kind = SHIP_GAP,
                                  .time_ns = gap->from_ns,
                                  .number = batch->gaps.number + i - batch->rows.count,
                                  .lost = gap->lost};
    }
}

bool batch_wants(const struct batch *batch, uint32_t i)
{
    if (batch->block == NULL || i >= batch->rows.count)
        return true;
    return batch->shape->wanted[batch->block->rows.what[batch->rows.from + i]] != 0;
}

void batch_head(const struct batch *batch, const struct pen *pen)
{
    columns_origin(pen, &batch->origin);
}

void batch_write(const struct batch *batch, uint32_t i, const struct pen *pen, const struct text *head)
{
    struct ship_item item;
    batch_item(batch, i, &item);
    columns_begin(pen);
    columns_item(pen, &item);
    text_add(pen->out, head->bytes, head->len);
    if (item.kind == SHIP_ROW) {
        const struct block_rows *rows = &batch->block->rows;
        uint32_t row = batch->rows.from + i;
        shape_put(&batch->shape->who, rows->who[row], pen->out);
        shape_put(&batch->shape->what, rows->what[row], pen->out);
        shape_put(&batch->shape->path, rows->path[row], pen->out);
    } else {
        columns_who(pen, &ship_nobody);
        columns_what(pen, &ship_nothing);
        columns_path(pen, &ship_nowhere);
    }
    columns_end(pen);
}
