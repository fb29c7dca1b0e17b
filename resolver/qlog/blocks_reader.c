#include <stdlib.h>
#include <string.h>

#include "qlog/blocks_walk.h"

struct blocks_reader {
    struct blocks *blocks;
    struct keyring keys;
    struct block block;
    struct segment_buffer buffer;
    struct blocks_claim claim;
    bool has_claim;
    bool who_judged, what_judged;      /* some of the table are not wanted */
    uint8_t *who_wanted, *what_wanted; /* BLOCK_ROWS_MAX each: by number in the block's table */
    uint32_t *selected;                /* BLOCK_ROWS_MAX: rows that are wanted */
    const char **words;                /* group, feed, upstream of the tables' entries */
    size_t word_cap;
    struct block_view view;
};

int blocks_reader_new(struct blocks *blocks, struct blocks_reader **out)
{
    struct blocks_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return ERR_NOMEM;
    keyring_init(&reader->keys, blocks->dir_fd);
    reader->blocks = blocks;
    reader->block.keys = &reader->keys;
    reader->who_wanted = malloc(BLOCK_ROWS_MAX);
    reader->what_wanted = malloc(BLOCK_ROWS_MAX);
    reader->selected = malloc(BLOCK_ROWS_MAX * sizeof *reader->selected);
    if (reader->who_wanted == NULL || reader->what_wanted == NULL || reader->selected == NULL) {
        blocks_reader_free(reader);
        return ERR_NOMEM;
    }
    *out = reader;
    return 0;
}

static void claim_leave(struct blocks_reader *reader)
{
    if (reader->has_claim && reader->claim.file != NULL)
        blocks_file_leave(reader->blocks, reader->claim.file);
    reader->has_claim = false;
}

void blocks_reader_free(struct blocks_reader *reader)
{
    if (reader == NULL)
        return;
    claim_leave(reader);
    block_done(&reader->block);
    keyring_done(&reader->keys);
    free(reader->buffer.bytes);
    free(reader->who_wanted);
    free(reader->what_wanted);
    free(reader->selected);
    free(reader->words);
    free(reader);
}

/* ---- tables, judged once ---- */

static bool who_is_wanted(const struct blocks_reader *reader, const struct block_who *who)
{
    const struct filter *filter = &reader->blocks->filter;
    struct ipaddr client;
    struct texts_key key = {.kind = TEXTS_GROUP, .version = who->policy, .number = who->group};
    const char *group = filter->wanted.group == NULL ? "" : texts_find(&reader->block.texts, &key);
    memcpy(client.bytes, who->client, sizeof client.bytes);
    const struct filter_who asker = {
        .client = &client, .group = group == NULL ? "" : group, .user = who->user, .device = who->device};
    return filter_wants_who(filter, &asker);
}

static bool who_judge(struct blocks_reader *reader)
{
    const struct block *block = &reader->block;
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < block->who_count; i++)
        wanted += reader->who_wanted[i] = who_is_wanted(reader, &block->who[i]);
    reader->who_judged = wanted < block->who_count;
    return wanted > 0;
}

static bool what_judge(struct blocks_reader *reader, unsigned part)
{
    const struct block *block = &reader->block;
    const struct filter *filter = &reader->blocks->filter;
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < block->what_count; i++) {
        const struct block_what *what = &block->what[i];
        const struct verdict verdict = {.action = what->action, .reason = what->reason, .category = what->category};
        bool is = reader->what_judged ? reader->what_wanted[i] : true;
        if (is && part == BLOCK_VERDICT)
            is = filter_wants_verdict(filter, &verdict);
        else if (is)
            is = filter_wants_name(filter, block_name(block, what->name)) ||
                 (what->matched > 0 && filter_wants_name(filter, block_name(block, what->matched - 1)));
        wanted += reader->what_wanted[i] = is;
    }
    reader->what_judged = wanted < block->what_count;
    return wanted > 0;
}

/* Reads as much of the tables as is needed to know whether a row can be wanted. 1, 0 or negative enum err. */
static int tables_judge(struct blocks_reader *reader)
{
    const unsigned parts = reader->blocks->filter_parts;
    static const unsigned what[] = {BLOCK_VERDICT, BLOCK_NAMES};
    reader->who_judged = reader->what_judged = false;
    int code = block_read(&reader->block, parts & (BLOCK_TEXTS | BLOCK_WHO_TABLE));
    if (code < 0)
        return code;
    if ((parts & BLOCK_WHO_TABLE) && !who_judge(reader))
        return 0;
    for (size_t i = 0; i < 2; i++) {
        if ((parts & what[i]) == 0)
            continue;
        code = block_read(&reader->block, what[i]);
        if (code < 0)
            return code;
        if (!what_judge(reader, what[i]))
            return 0;
    }
    return 1;
}

/* ---- rows ---- */

static bool times_cut(const struct blocks_reader *reader)
{
    const struct qlog_filter *w = &reader->blocks->filter.wanted;
    const struct block_header *h = &reader->block.header;
    return h->min_ns <= reader->claim.after_ns || (w->from_ns != 0 && h->min_ns < w->from_ns) ||
           (w->to_ns != 0 && h->max_ns >= w->to_ns);
}

static bool code_is_wanted(const struct blocks_reader *reader, uint32_t i)
{
    const struct block *block = &reader->block;
    struct ipaddr client;
    memcpy(client.bytes, block->who[block->rows.who[i]].client, sizeof client.bytes);
    return filter_wants_code(&reader->blocks->filter, &client, block_name(block, block->what[block->rows.what[i]].name),
                             (int64_t)block->rows.time[i]);
}

/* Keeps of `count` selected rows those of wanted entries. */
static uint32_t rows_sift(uint32_t *selected, uint32_t count, const uint16_t *index, const uint8_t *wanted)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = selected[k];
        selected[kept] = i;
        kept += wanted[index[i]];
    }
    return kept;
}

static uint32_t rows_sift_times(const struct blocks_reader *reader, uint32_t *selected, uint32_t count)
{
    const struct filter *filter = &reader->blocks->filter;
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count; k++) {
        int64_t time_ns = (int64_t)reader->block.rows.time[selected[k]];
        selected[kept] = selected[k];
        kept += time_ns > reader->claim.after_ns && filter_wants_times(filter, time_ns, time_ns);
    }
    return kept;
}

static uint32_t rows_sift_code(const struct blocks_reader *reader, uint32_t *selected, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count; k++) {
        selected[kept] = selected[k];
        kept += code_is_wanted(reader, selected[k]);
    }
    return kept;
}

static void numbers_squeeze(uint16_t *numbers, const uint32_t *selected, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        numbers[k] = numbers[selected[k]];
}

/* Takes the rows out that are not selected, of the parts that were read. */
static void rows_squeeze(struct block *block, const uint32_t *selected, uint32_t count)
{
    struct block_rows *rows = &block->rows;
    const struct {
        enum block_part part;
        uint16_t *numbers;
    } indices[] = {
        {BLOCK_WHO, rows->who}, {BLOCK_WHAT, rows->what}, {BLOCK_PATH, rows->path}, {BLOCK_PORT, rows->port}};
    for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++)
        if (block->parts & indices[i].part)
            numbers_squeeze(indices[i].numbers, selected, count);
    for (uint32_t k = 0; (block->parts & BLOCK_TIME) && k < count; k++)
        rows->time[k] = rows->time[selected[k]];
    for (uint32_t k = 0; (block->parts & BLOCK_RTT) && k < count; k++)
        rows->rtt[k] = rows->rtt[selected[k]];
}

/* Which rows are wanted, before the rest of them is read. */
static uint32_t rows_select(struct blocks_reader *reader, bool by_time)
{
    const struct block_rows *rows = &reader->block.rows;
    uint32_t count = 0;
    uint32_t *selected = reader->selected;
    for (uint32_t i = (uint32_t)reader->claim.start.rows; i < reader->block.header.rows; i++)
        selected[count++] = i;
    if (reader->who_judged)
        count = rows_sift(selected, count, rows->who, reader->who_wanted);
    if (reader->what_judged)
        count = rows_sift(selected, count, rows->what, reader->what_wanted);
    if (by_time)
        count = rows_sift_times(reader, selected, count);
    return reader->blocks->filter.wanted.code == NULL ? count : rows_sift_code(reader, selected, count);
}

/* Reads the rows that are wanted; how many there are, or negative enum err. */
static int64_t rows_get(struct blocks_reader *reader)
{
    const struct blocks *blocks = reader->blocks;
    struct block *block = &reader->block;
    bool by_time = times_cut(reader);
    bool by_code = blocks->filter.wanted.code != NULL;
    unsigned first = (reader->who_judged ? BLOCK_WHO : 0) | (reader->what_judged ? BLOCK_WHAT : 0) |
                     (by_time ? BLOCK_TIME : 0) | (by_code ? blocks->filter_parts : 0);
    uint32_t count = block->header.rows;
    int code = block_read(block, first);
    reader->view.is_whole = first == 0 && reader->claim.start.rows == 0;
    if (code == 0 && !reader->view.is_whole)
        count = rows_select(reader, by_time);
    if (code == 0 && count > 0)
        code = block_read(block, blocks->parts);
    if (code < 0)
        return code;
    if (count < block->header.rows)
        rows_squeeze(block, reader->selected, count);
    return count;
}

/* Keeps the gaps in the time wanted; they are shown whoever asked. */
static uint32_t gaps_get(struct blocks_reader *reader)
{
    struct block *block = &reader->block;
    uint32_t kept = 0;
    for (uint32_t i = (uint32_t)reader->claim.start.gaps; i < block->header.gaps; i++) {
        const struct journal_gap *gap = &block->gaps[i];
        if (gap->to_ns > reader->claim.after_ns &&
            filter_wants_times(&reader->blocks->filter, gap->from_ns, gap->to_ns))
            block->gaps[kept++] = *gap;
    }
    return kept;
}

/* ---- the words of the tables' entries ---- */

static int words_room(struct blocks_reader *reader)
{
    const struct block *block = &reader->block;
    size_t count = (size_t)block->who_count + block->what_count + block->path_count + 1;
    if (count <= reader->word_cap)
        return 0;
    const char **words = realloc(reader->words, count * 2 * sizeof *words);
    if (words == NULL)
        return ERR_NOMEM;
    reader->words = words;
    reader->word_cap = count * 2;
    return 0;
}

static const char *word_get(struct texts *texts, const struct texts_key *key, uint16_t none)
{
    return key->kind != TEXTS_GROUP && key->number == none ? "" : texts_want(texts, key);
}

static struct texts_key group_key(const struct block_who *who)
{
    return (struct texts_key){TEXTS_GROUP, who->policy, who->group};
}

static struct texts_key feed_key(const struct block_what *what)
{
    return (struct texts_key){TEXTS_FEED, what->generation, what->feed};
}

/* A text found is good until one is put, so there are two rounds: in the first all are put. */
static int words_fill(struct blocks_reader *reader)
{
    struct block *block = &reader->block;
    const char **words = reader->words;
    size_t n = 0;
    bool whole = true;
    for (uint32_t i = 0; (block->parts & BLOCK_WHO_TABLE) && i < block->who_count; i++) {
        struct texts_key key = group_key(&block->who[i]);
        whole &= (words[n++] = word_get(&block->texts, &key, 0)) != NULL;
    }
    for (uint32_t i = 0; (block->parts & BLOCK_VERDICT) && i < block->what_count; i++) {
        struct texts_key key = feed_key(&block->what[i]);
        whole &= (words[n++] = word_get(&block->texts, &key, VERDICT_NO_FEED)) != NULL;
    }
    for (uint32_t i = 0; (block->parts & BLOCK_PATH_TABLE) && i < block->path_count; i++) {
        struct texts_key key = {TEXTS_UPSTREAM, 0, block->path[i].upstream};
        whole &= (words[n++] = word_get(&block->texts, &key, QLOG_NO_UPSTREAM)) != NULL;
    }
    return whole ? 0 : ERR_NOMEM;
}

static int words_get(struct blocks_reader *reader)
{
    struct block *block = &reader->block;
    uint32_t known;
    int code = words_room(reader);
    do {
        known = block->texts.keys.count;
        if (code == 0)
            code = words_fill(reader);
    } while (code == 0 && block->texts.keys.count != known);
    return code;
}

static void words_show(const struct blocks_reader *reader, struct block_view *view)
{
    const struct block *block = &reader->block;
    view->group = reader->words;
    view->feed = view->group + (block->parts & BLOCK_WHO_TABLE ? block->who_count : 0);
    view->upstream = view->feed + (block->parts & BLOCK_VERDICT ? block->what_count : 0);
}

/* ---- the whole ---- */

static void view_fill(struct blocks_reader *reader, uint32_t rows, uint32_t gaps)
{
    const struct block *block = &reader->block;
    const struct blocks_claim *claim = &reader->claim;
    const struct segment *segment = claim->file == NULL ? NULL : claim->file->segment;
    reader->view = (struct block_view){.number = claim->number,
                                       .segment = segment,
                                       .index = claim->index,
                                       .node = segment == NULL ? claim->node : segment->footer.node,
                                       .is_closed = block->is_closed,
                                       .is_whole = reader->view.is_whole || rows == block->header.rows,
                                       .row_count = rows,
                                       .time = (const int64_t *)block->rows.time,
                                       .who_of = block->rows.who,
                                       .what_of = block->rows.what,
                                       .path_of = block->rows.path,
                                       .port = block->rows.port,
                                       .rtt = block->rows.rtt,
                                       .who_count = block->who_count,
                                       .what_count = block->what_count,
                                       .path_count = block->path_count,
                                       .who = block->who,
                                       .what = block->what,
                                       .path = block->path,
                                       .gap_count = gaps,
                                       .gaps = block->gaps,
                                       .block = block};
    words_show(reader, &reader->view);
}

/* Generations of rows that were given out. */
static void generations_count(const struct block_view *view, struct qlog_scan_stats *stats)
{
    for (uint32_t i = 0; i < view->row_count; i++) {
        uint64_t generation = view->what[view->what_of[i]].generation;
        bool first = stats->first_generation == 0 && stats->last_generation == 0;
        if (first || generation < stats->first_generation)
            stats->first_generation = generation;
        if (first || generation > stats->last_generation)
            stats->last_generation = generation;
    }
}

static void view_count(struct blocks_reader *reader)
{
    struct blocks *blocks = reader->blocks;
    const struct block_view *view = &reader->view;
    struct qlog_scan_stats part = {0};
    int64_t newest = INT64_MIN;
    if ((blocks->parts & (BLOCK_VERDICT | BLOCK_WHAT)) == (BLOCK_VERDICT | BLOCK_WHAT))
        generations_count(view, &part);
    if (view->row_count > 0)
        newest = view->block->parts & BLOCK_TIME ? view->time[view->row_count - 1] : view->block->header.max_ns;
    for (uint32_t i = 0; i < view->gap_count; i++)
        part.lost += view->gaps[i].lost;
    pthread_mutex_lock(&blocks->lock);
    struct qlog_scan_stats *stats = &blocks->stats;
    if (part.last_generation > 0 && (stats->rows == 0 || part.first_generation < stats->first_generation))
        stats->first_generation = part.first_generation;
    if (part.last_generation > stats->last_generation)
        stats->last_generation = part.last_generation;
    stats->rows += view->row_count;
    stats->lost += part.lost;
    if (newest > blocks->newest_ns)
        blocks->newest_ns = newest;
    pthread_mutex_unlock(&blocks->lock);
}

static int bytes_get(struct blocks_reader *reader)
{
    const struct blocks_claim *claim = &reader->claim;
    if (claim->file == NULL)
        return 0;
    int code = segment_copy_block(claim->file->segment, claim->index, &reader->buffer);
    return code < 0 ? code : block_open(&reader->block, reader->buffer.bytes, reader->buffer.len);
}

/* 1: the view is filled; 0: nothing is wanted. */
static int block_look(struct blocks_reader *reader)
{
    int code = bytes_get(reader);
    if (code == 0)
        code = block_read(&reader->block, BLOCK_GAPS);
    if (code == 0)
        code = tables_judge(reader);
    int64_t rows = code == 1 && reader->block.header.rows > 0 ? rows_get(reader) : code < 0 ? code : 0;
    if (rows > 0 && (reader->blocks->parts & BLOCK_TEXTS)) {
        code = words_get(reader);
        rows = code < 0 ? code : rows;
    }
    if (rows < 0)
        return (int)rows;
    uint32_t gaps = gaps_get(reader);
    view_fill(reader, (uint32_t)rows, gaps);
    return rows > 0 || gaps > 0;
}

static void trouble_count(struct blocks_reader *reader, bool damaged)
{
    struct blocks *blocks = reader->blocks;
    bool closed = !damaged && reader->block.is_closed && reader->block.header.rows > 0;
    if (!damaged && !closed)
        return;
    pthread_mutex_lock(&blocks->lock);
    blocks->stats.damaged_blocks += damaged;
    blocks->stats.closed_blocks += closed;
    pthread_mutex_unlock(&blocks->lock);
}

int blocks_step(struct blocks_reader *reader, const struct block_view **out, uint64_t *out_number)
{
    claim_leave(reader);
    int code = blocks_claim(reader->blocks, &reader->block, &reader->claim);
    if (code <= 0)
        return code;
    reader->has_claim = true;
    *out_number = reader->claim.number;
    code = block_look(reader);
    if (code == ERR_NOMEM)
        return code;
    trouble_count(reader, code < 0);
    if (code <= 0)
        return 2;
    view_count(reader);
    *out = &reader->view;
    return 1;
}

int blocks_next(struct blocks_reader *reader, const struct block_view **out)
{
    uint64_t number;
    int code;
    while ((code = blocks_step(reader, out, &number)) == 2)
        ;
    return code;
}

/* ---- row by row ---- */

void blocks_row(const struct block_view *view, uint32_t i, struct qlog_row *out)
{
    block_row(view->block, i, &out->record);
    out->node = view->node;
    out->group = view->group[view->who_of[i]];
    out->feed = view->feed[view->what_of[i]];
    out->upstream = view->upstream[view->path_of[i]];
    out->user = out->device = out->called = "";
    out->lost = 0;
}

void blocks_gap(const struct block_view *view, uint32_t i, struct qlog_row *out)
{
    const struct journal_gap *gap = &view->gaps[i];
    *out = (struct qlog_row){.node = view->node,
                             .group = "",
                             .feed = "",
                             .upstream = "",
                             .user = "",
                             .device = "",
                             .called = "",
                             .lost = gap->lost};
    out->record.time_ns = gap->from_ns;
    out->record.qname_len = 1; /* the root, so that a careless reader of the row finds a name */
    out->record.verdict.feed = VERDICT_NO_FEED;
    out->record.upstream = QLOG_NO_UPSTREAM;
}
