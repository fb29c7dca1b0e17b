/* Taking parts out of a block: columns into tables and rows. */
#include <stdlib.h>
#include <string.h>

#include "qlog/block.h"
#include "qlog/block_fields.h"
#include "qlog/crowd.h"
#include "qlog/seal.h"

#define NAMES_MAX (2 * BLOCK_ROWS_MAX) /* each row has a name and at most a matched one */

/* ---- columns ---- */

static int room_make(void *array, uint32_t *cap, size_t count, size_t size)
{
    void **at = array;
    if (count < *cap) /* one more than asked for, so that no array is NULL */
        return 0;
    size_t wanted = count + count / 4 + 16;
    void *grown = malloc(wanted * size);
    if (grown == NULL)
        return ERR_NOMEM;
    free(*at);
    *at = grown;
    *cap = (uint32_t)wanted;
    return 0;
}

/* What can't be opened is zero. */
static void column_blank(void *base, const struct column_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        memset((uint8_t *)base + i * shape->stride, 0, shape->width);
}

static int column_get(struct block *block, enum column_id id, void *base, const struct column_shape *shape)
{
    if (!block->present[id])
        return ERR_DAMAGED;
    if (block->is_closed && block->columns[id].header.cipher == COLUMN_SEALED) {
        column_blank(base, shape);
        return 0;
    }
    return column_read(&block->packer, &block->columns[id], block->key, base, shape);
}

struct table {
    void *base;
    size_t stride;
    size_t count;
};

static int fields_get(struct block *block, const struct block_field *fields, size_t field_count,
                      const struct table *table)
{
    for (size_t i = 0; i < field_count; i++) {
        struct column_shape shape = {.width = fields[i].width, .stride = table->stride, .count = table->count};
        int code = column_get(block, fields[i].id, (uint8_t *)table->base + fields[i].offset, &shape);
        if (code < 0)
            return code;
    }
    return 0;
}

/* ---- the tables ---- */

static int gaps_get(struct block *block)
{
    if (room_make(&block->gaps, &block->gaps_cap, block->header.gaps, sizeof *block->gaps) < 0)
        return ERR_NOMEM;
    memset(block->gaps, 0, block->header.gaps * sizeof *block->gaps);
    return fields_get(block, gap_fields, FIELD_COUNT(gap_fields),
                      &(struct table){block->gaps, sizeof *block->gaps, block->header.gaps});
}

static int texts_get(struct block *block)
{
    size_t len = block_count(block, COLUMN_TEXTS);
    uint8_t *bytes = malloc(len + 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    texts_clear(&block->texts);
    int code = column_get(block, COLUMN_TEXTS, bytes, &(struct column_shape){1, 1, len});
    if (code == 0)
        code = texts_parse(&block->texts, bytes, len);
    free(bytes);
    return code;
}

/* Persons who were forgotten are nobody. */
static void persons_open(struct block *block)
{
    const uint8_t *person_key;
    for (uint32_t i = 0; i < block->who_count; i++) {
        struct block_who *who = &block->who[i];
        if (who->slot == 0)
            continue;
        if (day_key_person(block->key, who->slot, &who->user, &person_key)) {
            seal_person(person_key, block->header.seal_nonce, i, who);
            continue;
        }
        memset(who->client, 0, sizeof who->client);
        who->device = 0;
    }
}

static int who_table_get(struct block *block)
{
    if (room_make(&block->who, &block->who_cap, block->who_count, sizeof *block->who) < 0)
        return ERR_NOMEM;
    const struct table table = {block->who, sizeof *block->who, block->who_count};
    memset(block->who, 0, table.count * table.stride);
    int code = fields_get(block, who_fields, FIELD_COUNT(who_fields), &table);
    if (code < 0 || block->key == NULL)
        return code;
    code = fields_get(block, slot_fields, FIELD_COUNT(slot_fields), &table);
    if (code == 0)
        persons_open(block);
    return code;
}

/* Finds where each name starts. */
static int names_index(struct block *block, size_t len)
{
    block->name_count = 0;
    for (size_t pos = 0; pos < len;) {
        int used = name_check(block->names + pos, len - pos);
        if (used < 0 || block->name_count == NAMES_MAX)
            return ERR_DAMAGED;
        block->name_at[block->name_count++] = (uint32_t)pos;
        pos += (size_t)used;
    }
    return 0;
}

static int names_get(struct block *block)
{
    size_t len = block_count(block, COLUMN_NAMES);
    if (room_make(&block->names, &block->names_cap, len, 1) < 0 ||
        room_make(&block->name_at, &block->name_at_cap, len < NAMES_MAX ? len : NAMES_MAX, sizeof *block->name_at) < 0)
        return ERR_NOMEM;
    int code = column_get(block, COLUMN_NAMES, block->names, &(struct column_shape){1, 1, len});
    return code < 0 ? code : names_index(block, len);
}

/* Every name a row may point to is there. */
static int names_check(const struct block *block)
{
    for (uint32_t i = 0; i < block->what_count; i++)
        if (block->what[i].name >= block->name_count || block->what[i].matched > block->name_count)
            return ERR_DAMAGED;
    return 0;
}

/* The fields of one part after the other: the table is made with the first. */
static int what_fields_get(struct block *block, const struct block_field *fields, size_t field_count)
{
    struct table table = {NULL, sizeof *block->what, block->what_count};
    if (room_make(&block->what, &block->what_cap, table.count, table.stride) < 0)
        return ERR_NOMEM;
    if ((block->parts & BLOCK_WHAT_TABLE) == 0)
        memset(block->what, 0, table.count * table.stride);
    table.base = block->what;
    return fields_get(block, fields, field_count, &table);
}

static int what_names_get(struct block *block)
{
    int code = what_fields_get(block, name_fields, FIELD_COUNT(name_fields));
    if (code == 0)
        code = names_get(block);
    return code == 0 ? names_check(block) : code;
}

static int what_verdict_get(struct block *block)
{
    return what_fields_get(block, verdict_fields, FIELD_COUNT(verdict_fields));
}

static int what_answer_get(struct block *block)
{
    return what_fields_get(block, answer_fields, FIELD_COUNT(answer_fields));
}

static int path_table_get(struct block *block)
{
    if (room_make(&block->path, &block->path_cap, block->path_count, sizeof *block->path) < 0)
        return ERR_NOMEM;
    return fields_get(block, path_fields, FIELD_COUNT(path_fields),
                      &(struct table){block->path, sizeof *block->path, block->path_count});
}

/* ---- rows ---- */

static int index_get(struct block *block, enum column_id id, uint32_t bound, uint16_t *out)
{
    uint32_t rows = block->header.rows;
    uint16_t highest = 0;
    int code = column_get(block, id, out, &(struct column_shape){2, 2, rows});
    if (code < 0)
        return code;
    for (uint32_t i = 0; i < rows; i++)
        highest = out[i] > highest ? out[i] : highest;
    return rows > 0 && highest >= bound ? ERR_DAMAGED : 0;
}

/* Crowd and rank to the entry; who has no key gets the first of the crowd, of whom nothing else is known. */
static int crowd_resolve(struct block *block, uint16_t *ranks)
{
    struct crowds crowds = {0};
    int code = crowds_init(&crowds, block->who, block->who_count);
    for (uint32_t i = 0; code == 0 && i < block->header.rows; i++) {
        int32_t entry = crowds_entry(&crowds, block->crowd[i], ranks[i]);
        ranks[i] = (uint16_t)entry;
        code = entry < 0 ? ERR_DAMAGED : 0;
    }
    crowds_done(&crowds);
    return code;
}

static int who_get(struct block *block)
{
    uint16_t *who = block->rows.who;
    if (block->header.key_day == 0)
        return index_get(block, COLUMN_WHO, block->who_count, who);
    if (block->crowd == NULL && (block->crowd = malloc(BLOCK_ROWS_MAX * sizeof *block->crowd)) == NULL)
        return ERR_NOMEM;
    int code = index_get(block, COLUMN_CROWD, block->who_count, block->crowd);
    if (code == 0)
        code = index_get(block, COLUMN_WHO, block->who_count, who);
    return code == 0 ? crowd_resolve(block, who) : code;
}

static int what_get(struct block *block)
{
    return index_get(block, COLUMN_WHAT, block->what_count, block->rows.what);
}

static int path_get(struct block *block)
{
    return index_get(block, COLUMN_PATH, block->path_count, block->rows.path);
}

static int port_get(struct block *block)
{
    return column_get(block, COLUMN_PORT, block->rows.port, &(struct column_shape){2, 2, block->header.rows});
}

static int rtt_get(struct block *block)
{
    return column_get(block, COLUMN_RTT, block->rows.rtt, &(struct column_shape){4, 4, block->header.rows});
}

static int time_get(struct block *block)
{
    uint64_t *times = block->rows.time;
    uint64_t time = (uint64_t)block->header.min_ns;
    int code = column_get(block, COLUMN_TIME, times, &(struct column_shape){8, 8, block->header.rows});
    for (uint32_t i = 0; code == 0 && i < block->header.rows; i++)
        times[i] = time += times[i];
    return code;
}

/* ---- what was asked for ---- */

/* Tables before the rows that point into them. */
static const struct {
    enum block_part part;
    int (*get)(struct block *block);
} readers[] = {
    {BLOCK_GAPS, gaps_get},
    {BLOCK_TEXTS, texts_get},
    {BLOCK_WHO_TABLE, who_table_get},
    {BLOCK_NAMES, what_names_get},
    {BLOCK_VERDICT, what_verdict_get},
    {BLOCK_ANSWER, what_answer_get},
    {BLOCK_PATH_TABLE, path_table_get},
    {BLOCK_TIME, time_get},
    {BLOCK_WHO, who_get},
    {BLOCK_WHAT, what_get},
    {BLOCK_PATH, path_get},
    {BLOCK_PORT, port_get},
    {BLOCK_RTT, rtt_get},
};

int block_read(struct block *block, unsigned parts)
{
    if (parts & BLOCK_WHO)
        parts |= BLOCK_WHO_TABLE;
    if (parts & BLOCK_PATH)
        parts |= BLOCK_PATH_TABLE;
    if (block_rows_alloc(&block->rows) < 0)
        return ERR_NOMEM;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        unsigned part = readers[i].part;
        if ((parts & ~block->parts & part) == 0)
            continue;
        int code = readers[i].get(block);
        if (code < 0)
            return code;
        block->parts |= part;
    }
    return 0;
}
