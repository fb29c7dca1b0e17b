/* A block that was built, as bytes: its columns, sealed where they name somebody, and the header over them. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/block.h"
#include "qlog/block_fields.h"
#include "qlog/crowd.h"
#include "qlog/seal.h"

struct output {
    struct block_builder *builder;
    struct text *text;
    uint32_t columns;
    int code;
};

static void column_put(struct output *out, enum column_id id, const void *base, const struct column_shape *shape)
{
    if (out->code == 0)
        out->code = column_write(&out->builder->packer, (uint8_t)id, base, shape,
                                 block_seals(id) ? out->builder->key : NULL, out->text);
    out->columns++;
}

static void fields_put(struct output *out, const struct block_field *fields, size_t field_count, const void *table,
                       size_t stride, size_t count)
{
    for (size_t i = 0; i < field_count; i++) {
        struct column_shape shape = {.width = fields[i].width, .stride = stride, .count = count};
        column_put(out, fields[i].id, count == 0 ? table : (const uint8_t *)table + fields[i].offset, &shape);
    }
}

/* Hides the persons of the table, in the table itself. */
static int persons_seal(struct block_builder *b, uint64_t nonce)
{
    const uint8_t *person_key;
    for (uint32_t i = 0; i < b->who_keys.count; i++) {
        struct block_who *who = &b->who[i];
        if (who->user == 0)
            continue;
        int code = day_key_slot(b->key, who->user, &who->slot);
        if (code < 0)
            return code;
        if (day_key_person(b->key, who->slot, &who->user, &person_key))
            seal_person(person_key, nonce, i, who);
        who->user = 0;
    }
    return 0;
}

/* What may be known of a row when nobody is, and then the rest. */
static int crowd_put(struct output *out)
{
    struct block_builder *b = out->builder;
    struct crowds crowds = {0};
    uint16_t *crowd = calloc(b->row_count + 1u, sizeof *crowd);
    int code = crowd == NULL ? ERR_NOMEM : crowds_init(&crowds, b->who, b->who_keys.count);
    for (uint32_t i = 0; code == 0 && i < b->row_count; i++) {
        crowd[i] = crowds.crowd[b->rows.who[i]];
        b->rows.who[i] = crowds.rank[b->rows.who[i]];
    }
    if (code == 0)
        column_put(out, COLUMN_CROWD, crowd, &(struct column_shape){2, 2, b->row_count});
    crowds_done(&crowds);
    free(crowd);
    return code;
}

static void seal_put(struct output *out, uint64_t nonce)
{
    struct block_builder *b = out->builder;
    int code = persons_seal(b, nonce);
    if (code == 0)
        code = crowd_put(out);
    if (code < 0)
        out->code = code;
    fields_put(out, slot_fields, FIELD_COUNT(slot_fields), b->who, sizeof *b->who, b->who_keys.count);
}

static void tables_write(struct output *out)
{
    struct block_builder *b = out->builder;
    struct text texts = {0};
    fields_put(out, who_fields, FIELD_COUNT(who_fields), b->who, sizeof *b->who, b->who_keys.count);
    fields_put(out, name_fields, FIELD_COUNT(name_fields), b->what, sizeof *b->what, b->what_keys.count);
    fields_put(out, answer_fields, FIELD_COUNT(answer_fields), b->what, sizeof *b->what, b->what_keys.count);
    fields_put(out, verdict_fields, FIELD_COUNT(verdict_fields), b->what, sizeof *b->what, b->what_keys.count);
    fields_put(out, path_fields, FIELD_COUNT(path_fields), b->path.bytes, sizeof(struct block_path), b->path.count);
    fields_put(out, gap_fields, FIELD_COUNT(gap_fields), b->gaps, sizeof(struct journal_gap), b->gap_count);
    column_put(out, COLUMN_NAMES, b->names.bytes, &(struct column_shape){1, 1, b->names.bytes_len});
    texts_write(&b->texts, &texts);
    column_put(out, COLUMN_TEXTS, texts.bytes, &(struct column_shape){1, 1, texts.len});
    if (!text_ok(&texts))
        out->code = ERR_NOMEM;
    text_done(&texts);
}

static void times_to_differences(struct block_builder *b)
{
    uint64_t before = (uint64_t)b->min_ns;
    for (uint32_t i = 0; i < b->row_count; i++) {
        uint64_t time = b->rows.time[i];
        b->rows.time[i] = time - before;
        before = time;
    }
}

static void rows_put(struct output *out)
{
    struct block_builder *b = out->builder;
    size_t count = b->row_count;
    times_to_differences(b);
    column_put(out, COLUMN_TIME, b->rows.time, &(struct column_shape){8, 8, count});
    column_put(out, COLUMN_WHO, b->rows.who, &(struct column_shape){2, 2, count});
    column_put(out, COLUMN_WHAT, b->rows.what, &(struct column_shape){2, 2, count});
    column_put(out, COLUMN_PATH, b->rows.path, &(struct column_shape){2, 2, count});
    column_put(out, COLUMN_PORT, b->rows.port, &(struct column_shape){2, 2, count});
    column_put(out, COLUMN_RTT, b->rows.rtt, &(struct column_shape){4, 4, count});
}

int block_finish(struct block_builder *b, const uint8_t prev[QLOG_HASH_LEN], struct text *out)
{
    size_t start = out->len;
    struct output output = {.builder = b, .text = out, .code = block_builder_sort(b)};
    struct block_header header = {
        .magic = BLOCK_MAGIC, .rows = b->row_count, .gaps = b->gap_count, .min_ns = b->min_ns, .max_ns = b->max_ns};
    text_add(out, (const char *)&header, sizeof header);
    if (b->key != NULL && output.code == 0) {
        header.key_day = (uint64_t)day_key_of(b->key) + 1;
        randombytes_buf(&header.seal_nonce, sizeof header.seal_nonce);
        seal_put(&output, header.seal_nonce);
    }
    tables_write(&output);
    rows_put(&output);
    if (output.code < 0)
        return output.code;
    if (!text_ok(out))
        return ERR_NOMEM;
    header.columns = output.columns;
    header.len = (uint32_t)(out->len - start);
    memcpy(header.prev, prev, sizeof header.prev);
    char *block = out->bytes + start;
    const size_t covered = offsetof(struct block_header, check) + sizeof header.check;
    memcpy(block, &header, sizeof header);
    header.check = XXH3_64bits(block + covered, header.len - covered);
    memcpy(block, &header, sizeof header);
    return 0;
}
