#include "qlog/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "qlog/retention.h"
#include "qlog/segment.h"

#define RETENTION_EVERY_MS 60000

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- words: asked for while they are known, that is soon after the row was written ---- */

static void word_learn(struct qlog *log, const struct texts_key *key, const char *word)
{
    char number[8];
    if (word == NULL) {
        snprintf(number, sizeof number, "%u", key->number);
        word = number;
    }
    if (texts_put(&log->words, key, word) == 0)
        log->words_changed = true;
}

/* Most rows have the words of the row before: those cost one comparison. */
static bool word_is_new(struct qlog *log, struct texts_key *last, const struct texts_key *key)
{
    if (last->kind == key->kind && last->version == key->version && last->number == key->number)
        return false;
    *last = *key;
    return texts_find(&log->words, key) == NULL;
}

static void row_look(struct qlog *log, const struct journal_row *row)
{
    const struct qlog_opts *o = &log->opts;
    struct texts_key group = {TEXTS_GROUP, row->policy_version, row->group};
    struct texts_key feed = {TEXTS_FEED, row->generation, row->feed};
    struct texts_key upstream = {TEXTS_UPSTREAM, 0, row->upstream};
    if (word_is_new(log, &log->last_group, &group))
        word_learn(log, &group, o->group_name ? o->group_name(o->ctx, row->policy_version, row->group) : NULL);
    if (row->feed != VERDICT_NO_FEED && word_is_new(log, &log->last_feed, &feed))
        word_learn(log, &feed, o->feed_name ? o->feed_name(o->ctx, row->generation, row->feed) : NULL);
    if (row->upstream != QLOG_NO_UPSTREAM && word_is_new(log, &log->last_upstream, &upstream))
        word_learn(log, &upstream, o->upstream_name ? o->upstream_name(o->ctx, row->upstream) : NULL);
}

static void journal_look(struct qlog *log, struct journal *journal)
{
    struct journal_image image = journal_image(journal);
    struct journal_item item;
    while (journal_next(&image, &journal->seen, &item)) {
        struct journal_row row;
        if (item.kind != JOURNAL_ROW || item.len < sizeof row)
            continue;
        memcpy(&row, item.body, sizeof row);
        row_look(log, &row);
    }
}

/* The keeper alone removes journals, so those it has seen stay valid without the lock. */
static size_t journals_now(struct qlog *log, struct journal ***out)
{
    pthread_mutex_lock(&log->lock);
    size_t count = log->journal_count;
    struct journal **copy = malloc((count + 1) * sizeof(struct journal *));
    if (copy != NULL && count > 0)
        memcpy(copy, log->journals, count * sizeof *copy);
    pthread_mutex_unlock(&log->lock);
    *out = copy;
    return copy == NULL ? 0 : count;
}

uint64_t keeper_look(struct qlog *log)
{
    struct journal **journals;
    size_t count = journals_now(log, &journals);
    uint64_t pending = 0;
    for (size_t i = 0; i < count; i++) {
        journal_look(log, journals[i]);
        pending += journals[i]->seen - journals[i]->absorbed;
    }
    free(journals);
    return pending;
}

/* ---- journals into a segment ---- */

struct harvest_item {
    int64_t time_ns;
    uint32_t order; /* keeps rows of one time as they were written */
    uint32_t len;
    const uint8_t *body;
    uint8_t kind;
};

struct harvest {
    struct journal **journals;
    bool *retired; /* as it was before the journal was read: then nothing can follow */
    struct segment_journal *positions;
    size_t journal_count;
    struct harvest_item *items;
    size_t item_count, item_cap;
};

static int by_time(const void *a, const void *b)
{
    const struct harvest_item *x = a;
    const struct harvest_item *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int item_add(struct harvest *h, const struct journal_item *item)
{
    if (h->item_count == h->item_cap) {
        size_t cap = h->item_cap * 2 + 4096;
        struct harvest_item *items = realloc(h->items, cap * sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        h->items = items;
        h->item_cap = cap;
    }
    h->items[h->item_count] = (struct harvest_item){.time_ns = item->time_ns,
                                                    .order = (uint32_t)h->item_count,
                                                    .len = (uint32_t)item->len,
                                                    .body = item->body,
                                                    .kind = item->kind};
    h->item_count++;
    return 0;
}

static int harvest_journal(struct harvest *h, size_t i)
{
    struct journal *journal = h->journals[i];
    struct journal_image image = journal_image(journal);
    struct journal_item item;
    size_t pos = journal->absorbed;
    h->retired[i] = atomic_load_explicit(&journal->retired, memory_order_acquire);
    while (journal_next(&image, &pos, &item))
        if (item_add(h, &item) < 0)
            return ERR_NOMEM;
    h->positions[i] = (struct segment_journal){.id = journal->id, .absorbed = pos};
    return 0;
}

static int harvest_begin(struct qlog *log, struct harvest *h)
{
    h->journal_count = journals_now(log, &h->journals);
    h->retired = calloc(h->journal_count + 1, sizeof *h->retired);
    h->positions = calloc(h->journal_count + 1, sizeof *h->positions);
    if (h->journals == NULL || h->retired == NULL || h->positions == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < h->journal_count; i++)
        if (harvest_journal(h, i) < 0)
            return ERR_NOMEM;
    if (h->item_count > 1)
        qsort(h->items, h->item_count, sizeof *h->items, by_time);
    return 0;
}

static void harvest_done(struct harvest *h)
{
    free(h->journals);
    free(h->retired);
    free(h->positions);
    free(h->items);
}

static int item_put(struct qlog *log, const struct harvest_item *item)
{
    struct qlog_record record;
    struct journal_gap gap;
    if (item->kind == JOURNAL_GAP && item->len >= sizeof gap) {
        memcpy(&gap, item->body, sizeof gap);
        return block_add_gap(&log->builder, &gap);
    }
    if (record_parse(item->body, item->len, &record) == 0)
        return block_add_record(&log->builder, &log->words, &record);
    /* It passed its check, so it was written like this: our mistake, counted instead of dropped in silence. */
    gap = (struct journal_gap){.from_ns = item->time_ns, .to_ns = item->time_ns, .kind = JOURNAL_GAP, .lost = 1};
    return block_add_gap(&log->builder, &gap);
}

static int segment_fill(struct qlog *log, const struct harvest *h, struct segment_writer *segment)
{
    int code = 0;
    block_builder_clear(&log->builder);
    for (size_t i = 0; i < h->item_count && code == 0; i++) {
        code = item_put(log, &h->items[i]);
        if (code == 0 && block_is_full(&log->builder))
            code = segment_put_block(segment, &log->builder);
    }
    return code < 0 ? code : segment_put_block(segment, &log->builder);
}

static int segment_write(struct qlog *log, const struct harvest *h)
{
    struct segment_opts opts = {
        .dir_fd = log->dir_fd, .node = log->node, .sequence = log->chain.sequence + 1, .prev = log->chain.hash};
    struct segment_writer *segment;
    struct chain chain = {.sequence = opts.sequence};
    int code = segment_begin(&opts, &segment);
    if (code < 0)
        return code;
    code = segment_fill(log, h, segment);
    if (code == 0)
        code = segment_finish(segment, h->positions, h->journal_count, chain.hash);
    segment_abort(segment);
    if (code < 0)
        return code;
    log->chain = chain;
    /* The segment itself says the same; the file only matters once retention has removed the segment. */
    int saved = chain_save(log->dir_fd, &chain);
    if (saved < 0)
        log->last_error = saved;
    return 0;
}

static void journal_drop(struct qlog *log, struct journal *journal)
{
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++) {
        if (log->journals[i] != journal)
            continue;
        log->journals[i] = log->journals[--log->journal_count];
        break;
    }
    pthread_mutex_unlock(&log->lock);
    unlinkat(log->dir_fd, journal->file, 0);
    journal_free(journal);
}

static void journals_settle(struct qlog *log, const struct harvest *h)
{
    for (size_t i = 0; i < h->journal_count; i++) {
        if (h->positions[i].absorbed > h->journals[i]->absorbed)
            journal_mark_absorbed(h->journals[i], h->positions[i].absorbed);
        if (h->journals[i]->seen < h->journals[i]->absorbed)
            h->journals[i]->seen = h->journals[i]->absorbed;
        if (h->retired[i])
            journal_drop(log, h->journals[i]);
    }
}

int keeper_absorb(struct qlog *log)
{
    struct harvest h = {0};
    (void)keeper_look(log); /* words of rows that came since the last look */
    int code = harvest_begin(log, &h);
    if (code == 0 && h.item_count > 0)
        code = segment_write(log, &h);
    if (code == 0) {
        journals_settle(log, &h);
        log->pending_since_ms = 0;
    }
    harvest_done(&h);
    return code;
}

/* ---- the thread ---- */

void keeper_expire(struct qlog *log, int64_t now_s)
{
    struct retention_opts opts = {.keep_s = log->opts.retention_s, .keep_bytes = log->opts.retention_bytes};
    struct retention_result result;
    int code = retention_apply(log->dir_fd, &opts, now_s, &result);
    log->retention_due_ms = mono_ms() + RETENTION_EVERY_MS;
    if (code < 0) {
        log->last_error = code;
        return;
    }
    log->segment_count = result.kept;
    log->segment_bytes = result.kept_bytes;
    log->oldest_s = result.oldest_s;
}

static bool absorb_is_due(struct qlog *log, uint64_t pending_bytes)
{
    int64_t now_ms = mono_ms();
    if (pending_bytes == 0)
        return false;
    if (log->pending_since_ms == 0)
        log->pending_since_ms = now_ms;
    return pending_bytes >= log->opts.segment_bytes || now_ms - log->pending_since_ms >= log->opts.segment_s * 1000;
}

static void words_keep(struct qlog *log)
{
    if (!log->words_changed)
        return;
    int code = texts_save(&log->words, log->dir_fd);
    if (code < 0)
        log->last_error = code;
    log->words_changed = code < 0;
}

/* Waits for the next look, for a flush or for the end. Returns the flush that was wanted. */
static uint64_t keeper_wait(struct qlog *log)
{
    int64_t until_ms = mono_ms() + log->opts.fsync_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int code = 0;
    pthread_mutex_lock(&log->lock);
    while (!log->stopping && log->flush_wanted == log->flush_done && code == 0)
        code = pthread_cond_timedwait(&log->wake, &log->lock, &until);
    uint64_t wanted = log->flush_wanted;
    pthread_mutex_unlock(&log->lock);
    return wanted;
}

/* Returns whether the keeper goes on. */
static bool flush_answer(struct qlog *log, uint64_t wanted, int code)
{
    pthread_mutex_lock(&log->lock);
    log->flush_done = wanted;
    log->flush_code = code;
    pthread_cond_broadcast(&log->flushed);
    bool more = !log->stopping;
    pthread_mutex_unlock(&log->lock);
    return more;
}

static int64_t wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void *keeper_run(void *context)
{
    struct qlog *log = context;
    uint64_t flushed = 0;
    bool more = true;
    while (more) {
        uint64_t wanted = keeper_wait(log);
        int code = 0;
        bool due = absorb_is_due(log, keeper_look(log)) || wanted != flushed;
        words_keep(log);
        if (due)
            code = keeper_absorb(log);
        if (due || mono_ms() >= log->retention_due_ms)
            keeper_expire(log, wall_s());
        if (code < 0)
            log->last_error = code;
        words_keep(log);
        flushed = wanted;
        more = flush_answer(log, wanted, code);
    }
    return NULL;
}
