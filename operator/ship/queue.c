#include "ship/queue.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define MS_NS     INT64_C(1000000)
#define TRIES_MAX 4 /* a file that is listed may be gone: removed, or merged with others */

int queue_open(struct queue *queue, const char *log_dir, const char *site)
{
    *queue = (struct queue){.site = site, .keys = {.dir_fd = -1}};
    queue->dir_fd = open(log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (queue->dir_fd < 0)
        return err_from_errno(errno);
    keyring_init(&queue->keys, queue->dir_fd);
    queue->block.keys = &queue->keys;
    return 0;
}

static void file_close(struct queue *queue)
{
    segment_close(queue->segment);
    queue->segment = NULL;
}

void queue_close(struct queue *queue)
{
    file_close(queue);
    segment_list_done(&queue->list);
    block_done(&queue->block);
    shape_done(&queue->shape);
    keyring_done(&queue->keys);
    if (queue->dir_fd >= 0)
        close(queue->dir_fd);
    queue->dir_fd = -1;
}

/* ---- notes ---- */

static void origin_set(struct queue *queue, const char *node, uint64_t segment)
{
    struct ship_origin *origin = &queue->batch.origin;
    if (node[0] != '\0')
        memmove(queue->after.node, node, strlen(node) + 1);
    origin->node = queue->after.node[0] == '\0' ? "unknown" : queue->after.node;
    origin->site = queue->site == NULL ? origin->node : queue->site;
    origin->segment = segment;
}

static int note_make(struct queue *queue, uint64_t segment, const struct ship_item *note)
{
    queue->batch = (struct batch){.note = *note, .min_ns = note->time_ns, .max_ns = note->time_ns};
    origin_set(queue, queue->segment == NULL ? "" : queue->segment->footer.node, segment);
    batch_token_make(&queue->batch);
    return 1;
}

static void place_at(struct position *place, uint64_t segment)
{
    place->segment = segment;
    place->rows = place->gaps = 0;
}

/* ---- files ---- */

static int list_renew(struct queue *queue)
{
    struct segment_list list;
    int code = segment_list(queue->dir_fd, &list);
    if (code < 0)
        return code;
    segment_list_done(&queue->list);
    queue->list = list;
    return 0;
}

/* The first file that holds the segment or a later one. NULL: none. */
static const struct segment_file *file_find(const struct queue *queue, uint64_t segment)
{
    for (size_t i = 0; i < queue->list.count; i++)
        if (queue->list.files[i].sequence >= segment)
            return &queue->list.files[i];
    return NULL;
}

/* Keys of people who were first seen since they were read last are in them now. */
static void keys_renew(struct queue *queue)
{
    keyring_done(&queue->keys);
    keyring_init(&queue->keys, queue->dir_fd);
}

/* Of a merged one, what was in segments before the place's has been sent. */
static int file_open(struct queue *queue, const struct segment_file *file)
{
    struct queue_file opened = {.first = file->first_sequence, .last = file->sequence};
    uint64_t segment = queue->after.segment;
    int code = segment_open(queue->dir_fd, file->file, &queue->segment);
    if (code == 0 && segment > opened.first)
        code = segment_start_after(queue->segment, segment - 1, &opened.start);
    if (code < 0) {
        file_close(queue);
        return code;
    }
    queue->file = opened;
    keys_renew(queue);
    return 0;
}

static int note_removed(struct queue *queue, const struct segment_file *next)
{
    struct position *place = &queue->after;
    uint64_t from = place->segment;
    const struct ship_item note = {
        .kind = SHIP_REMOVED, .time_ns = next->first_ms * MS_NS, .lost = next->first_sequence - from};
    place->segments_removed += note.lost;
    place_at(place, next->first_sequence);
    return note_make(queue, from, &note);
}

static int note_unreadable(struct queue *queue, const struct segment_file *file)
{
    const struct ship_item note = {.kind = SHIP_DAMAGED, .time_ns = file->first_ms * MS_NS};
    place_at(&queue->after, file->sequence + 1);
    return note_make(queue, file->sequence, &note);
}

/* The place is behind all that is there: at the end, or it was another log's. */
static int at_the_end(struct queue *queue)
{
    struct position *place = &queue->after;
    if (queue->list.count == 0 || place->segment <= queue->list.files[queue->list.count - 1].sequence + 1)
        return 0;
    place->begun_anew++;
    place_at(place, queue->list.files[0].first_sequence);
    return 2;
}

/* 1: the file that holds the place is open; 0: there is none yet; 2: look again; 3: a note was made. */
static int file_seek(struct queue *queue)
{
    struct position *place = &queue->after;
    if (queue->segment != NULL && place->segment >= queue->file.first && place->segment <= queue->file.last)
        return 1;
    file_close(queue);
    const struct segment_file *file = file_find(queue, place->segment);
    int code = file == NULL || file->first_sequence > place->segment ? list_renew(queue) : 0;
    if (code < 0)
        return code;
    file = file_find(queue, place->segment);
    if (file == NULL)
        return at_the_end(queue);
    if (place->segment == 0)
        place_at(place, file->first_sequence);
    if (file->first_sequence > place->segment)
        return note_removed(queue, file) + 2;
    code = file_open(queue, file);
    if (code == ERR_NOENT) {
        segment_list_done(&queue->list); /* what became of it, a new list will tell */
        return 2;
    }
    if (code == ERR_DAMAGED || code == ERR_TRUNCATED)
        return note_unreadable(queue, file) + 2;
    return code < 0 ? code : 1;
}

/* ---- blocks ---- */

struct spot {
    uint32_t block;
    uint64_t rows, gaps; /* of the block, that have arrived */
};

/* The block that holds the place; false: the file has no more. */
static bool spot_find(const struct queue *queue, struct spot *out)
{
    const struct segment *segment = queue->segment;
    uint64_t rows = queue->file.start.rows + queue->after.rows;
    uint64_t gaps = queue->file.start.gaps + queue->after.gaps;
    for (uint32_t i = 0; i < segment->footer.block_count; i++) {
        const struct segment_block *block = &segment->blocks[i];
        if (block->rows > rows || block->gaps > gaps) {
            *out = (struct spot){.block = i,
                                 .rows = rows < block->rows ? rows : block->rows,
                                 .gaps = gaps < block->gaps ? gaps : block->gaps};
            return true;
        }
        rows -= block->rows;
        gaps -= block->gaps;
    }
    return false;
}

static int block_load(struct queue *queue, uint32_t i)
{
    const uint8_t *bytes;
    size_t len;
    int code = segment_read_block(queue->segment, i, &bytes, &len);
    if (code == 0)
        code = block_open(&queue->block, bytes, len);
    if (code == 0)
        code = block_read(&queue->block, BLOCK_ALL);
    if (code == 0 && (queue->block.header.rows != queue->segment->blocks[i].rows ||
                      queue->block.header.gaps != queue->segment->blocks[i].gaps))
        code = ERR_DAMAGED;
    return code;
}

/* The place moves behind the rows and gaps of the block; behind the file, with its last block. */
static void place_pass(struct queue *queue, const struct spot *spot)
{
    const struct segment_block *block = &queue->segment->blocks[spot->block];
    struct position *place = &queue->after;
    place->rows += block->rows - spot->rows;
    place->gaps += block->gaps - spot->gaps;
    if (spot->block + 1 == queue->segment->footer.block_count && !queue->segment->footer_damaged)
        place_at(place, queue->file.last + 1);
}

static int note_damaged(struct queue *queue, const struct spot *spot)
{
    const struct segment_block *block = &queue->segment->blocks[spot->block];
    uint64_t segment = queue->after.segment;
    const struct ship_item note = {
        .kind = SHIP_DAMAGED, .time_ns = block->min_ns, .number = spot->block + 1, .lost = block->rows - spot->rows};
    queue->after.rows_damaged += note.lost;
    place_pass(queue, spot);
    return note_make(queue, segment, &note);
}

static int block_make(struct queue *queue, const struct spot *spot)
{
    const struct block *block = &queue->block;
    uint64_t segment = queue->after.segment;
    queue->batch =
        (struct batch){.block = block,
                       .shape = &queue->shape,
                       .rows = {queue->after.rows, (uint32_t)spot->rows, block->header.rows - (uint32_t)spot->rows},
                       .gaps = {queue->after.gaps, (uint32_t)spot->gaps, block->header.gaps - (uint32_t)spot->gaps},
                       .min_ns = block->header.min_ns,
                       .max_ns = block->header.max_ns};
    if (block->is_closed)
        queue->after.rows_closed += queue->batch.rows.count;
    if (queue->batch.max_ns > queue->after.newest_ns)
        queue->after.newest_ns = queue->batch.max_ns;
    place_pass(queue, spot);
    origin_set(queue, queue->segment->footer.node, segment);
    batch_token_make(&queue->batch);
    return 1;
}

/* Behind the last block that could be found: what else the file held, nobody knows. */
static int file_end(struct queue *queue)
{
    uint64_t segment = queue->after.segment;
    const struct ship_item note = {.kind = SHIP_DAMAGED, .time_ns = queue->segment->footer.last_ns, .number = 0};
    place_at(&queue->after, queue->file.last + 1);
    return queue->segment->footer_damaged ? note_make(queue, segment, &note) : 0;
}

static int block_next(struct queue *queue)
{
    struct spot spot;
    if (!spot_find(queue, &spot))
        return file_end(queue);
    int code = block_load(queue, spot.block);
    if (code == ERR_DAMAGED || code == ERR_MALFORMED || code == ERR_TRUNCATED)
        return note_damaged(queue, &spot);
    return code < 0 ? code : block_make(queue, &spot);
}

int queue_next(struct queue *queue, const struct position *at)
{
    queue->after = *at;
    for (unsigned tries = 0; tries < TRIES_MAX;) {
        int code = file_seek(queue);
        if (code <= 0)
            return code;
        if (code == 3)
            return 1;
        tries += code == 2;
        if (code == 2)
            continue;
        code = block_next(queue);
        if (code != 0)
            return code;
    }
    return 0;
}

int queue_lag(const char *log_dir, const struct position *at, struct queue_lag *out)
{
    struct queue queue;
    struct queue_lag lag = {0};
    int code = queue_open(&queue, log_dir, NULL);
    if (code == 0)
        code = list_renew(&queue);
    for (size_t i = 0; code == 0 && i < queue.list.count; i++) {
        const struct segment_file *file = &queue.list.files[i];
        if (file->sequence < at->segment)
            continue;
        if (lag.segments++ == 0)
            lag.oldest_ns = file->first_ms * MS_NS;
        lag.bytes += file->bytes;
    }
    queue_close(&queue);
    if (code == 0)
        *out = lag;
    return code;
}
