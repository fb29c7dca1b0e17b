/*
 * Journals into a segment, as the rows come: each look puts what is new into the block being built, full blocks go to a
 * segment that has no name yet. Nothing is read twice, and no moment has to do the work of an hour. The journals stay
 * until the segment is whole; if it can't be finished, it begins again from them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qlog/keeper.h"

/* ---- the segment being filled ---- */

static bool is_empty(const struct qlog *log)
{
    return log->segment == NULL && log->builder.row_count == 0 && log->builder.gap_count == 0;
}

static int segment_want(struct qlog *log)
{
    if (log->segment != NULL)
        return 0;
    struct segment_opts opts = {.dir_fd = log->dir_fd,
                                .node = log->node,
                                .sequence = log->chain.sequence + 1,
                                .prev = log->chain.hash,
                                .key = signer_key(&log->signer)};
    signer_show(&log->signer, log->dir_fd);
    return segment_begin(&opts, &log->segment);
}

/* A key that can't be read opens nothing any more; rows can't wait for that to change. */
static int day_key_get(struct qlog *log)
{
    int code = day_key_open(log->keys_fd, log->block_day, DAY_KEY_WRITE, &log->day_key);
    if (code != ERR_DAMAGED && code != ERR_FORMAT_VERSION)
        return code;
    log->damaged++;
    code = day_key_set_aside(log->keys_fd, log->block_day);
    return code < 0 ? code : day_key_open(log->keys_fd, log->block_day, DAY_KEY_WRITE, &log->day_key);
}

/* The key of the block's day. A row is not put where it could be read for ever: without a key it stays in its journal. */
static int key_want(struct qlog *log)
{
    log->builder.key = NULL;
    if (log->keys_fd < 0 || log->builder.row_count == 0)
        return 0;
    if (log->day_key != NULL && day_key_of(log->day_key) != log->block_day) {
        int code = day_key_sync(log->day_key);
        day_key_close(log->day_key);
        log->day_key = NULL;
        if (code < 0)
            return code;
    }
    int code = log->day_key != NULL ? 0 : day_key_get(log);
    if (code == 0)
        log->builder.key = log->day_key;
    return code;
}

static int block_write(struct qlog *log)
{
    int code = segment_want(log);
    if (code == 0)
        code = key_want(log);
    return code < 0 ? code : segment_put_block(log->segment, &log->builder);
}

/* Rows waiting to be looked up together. */
struct batch {
    struct journal_item items[BLOCK_BATCH];
    uint32_t count;
};

static int batch_put(struct qlog *log, struct batch *batch)
{
    const struct block_words words = {.find = words_find, .ctx = log};
    int code = block_add_rows(&log->builder, &words, batch->items, batch->count);
    batch->count = 0;
    return code == 0 && block_room(&log->builder) == 0 ? block_write(log) : code;
}

/* The rows of a sealed block are of one day. */
static int day_turn(struct qlog *log, struct batch *batch, uint32_t day)
{
    int code = batch_put(log, batch);
    if (code == 0 && log->builder.row_count > 0)
        code = block_write(log);
    log->block_day = day;
    return code;
}

static int item_put(struct qlog *log, struct batch *batch, const struct journal_item *item)
{
    struct journal_gap gap;
    uint32_t day = day_key_day(item->time_ns);
    bool first = is_empty(log) && batch->count == 0;
    if (first || (item->kind == JOURNAL_ROW && day > log->segment_day))
        log->segment_day = day;
    if (log->keys_fd >= 0 && day != log->block_day && item->kind != JOURNAL_GAP) {
        int code = day_turn(log, batch, day);
        if (code < 0)
            return code;
    }
    if (item->kind != JOURNAL_GAP || item->len < sizeof gap) {
        batch->items[batch->count++] = *item;
        return batch->count == BLOCK_BATCH || batch->count == block_room(&log->builder) ? batch_put(log, batch) : 0;
    }
    int code = batch_put(log, batch);
    if (code < 0)
        return code;
    memcpy(&gap, item->body, sizeof gap);
    code = block_add_gap(&log->builder, &gap);
    return code == 0 && block_room(&log->builder) == 0 ? block_write(log) : code;
}

/* ---- what is new, journal by journal, in order of time ---- */

struct cursor {
    struct journal *journal;
    struct journal_image image;
    struct journal_item item; /* the next entry, when has_item */
    size_t item_at;           /* its place in the journal */
    bool has_item;
    bool retired; /* as it was before the journal was read: then nothing can follow */
};

#define AHEAD 1024u /* bytes of a journal that are on their way from memory while the ones before them are read */

/* Each place once, however often it is read. */
static void damage_note(struct qlog *log, struct journal *journal, size_t at)
{
    log->damaged += at > journal->damaged_to;
    journal->damaged_to = at > journal->damaged_to ? at : journal->damaged_to;
}

static void cursor_next(struct qlog *log, struct cursor *cursor)
{
    __builtin_prefetch(cursor->image.bytes + cursor->journal->seen + AHEAD);
    __builtin_prefetch(cursor->image.bytes + cursor->journal->seen + AHEAD + 64);
    cursor->item_at = cursor->journal->seen;
    cursor->has_item = journal_next(&cursor->image, &cursor->journal->seen, &cursor->item);
    if (!cursor->has_item || cursor->item.skipped == 0)
        return;
    cursor->item_at += cursor->item.skipped;
    damage_note(log, cursor->journal, cursor->item_at);
}

/* The keeper alone removes journals, so those it has seen stay valid without the lock. */
static size_t journals_list(struct qlog *log, struct cursor **out)
{
    pthread_mutex_lock(&log->lock);
    size_t count = log->journal_count;
    struct cursor *cursors = calloc(count + 1, sizeof *cursors);
    for (size_t i = 0; cursors != NULL && i < count; i++)
        cursors[i].journal = log->journals[i];
    pthread_mutex_unlock(&log->lock);
    *out = cursors;
    return cursors == NULL ? 0 : count;
}

static void cursors_begin(struct qlog *log, struct cursor *cursors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cursors[i].retired = atomic_load_explicit(&cursors[i].journal->retired, memory_order_acquire);
        cursors[i].image = journal_image(cursors[i].journal);
        cursor_next(log, &cursors[i]);
    }
}

/* The cursor with the oldest entry, or NULL; it may be read up to *out_limit before another one is older. */
static struct cursor *cursor_pick(struct cursor *cursors, size_t count, int64_t *out_limit)
{
    struct cursor *oldest = NULL;
    int64_t limit = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        struct cursor *cursor = &cursors[i];
        if (!cursor->has_item)
            continue;
        bool older = oldest == NULL || cursor->item.time_ns < oldest->item.time_ns;
        const struct cursor *other = older ? oldest : cursor;
        if (other != NULL && other->item.time_ns < limit)
            limit = other->item.time_ns;
        if (older)
            oldest = cursor;
    }
    *out_limit = limit;
    return oldest;
}

/* A segment ends with the UTC day, so that it goes with its day, and is merged with those of its day. Rows that are late go
 * with the day that they come on. */
static bool day_ends(const struct qlog *log, const struct batch *batch, const struct journal_item *item)
{
    return item->kind == JOURNAL_ROW && day_key_day(item->time_ns) > log->segment_day &&
           (batch->count > 0 || !is_empty(log));
}

/* Until there is nothing new, bytes_max have been put, or the day is over. */
static int cursors_merge(struct qlog *log, struct cursor *cursors, size_t count, uint64_t bytes_max)
{
    struct batch batch = {.count = 0};
    struct cursor *cursor;
    uint64_t bytes = 0;
    int64_t limit;
    int code = 0;
    log->day_is_over = false;
    while (code == 0 && bytes < bytes_max && !log->day_is_over &&
           (cursor = cursor_pick(cursors, count, &limit)) != NULL)
        do {
            log->day_is_over = day_ends(log, &batch, &cursor->item);
            if (log->day_is_over)
                break;
            bytes += cursor->item.len;
            code = item_put(log, &batch, &cursor->item);
            cursor_next(log, cursor);
        } while (code == 0 && bytes < bytes_max && cursor->has_item && cursor->item.time_ns <= limit);
    return code < 0 ? code : batch_put(log, &batch);
}

/* The entry that was next, but was not put, is the first one of the next look. */
static void cursor_end(struct qlog *log, struct cursor *cursor)
{
    struct journal *journal = cursor->journal;
    if (cursor->has_item)
        journal->seen = cursor->item_at;
    journal->drained = cursor->retired && !cursor->has_item;
    if (journal->drained && journal_is_torn(&cursor->image, journal->seen))
        damage_note(log, journal, journal->seen + 1);
}

void absorb_forget(struct qlog *log)
{
    segment_abort(log->segment);
    log->segment = NULL;
    block_builder_clear(&log->builder);
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++) {
        log->journals[i]->seen = log->journals[i]->absorbed;
        log->journals[i]->drained = false;
    }
    pthread_mutex_unlock(&log->lock);
}

int absorb_look(struct qlog *log, uint64_t bytes_max, uint64_t *out_pending)
{
    struct cursor *cursors;
    size_t count = journals_list(log, &cursors);
    uint64_t pending = 0;
    if (cursors == NULL)
        return ERR_NOMEM;
    cursors_begin(log, cursors, count);
    int code = cursors_merge(log, cursors, count, bytes_max);
    for (size_t i = 0; i < count; i++) {
        cursor_end(log, &cursors[i]);
        pending += cursors[i].journal->seen - cursors[i].journal->absorbed;
    }
    free(cursors);
    if (code < 0) {
        absorb_forget(log);
        return code;
    }
    *out_pending = pending;
    return 0;
}

/* Of a journal from before, only a look can tell where it ends. */
static uint64_t journal_backlog(const struct journal *journal)
{
    size_t used = atomic_load_explicit(&journal->used, memory_order_relaxed);
    size_t end = used == 0 ? journal->bytes : used;
    return journal->drained || end < journal->seen ? 0 : end - journal->seen;
}

uint64_t absorb_backlog(struct qlog *log)
{
    uint64_t bytes = 0;
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++)
        bytes += journal_backlog(log->journals[i]);
    pthread_mutex_unlock(&log->lock);
    return bytes;
}

/* ---- the end of the segment ---- */

static int segment_end(struct qlog *log, const struct cursor *cursors, size_t count)
{
    struct chain chain = {.sequence = log->chain.sequence + 1};
    struct segment_journal *positions = calloc(count + 1, sizeof *positions);
    int code = positions == NULL ? ERR_NOMEM : block_write(log);
    if (code == 0 && log->day_key != NULL)
        code = day_key_sync(log->day_key);
    for (size_t i = 0; code == 0 && i < count; i++)
        positions[i] = (struct segment_journal){cursors[i].journal->id, cursors[i].journal->seen};
    if (code == 0)
        code = segment_finish(log->segment, positions, count, chain.hash);
    free(positions);
    if (code < 0)
        return code;
    segment_abort(log->segment);
    log->segment = NULL;
    log->chain = chain;
    /* The segment itself says the same; the file only matters once retention has removed the segment. */
    qlog_trouble(log, QLOG_PART_CHAIN, chain_save(log->dir_fd, &chain));
    return 0;
}

static void journals_settle(struct qlog *log, const struct cursor *cursors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct journal *journal = cursors[i].journal;
        if (journal->seen > journal->absorbed)
            journal_mark_absorbed(journal, journal->seen);
        if (journal->drained)
            qlog_journal_drop(log, journal);
    }
}

int absorb_end(struct qlog *log)
{
    struct cursor *cursors;
    size_t count = journals_list(log, &cursors);
    int code = 0;
    if (cursors == NULL)
        return ERR_NOMEM;
    if (!is_empty(log))
        code = segment_end(log, cursors, count);
    if (code == 0) {
        journals_settle(log, cursors, count);
        log->pending_since_ms = 0;
    } else {
        absorb_forget(log);
    }
    free(cursors);
    return code;
}

int absorb_finish(struct qlog *log)
{
    uint64_t pending;
    int code;
    do {
        code = absorb_look(log, UINT64_MAX, &pending);
        if (code == 0)
            code = absorb_end(log);
    } while (code == 0 && log->day_is_over);
    return code;
}
