#include "qlog/block.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- opening ---- */

int block_check(const uint8_t *bytes, size_t len, struct block_header *out)
{
    const size_t covered = offsetof(struct block_header, check) + sizeof out->check;
    struct block_header header;
    if (len < sizeof header)
        return ERR_DAMAGED;
    memcpy(&header, bytes, sizeof header);
    if (header.magic != BLOCK_MAGIC || header.len < sizeof header || header.len > len || header.len > BLOCK_LEN_MAX ||
        header.rows > BLOCK_ROWS_MAX || header.gaps > BLOCK_ROWS_MAX ||
        header.check != XXH3_64bits(bytes + covered, header.len - covered))
        return ERR_DAMAGED;
    *out = header;
    return 0;
}

static int columns_parse(struct block *block, const uint8_t *bytes)
{
    size_t pos = sizeof block->header;
    memset(block->present, 0, sizeof block->present);
    for (uint32_t i = 0; i < block->header.columns; i++) {
        struct column column;
        int64_t used = column_parse(bytes + pos, block->header.len - pos, &column);
        if (used < 0)
            return (int)used;
        pos += (size_t)used;
        if (column.header.id >= COLUMN_ID_MAX)
            continue;
        block->columns[column.header.id] = column;
        block->present[column.header.id] = true;
    }
    return 0;
}

uint32_t block_count(const struct block *block, enum column_id id)
{
    return block->present[id] ? block->columns[id].header.count : 0;
}

int block_open(struct block *block, const uint8_t *bytes, size_t len)
{
    block->parts = 0;
    int code = block_check(bytes, len, &block->header);
    if (code < 0)
        return code;
    block->key = block->header.key_day == 0 || block->header.key_day > UINT32_MAX
                     ? NULL
                     : keyring_find(block->keys, (uint32_t)(block->header.key_day - 1));
    code = columns_parse(block, bytes);
    /* The key may be another one than the rows were sealed with, when that was damaged: then it opens none of the columns. */
    if (code == 0 && block->key != NULL && block->present[COLUMN_WHO_SLOT] &&
        !column_opens(&block->packer, &block->columns[COLUMN_WHO_SLOT], block->key))
        block->key = NULL;
    block->is_closed = block->header.key_day != 0 && block->key == NULL;
    block->who_count = block_count(block, COLUMN_WHO_CLIENT);
    block->what_count = block_count(block, COLUMN_WHAT_NAME);
    block->path_count = block_count(block, COLUMN_PATH_CACHE);
    if (code == 0 && (block->who_count > BLOCK_ROWS_MAX || block->what_count > BLOCK_ROWS_MAX ||
                      block->path_count > BLOCK_ROWS_MAX || block->header.gaps != block_count(block, COLUMN_GAP_FROM)))
        code = ERR_DAMAGED;
    return code;
}

bool block_seals(enum column_id id)
{
    return id == COLUMN_WHO || id == COLUMN_PORT || id == COLUMN_WHO_CLIENT || id == COLUMN_WHO_DEVICE ||
           id == COLUMN_WHO_USER || id == COLUMN_WHO_SLOT;
}

/* ---- rows ---- */

int block_rows_alloc(struct block_rows *rows)
{
    if (rows->time != NULL)
        return 0;
    struct block_rows made = {.time = malloc(BLOCK_ROWS_MAX * sizeof *rows->time),
                              .who = malloc(BLOCK_ROWS_MAX * sizeof *rows->who),
                              .what = malloc(BLOCK_ROWS_MAX * sizeof *rows->what),
                              .path = malloc(BLOCK_ROWS_MAX * sizeof *rows->path),
                              .port = malloc(BLOCK_ROWS_MAX * sizeof *rows->port),
                              .rtt = malloc(BLOCK_ROWS_MAX * sizeof *rows->rtt)};
    if (made.time && made.who && made.what && made.path && made.port && made.rtt) {
        *rows = made;
        return 0;
    }
    block_rows_free(&made);
    return ERR_NOMEM;
}

void block_rows_free(struct block_rows *rows)
{
    free(rows->time);
    free(rows->who);
    free(rows->what);
    free(rows->path);
    free(rows->port);
    free(rows->rtt);
    *rows = (struct block_rows){0};
}

const uint8_t *block_name(const struct block *block, uint32_t number)
{
    return block->names + block->name_at[number];
}

static void what_unpack(const struct block *block, const struct block_what *what, struct qlog_record *out)
{
    const uint8_t *name = block_name(block, what->name);
    out->qname_len = (uint8_t)name_len(name);
    memcpy(out->qname, name, out->qname_len);
    out->matched_len = 0;
    if (what->matched > 0) {
        name = block_name(block, what->matched - 1);
        out->matched_len = (uint8_t)name_len(name);
        memcpy(out->matched, name, out->matched_len);
    }
    out->verdict = (struct verdict){.action = what->action,
                                    .reason = what->reason,
                                    .category = what->category,
                                    .match = what->match,
                                    .match_labels = what->match_labels,
                                    .unattributed = what->unattributed,
                                    .feed = what->feed,
                                    .rule = what->rule,
                                    .categories = what->categories};
    memcpy(out->answer.bytes, what->answer, sizeof what->answer);
    out->answer_count = what->answer_count;
    out->qtype = what->type;
    out->qclass = what->class;
    out->rcode = what->rcode;
    out->generation = what->generation;
}

void block_row(const struct block *block, uint32_t i, struct qlog_record *out)
{
    const struct block_who *who = &block->who[block->rows.who[i]];
    const struct block_path *path = &block->path[block->rows.path[i]];
    out->time_ns = (int64_t)block->rows.time[i];
    memcpy(out->client.bytes, who->client, sizeof who->client);
    out->client_port = block->rows.port[i];
    out->device = who->device;
    out->user = who->user;
    out->policy_version = who->policy;
    out->group = who->group;
    out->grade = who->grade;
    what_unpack(block, &block->what[block->rows.what[i]], out);
    out->transport = path->transport;
    out->cache = path->cache;
    out->upstream = path->upstream;
    out->rtt_us = block->rows.rtt[i];
}

void block_done(struct block *block)
{
    column_packer_done(&block->packer);
    free(block->who);
    free(block->what);
    free(block->path);
    free(block->names);
    free(block->name_at);
    texts_done(&block->texts);
    block_rows_free(&block->rows);
    free(block->gaps);
    free(block->crowd);
    *block = (struct block){0};
}
