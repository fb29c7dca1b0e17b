#include "qlog/block.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/block_fields.h"
#include "qlog/crowd.h"
#include "qlog/seal.h"

#define NAMES_MAX (2 * BLOCK_ROWS_MAX) /* each row has a name and at most a matched one */

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

/* A fresh zeroed array in place of the one from the block before. */
static void *array_renew(void *old, size_t count, size_t size)
{
    free(old);
    return calloc(count == 0 ? 1 : count, size);
}

static int column_get(struct block *block, enum column_id id, void *base, const struct column_shape *shape)
{
    if (!block->present[id])
        return ERR_DAMAGED;
    if (block->is_closed && block->columns[id].header.cipher == COLUMN_SEALED)
        return 0; /* stays zero */
    return column_read(&block->packer, &block->columns[id], block->key, base, shape);
}

bool block_seals(enum column_id id)
{
    return id == COLUMN_WHO || id == COLUMN_PORT || id == COLUMN_WHO_CLIENT || id == COLUMN_WHO_DEVICE ||
           id == COLUMN_WHO_USER || id == COLUMN_WHO_SLOT;
}

static int fields_get(struct block *block, const struct block_field *fields, size_t field_count, void *table,
                      size_t stride, size_t count)
{
    for (size_t i = 0; i < field_count; i++) {
        struct column_shape shape = {.width = fields[i].width, .stride = stride, .count = count};
        int code = column_get(block, fields[i].id, (uint8_t *)table + fields[i].offset, &shape);
        if (code < 0)
            return code;
    }
    return 0;
}

static uint32_t table_count(const struct block *block, enum column_id id)
{
    return block->present[id] ? block->columns[id].header.count : 0;
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
    size_t len = table_count(block, COLUMN_NAMES);
    block->names = array_renew(block->names, len, 1);
    block->name_at = array_renew(block->name_at, len < NAMES_MAX ? len : NAMES_MAX, sizeof *block->name_at);
    if (block->names == NULL || block->name_at == NULL)
        return ERR_NOMEM;
    int code = column_get(block, COLUMN_NAMES, block->names, &(struct column_shape){1, 1, len});
    return code < 0 ? code : names_index(block, len);
}

static int texts_get(struct block *block)
{
    size_t len = table_count(block, COLUMN_TEXTS);
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

static int slots_get(struct block *block)
{
    if (block->key == NULL)
        return 0;
    int code =
        fields_get(block, slot_fields, FIELD_COUNT(slot_fields), block->who, sizeof *block->who, block->who_count);
    if (code == 0)
        persons_open(block);
    return code;
}

static int who_get(struct block *block)
{
    block->who_count = table_count(block, COLUMN_WHO_CLIENT);
    block->what_count = table_count(block, COLUMN_WHAT_NAME);
    block->path_count = table_count(block, COLUMN_PATH_CACHE);
    if (block->who_count > BLOCK_ROWS_MAX || block->what_count > BLOCK_ROWS_MAX || block->path_count > BLOCK_ROWS_MAX ||
        block->header.gaps != table_count(block, COLUMN_GAP_FROM))
        return ERR_DAMAGED;
    block->who = array_renew(block->who, block->who_count, sizeof *block->who);
    block->gaps = array_renew(block->gaps, block->header.gaps, sizeof *block->gaps);
    if (block->who == NULL || block->gaps == NULL)
        return ERR_NOMEM;
    int code = fields_get(block, who_fields, FIELD_COUNT(who_fields), block->who, sizeof *block->who, block->who_count);
    if (code == 0)
        code = slots_get(block);
    if (code == 0)
        code = fields_get(block, gap_fields, FIELD_COUNT(gap_fields), block->gaps, sizeof *block->gaps,
                          block->header.gaps);
    return code;
}

static int what_get(struct block *block)
{
    block->what = array_renew(block->what, block->what_count, sizeof *block->what);
    block->path = array_renew(block->path, block->path_count, sizeof *block->path);
    if (block->what == NULL || block->path == NULL)
        return ERR_NOMEM;
    int code =
        fields_get(block, what_fields, FIELD_COUNT(what_fields), block->what, sizeof *block->what, block->what_count);
    if (code == 0)
        code = fields_get(block, path_fields, FIELD_COUNT(path_fields), block->path, sizeof *block->path,
                          block->path_count);
    return code;
}

/* Every name a row may point to is there. */
static int what_check(const struct block *block)
{
    for (uint32_t i = 0; i < block->what_count; i++)
        if (block->what[i].name >= block->name_count || block->what[i].matched > block->name_count)
            return ERR_DAMAGED;
    return 0;
}

int block_open(struct block *block, const uint8_t *bytes, size_t len)
{
    int code = block_check(bytes, len, &block->header);
    if (code < 0)
        return code;
    block->key = block->header.key_day == 0 || block->header.key_day > UINT32_MAX
                     ? NULL
                     : keyring_find(block->keys, (uint32_t)(block->header.key_day - 1));
    block->is_closed = block->header.key_day != 0 && block->key == NULL;
    code = columns_parse(block, bytes);
    if (code == 0)
        code = who_get(block);
    if (code == 0)
        code = texts_get(block);
    return code;
}

int block_read_tables(struct block *block)
{
    int code = what_get(block);
    if (code == 0)
        code = names_get(block);
    if (code == 0)
        code = what_check(block);
    return code;
}

/* ---- rows ---- */

static int index_get(struct block *block, enum column_id id, uint32_t bound, uint16_t *out)
{
    uint32_t rows = block->header.rows;
    uint32_t highest = 0;
    int code = column_get(block, id, out, &(struct column_shape){2, 2, rows});
    if (code < 0)
        return code;
    for (uint32_t i = 0; i < rows; i++)
        highest = out[i] > highest ? out[i] : highest;
    return rows > 0 && highest >= bound ? ERR_DAMAGED : 0;
}

/* Crowd and rank to the entry; who has no key gets the first of the crowd, of whom nothing else is known. */
static int crowd_resolve(struct block *block, const uint16_t *crowd, uint16_t *ranks)
{
    struct crowds crowds = {0};
    int code = crowds_init(&crowds, block->who, block->who_count);
    for (uint32_t i = 0; code == 0 && i < block->header.rows; i++) {
        int32_t entry = crowds_entry(&crowds, crowd[i], ranks[i]);
        ranks[i] = (uint16_t)entry;
        code = entry < 0 ? ERR_DAMAGED : 0;
    }
    crowds_done(&crowds);
    return code;
}

static int sealed_who_get(struct block *block, uint16_t *out)
{
    uint16_t *crowd = calloc(block->header.rows + 1u, sizeof *crowd);
    int code = crowd == NULL ? ERR_NOMEM : index_get(block, COLUMN_CROWD, block->who_count, crowd);
    memset(out, 0, block->header.rows * sizeof *out);
    if (code == 0)
        code = index_get(block, COLUMN_WHO, block->who_count, out);
    if (code == 0)
        code = crowd_resolve(block, crowd, out);
    free(crowd);
    return code;
}

int block_read_index(struct block *block, enum column_id id, uint16_t *out)
{
    if (id == COLUMN_WHO && block->header.key_day != 0)
        return sealed_who_get(block, out);
    return index_get(block, id,
                     id == COLUMN_WHO    ? block->who_count
                     : id == COLUMN_WHAT ? block->what_count
                                         : block->path_count,
                     out);
}

static int rows_renew(struct block_rows *rows, size_t count)
{
    rows->time = array_renew(rows->time, count, sizeof *rows->time);
    rows->who = array_renew(rows->who, count, sizeof *rows->who);
    rows->what = array_renew(rows->what, count, sizeof *rows->what);
    rows->path = array_renew(rows->path, count, sizeof *rows->path);
    rows->port = array_renew(rows->port, count, sizeof *rows->port);
    rows->rtt = array_renew(rows->rtt, count, sizeof *rows->rtt);
    bool whole = rows->time && rows->who && rows->what && rows->path && rows->port && rows->rtt;
    return whole ? 0 : ERR_NOMEM;
}

int block_read_rows(struct block *block)
{
    struct block_rows *rows = &block->rows;
    size_t count = block->header.rows;
    uint64_t time = (uint64_t)block->header.min_ns;
    int code = rows_renew(rows, count);
    if (code == 0)
        code = block_read_index(block, COLUMN_WHO, rows->who);
    if (code == 0)
        code = block_read_index(block, COLUMN_WHAT, rows->what);
    if (code == 0)
        code = block_read_index(block, COLUMN_PATH, rows->path);
    if (code == 0)
        code = column_get(block, COLUMN_PORT, rows->port, &(struct column_shape){2, 2, count});
    if (code == 0)
        code = column_get(block, COLUMN_RTT, rows->rtt, &(struct column_shape){4, 4, count});
    if (code == 0)
        code = column_get(block, COLUMN_TIME, rows->time, &(struct column_shape){8, 8, count});
    for (size_t i = 0; code == 0 && i < count; i++)
        rows->time[i] = time += rows->time[i];
    return code;
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
    free(block->rows.time);
    free(block->rows.who);
    free(block->rows.what);
    free(block->rows.path);
    free(block->rows.port);
    free(block->rows.rtt);
    free(block->gaps);
    *block = (struct block){0};
}
