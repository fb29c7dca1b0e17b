#include "qlog/blocks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qlog/blocks_walk.h"

/* ---- segments ---- */

static void file_free(struct blocks_file *file)
{
    if (file == NULL)
        return;
    segment_close(file->segment);
    free(file);
}

/* With the lock held. */
static void file_release(struct blocks_file *file)
{
    if (file != NULL && --file->users == 0)
        file_free(file);
}

void blocks_file_leave(struct blocks *blocks, struct blocks_file *file)
{
    pthread_mutex_lock(&blocks->lock);
    file_release(file);
    pthread_mutex_unlock(&blocks->lock);
}

static int file_take(struct blocks *blocks, struct segment *segment)
{
    blocks->file = calloc(1, sizeof *blocks->file);
    if (blocks->file == NULL) {
        segment_close(segment);
        return ERR_NOMEM;
    }
    *blocks->file = (struct blocks_file){.segment = segment, .users = 1};
    blocks->next_block = 0;
    blocks->stats.segments++;
    blocks->stats.damaged_blocks += segment->footer_damaged || segment->header_damaged;
    return 1;
}

/* Opens the next file, or what it was merged into; blocks->start is what of it is known already. */
static int file_open(struct blocks *blocks, struct segment **out)
{
    const uint64_t first = blocks->list.files[blocks->next_file].first_sequence;
    int code = segment_list_open(blocks->dir_fd, &blocks->list, &blocks->next_file, out, &blocks->start);
    if (code < 0 || first > blocks->after_sequence)
        return code;
    code = segment_start_after(*out, blocks->after_sequence, &blocks->start);
    if (code < 0)
        segment_close(*out);
    return code;
}

/* 1: a segment is open; 0: no more files. */
static int file_begin(struct blocks *blocks)
{
    while (blocks->next_file < blocks->list.count) {
        struct segment *segment;
        int code = file_open(blocks, &segment);
        if (code == ERR_NOMEM)
            return code;
        if (code < 0) {
            blocks->stats.damaged_blocks += code != ERR_NOENT; /* gone: retention was quicker */
            continue;
        }
        if (filter_wants_times(&blocks->filter, segment->footer.first_ns, segment->footer.last_ns))
            return file_take(blocks, segment);
        blocks->stats.skipped++;
        segment_close(segment);
    }
    return 0;
}

static uint64_t start_pass(uint64_t *start, uint32_t count)
{
    uint64_t passed = *start < count ? *start : count;
    *start -= passed;
    return passed;
}

/* 1: the claim is on a block of a segment; 0: no more of them. */
static int segment_claim(struct blocks *blocks, struct blocks_claim *out)
{
    for (;;) {
        int code = blocks->file == NULL ? file_begin(blocks) : 1;
        if (code <= 0)
            return code;
        const struct segment *segment = blocks->file->segment;
        while (blocks->next_block < segment->footer.block_count) {
            const struct segment_block *block = &segment->blocks[blocks->next_block++];
            out->start.rows = start_pass(&blocks->start.rows, block->rows);
            out->start.gaps = start_pass(&blocks->start.gaps, block->gaps);
            if (!filter_wants_times(&blocks->filter, block->min_ns, block->max_ns) ||
                (block->gaps == 0 && !hints_allow(segment, blocks->next_block - 1, &blocks->hints)))
                continue;
            blocks->file->users++;
            out->file = blocks->file;
            out->index = blocks->next_block - 1;
            return 1;
        }
        file_release(blocks->file);
        blocks->file = NULL;
    }
}

/* ---- journals ---- */

static const char *word_find(void *ctx, const struct texts_key *key)
{
    return texts_find(ctx, key);
}

static int item_put(struct blocks *blocks, const struct journal_item *item)
{
    const struct block_words words = {.find = word_find, .ctx = &blocks->words};
    struct journal_gap gap;
    if (item->kind != JOURNAL_GAP || item->len < sizeof gap)
        return block_add_rows(&blocks->builder, &words, item, 1);
    memcpy(&gap, item->body, sizeof gap);
    return block_add_gap(&blocks->builder, &gap);
}

/* Gathers up to a block of rows; a block has one node. */
static int journals_gather(struct blocks *blocks, char node[QLOG_NODE_MAX])
{
    const struct journal_item *item;
    const char *from;
    int code = 0;
    while (code == 0 && block_room(&blocks->builder) > 0 && (item = journals_head(&blocks->journals, &from)) != NULL) {
        bool first = blocks->builder.row_count == 0 && blocks->builder.gap_count == 0;
        if (!first && strcmp(node, from) != 0)
            break;
        memcpy(node, from, QLOG_NODE_MAX);
        code = item_put(blocks, item);
        journals_pass(&blocks->journals);
    }
    return code;
}

static int journals_claim(struct blocks *blocks, struct block *block, struct blocks_claim *out)
{
    if (blocks->segments_only)
        return 0;
    int code = journals_gather(blocks, out->node);
    if (code == 0 && blocks->builder.row_count == 0 && blocks->builder.gap_count == 0)
        return 0;
    if (code == 0)
        code = block_take(block, &blocks->builder);
    if (code < 0) {
        block_builder_clear(&blocks->builder);
        return code;
    }
    out->file = NULL;
    return 1;
}

int blocks_claim(struct blocks *blocks, struct block *block, struct blocks_claim *out)
{
    struct blocks_claim claim = {.index = 0};
    pthread_mutex_lock(&blocks->lock);
    int code = segment_claim(blocks, &claim);
    claim.after_ns = blocks->after_ns;
    if (code == 0) {
        claim.start = (struct segment_start){0};
        code = journals_claim(blocks, block, &claim);
        claim.after_ns = INT64_MIN; /* each of them is read once */
    }
    if (code == 1) {
        claim.number = blocks->next_number++;
        *out = claim;
    }
    pthread_mutex_unlock(&blocks->lock);
    return code;
}

/* ---- the walk ---- */

/* Words for rows in journals; a file that can't be read means numbers instead. */
static int words_load(struct blocks *blocks)
{
    return texts_load(&blocks->words, blocks->dir_fd) == ERR_NOMEM ? ERR_NOMEM : 0;
}

/* Leaves the segments up to this one out of the list. */
static void list_cut(struct segment_list *list, uint64_t after_sequence)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->files[i].sequence > after_sequence)
            list->files[kept++] = list->files[i];
    list->count = kept;
}

static int segments_begin(struct blocks *blocks, uint64_t after_sequence)
{
    struct segment *newest;
    int code = segment_list(blocks->dir_fd, &blocks->list);
    if (code < 0 || blocks->list.count == 0)
        return code;
    struct segment_start start;
    size_t last = blocks->list.count - 1;
    blocks->last_sequence = blocks->list.files[last].sequence;
    if (segment_list_open(blocks->dir_fd, &blocks->list, &last, &newest, &start) == 0) {
        code = journals_skip(&blocks->journals, newest);
        segment_close(newest);
    }
    list_cut(&blocks->list, after_sequence);
    blocks->after_sequence = after_sequence;
    return code;
}

static int walk_begin(struct blocks *blocks, const struct blocks_opts *opts)
{
    int code = filter_init(&blocks->filter, &opts->filter);
    blocks->filter_parts = filter_parts(&blocks->filter);
    hints_query_make(&blocks->hints, &blocks->filter);
    if (code == 0)
        code = journals_find(&blocks->journals, false);
    if (code == 0)
        code = segments_begin(blocks, opts->after_sequence);
    return code == 0 ? words_load(blocks) : code;
}

int blocks_open(const char *dir, const struct blocks_opts *opts, struct blocks **out)
{
    struct blocks *blocks = calloc(1, sizeof *blocks);
    if (blocks == NULL)
        return ERR_NOMEM;
    pthread_mutex_init(&blocks->lock, NULL);
    blocks->parts = opts->parts;
    blocks->segments_only = opts->segments_only;
    blocks->after_ns = blocks->newest_ns = INT64_MIN;
    blocks->dir_fd = blocks->journals.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = blocks->dir_fd < 0 ? -errno : walk_begin(blocks, opts);
    if (code < 0) {
        blocks_close(blocks);
        return code;
    }
    *out = blocks;
    return 0;
}

/* Whether the segment must be shown: it holds rows of a journal that came and went between two looks. */
static int segment_is_late(struct blocks *blocks, const char *file, bool *out_late)
{
    struct segment *segment;
    int code = segment_open(blocks->dir_fd, file, &segment);
    *out_late = false;
    if (code < 0)
        return code == ERR_NOMEM ? code : 0;
    if (blocks->segments_only) {
        *out_late = true;
    } else if (!journals_know(&blocks->journals, segment)) {
        *out_late = true;
        code = journals_skip(&blocks->journals, segment);
    }
    segment_close(segment);
    return code;
}

/* Keeps in the list only the segments made since the last look that must be shown. */
static int segments_refresh(struct blocks *blocks)
{
    struct segment_list list;
    size_t kept = 0;
    int code = segment_list(blocks->dir_fd, &list);
    if (code < 0)
        return code;
    blocks->after_sequence = blocks->last_sequence;
    for (size_t i = 0; i < list.count && code == 0; i++) {
        bool late;
        if (list.files[i].sequence <= blocks->last_sequence)
            continue;
        blocks->last_sequence = list.files[i].sequence;
        code = segment_is_late(blocks, list.files[i].file, &late);
        if (late)
            list.files[kept++] = list.files[i];
    }
    segment_list_done(&blocks->list);
    list.count = kept;
    blocks->list = list;
    blocks->next_file = 0;
    blocks->after_ns = blocks->segments_only ? INT64_MIN : blocks->newest_ns;
    return code;
}

int blocks_refresh(struct blocks *blocks)
{
    int code = journals_find(&blocks->journals, true);
    if (code == 0)
        code = segments_refresh(blocks);
    return code < 0 ? code : words_load(blocks);
}

void blocks_stats(struct blocks *blocks, struct qlog_scan_stats *out)
{
    pthread_mutex_lock(&blocks->lock);
    *out = blocks->stats;
    out->damaged_blocks += blocks->journals.damaged;
    pthread_mutex_unlock(&blocks->lock);
}

void blocks_close(struct blocks *blocks)
{
    if (blocks == NULL)
        return;
    file_free(blocks->file);
    segment_list_done(&blocks->list);
    journals_done(&blocks->journals);
    block_builder_done(&blocks->builder);
    texts_done(&blocks->words);
    if (blocks->dir_fd >= 0)
        close(blocks->dir_fd);
    pthread_mutex_destroy(&blocks->lock);
    free(blocks);
}
