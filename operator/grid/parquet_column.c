#include "grid/parquet_column.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "grid/thrift.h"

#define ZSTD_LEVEL     3
#define STATISTICS_MAX 256 /* bytes of a text that stands in the footer as the least or the greatest */

int parquet_column_init(struct parquet_column *column, const struct grid_column *about)
{
    bool text = about->type == GRID_TEXT;
    *column = (struct parquet_column){.about = about, .last_text = -1};
    column->levels = calloc(PARQUET_GROUP_ROWS / 8, 1);
    if (text)
        column->texts = malloc(PARQUET_GROUP_ROWS * sizeof *column->texts);
    else
        column->numbers = malloc(PARQUET_GROUP_ROWS * sizeof *column->numbers);
    return column->levels != NULL && (column->texts != NULL || column->numbers != NULL) ? 0 : ERR_NOMEM;
}

void parquet_column_done(struct parquet_column *column)
{
    dict_done(&column->dict);
    free(column->numbers);
    free(column->texts);
    free(column->levels);
}

/* Most texts are as in the row before. */
static int64_t text_put(struct parquet_column *column, const struct grid_cell *cell)
{
    size_t len;
    if (column->last_text >= 0) {
        const uint8_t *last = dict_at(&column->dict, (uint32_t)column->last_text, &len);
        if (len == cell->len && memcmp(last, cell->text, len) == 0)
            return column->last_text;
    }
    column->last_text = dict_put(&column->dict, cell->text, cell->len);
    return column->last_text;
}

int parquet_column_add(struct parquet_column *column, const struct grid_cell *cell)
{
    uint32_t row = column->rows++;
    if (!cell->there)
        return 0;
    column->levels[row / 8] |= (uint8_t)(1u << row % 8);
    if (column->about->type == GRID_TEXT) {
        int64_t place = text_put(column, cell);
        if (place < 0)
            return (int)place;
        column->texts[column->values++] = (uint32_t)place;
    } else {
        column->numbers[column->values++] =
            column->about->type == GRID_TIME ? cell->number / 1000 - (cell->number % 1000 < 0) : cell->number;
    }
    return 0;
}

bool parquet_column_is_full(const struct parquet_column *column)
{
    return column->rows == PARQUET_GROUP_ROWS || column->dict.bytes_len >= PARQUET_DICT_BYTES;
}

/* ---- pages ---- */

static void put_u32(struct text *out, uint32_t value)
{
    const char bytes[] = {(char)value, (char)(value >> 8), (char)(value >> 16), (char)(value >> 24)};
    text_add(out, bytes, 4);
}

/* The levels as one run: repeated, or bit-packed in groups of eight. */
static void put_levels(const struct parquet_column *column, struct text *out)
{
    struct text run = {0};
    if (column->values == column->rows || column->values == 0) {
        thrift_varint(&run, (uint64_t)column->rows << 1);
        text_add(&run, column->values == 0 ? "\0" : "\1", 1);
    } else {
        size_t groups = (column->rows + 7) / 8;
        thrift_varint(&run, (uint64_t)groups << 1 | 1);
        text_add(&run, (const char *)column->levels, groups);
    }
    put_u32(out, (uint32_t)run.len);
    text_add(out, run.bytes, run.len);
    out->failed |= run.failed;
    text_done(&run);
}

/* At least 1: not every reader knows what a value of no bits is. */
static unsigned bits_of(uint32_t largest)
{
    return 32u - (unsigned)__builtin_clz(largest | 1);
}

/* Indices of the dictionary: their width, then one bit-packed run. */
static void put_indices(const struct parquet_column *column, struct text *out)
{
    unsigned width = bits_of(column->dict.count - 1);
    uint32_t padded = (column->values + 7) / 8 * 8;
    uint64_t bits = 0;
    unsigned held = 0;
    char bytes[256] = {(char)width};
    size_t len = 1;
    text_add(out, bytes, len);
    thrift_varint(out, (uint64_t)(padded / 8) << 1 | 1);
    len = 0;
    for (uint32_t i = 0; i < padded; i++) {
        bits |= (uint64_t)(i < column->values ? column->texts[i] : 0) << held;
        for (held += width; held >= 8; held -= 8, bits >>= 8)
            bytes[len++] = (char)bits;
        if (len > sizeof bytes - 8) {
            text_add(out, bytes, len);
            len = 0;
        }
    }
    text_add(out, bytes, len);
}

static void put_dictionary(const struct parquet_column *column, struct text *out)
{
    for (uint32_t i = 0; i < column->dict.count; i++) {
        size_t len;
        const uint8_t *text = dict_at(&column->dict, i, &len);
        put_u32(out, (uint32_t)len);
        text_add(out, (const char *)text, len);
    }
}

static void put_header(struct text *out, bool dictionary, size_t plain, size_t packed, uint32_t values,
                       enum parquet_encoding encoding)
{
    int page = 0, inner = 0;
    thrift_i32(out, &page, 1, dictionary ? 2 : 0);
    thrift_i32(out, &page, 2, (int32_t)plain);
    thrift_i32(out, &page, 3, (int32_t)packed);
    thrift_field(out, &page, dictionary ? 7 : 5, THRIFT_STRUCT);
    thrift_i32(out, &inner, 1, (int32_t)values);
    thrift_i32(out, &inner, 2, encoding);
    if (!dictionary) {
        thrift_i32(out, &inner, 3, PARQUET_RLE); /* definition levels */
        thrift_i32(out, &inner, 4, PARQUET_RLE); /* repetition levels, of which there are none */
    }
    thrift_stop(out);
    thrift_stop(out);
}

/* Compresses what is in room and adds it as a page. */
static int page_put(struct text *room, bool dictionary, uint32_t values, enum parquet_encoding encoding,
                    struct text *out, struct parquet_chunk *chunk)
{
    size_t before = out->len;
    size_t bound = ZSTD_compressBound(room->len);
    char *packed = malloc(bound);
    if (packed == NULL || !text_ok(room)) {
        free(packed);
        return ERR_NOMEM;
    }
    size_t len = ZSTD_compress(packed, bound, room->bytes, room->len, ZSTD_LEVEL);
    int code = ZSTD_isError(len) || len > INT32_MAX || room->len > INT32_MAX ? ERR_LIMIT : 0;
    if (code == 0) {
        put_header(out, dictionary, room->len, len, values, encoding);
        chunk->uncompressed += (int64_t)(out->len - before + room->len);
        text_add(out, packed, len);
        chunk->compressed += (int64_t)(out->len - before);
    }
    free(packed);
    room->len = 0;
    return code;
}

/* ---- the footer's part ---- */

static void put_number_range(const struct parquet_column *column, struct text *out, int *last)
{
    int64_t least = column->numbers[0], greatest = column->numbers[0];
    for (uint32_t i = 1; i < column->values; i++) {
        least = column->numbers[i] < least ? column->numbers[i] : least;
        greatest = column->numbers[i] > greatest ? column->numbers[i] : greatest;
    }
    thrift_binary(out, last, 5, &greatest, sizeof greatest); /* little endian, as this machine is */
    thrift_binary(out, last, 6, &least, sizeof least);
}

/* Texts are ordered as unsigned bytes. */
static bool is_before(const struct dict *dict, uint32_t a, uint32_t b)
{
    size_t a_len, b_len;
    const uint8_t *a_text = dict_at(dict, a, &a_len);
    const uint8_t *b_text = dict_at(dict, b, &b_len);
    int order = memcmp(a_text, b_text, a_len < b_len ? a_len : b_len);
    return order < 0 || (order == 0 && a_len < b_len);
}

static void put_text_range(const struct parquet_column *column, struct text *out, int *last)
{
    uint32_t least = 0, greatest = 0;
    size_t least_len, greatest_len;
    for (uint32_t i = 1; i < column->dict.count; i++) {
        least = is_before(&column->dict, i, least) ? i : least;
        greatest = is_before(&column->dict, greatest, i) ? i : greatest;
    }
    const uint8_t *least_text = dict_at(&column->dict, least, &least_len);
    const uint8_t *greatest_text = dict_at(&column->dict, greatest, &greatest_len);
    if (least_len > STATISTICS_MAX || greatest_len > STATISTICS_MAX)
        return;
    thrift_binary(out, last, 5, greatest_text, greatest_len);
    thrift_binary(out, last, 6, least_text, least_len);
}

static void put_statistics(const struct parquet_column *column, struct text *out)
{
    int last = 0;
    thrift_i64(out, &last, 3, column->rows - column->values);
    if (column->values > 0)
        (column->about->type == GRID_TEXT ? put_text_range : put_number_range)(column, out, &last);
    thrift_stop(out);
}

static void put_chunk(const struct parquet_column *column, int64_t at, int64_t data_at,
                      const struct parquet_chunk *chunk, struct text *out)
{
    bool text = column->about->type == GRID_TEXT;
    bool listed = text && column->values > 0;
    int outer = 0, last = 0;
    thrift_i64(out, &outer, 2, at);
    thrift_field(out, &outer, 3, THRIFT_STRUCT);
    thrift_i32(out, &last, 1, text ? PARQUET_BYTE_ARRAY : PARQUET_INT64);
    thrift_list(out, &last, 2, THRIFT_I32, listed ? 3 : 2);
    thrift_element_i32(out, PARQUET_PLAIN);
    thrift_element_i32(out, PARQUET_RLE);
    if (listed)
        thrift_element_i32(out, PARQUET_RLE_DICTIONARY);
    thrift_list(out, &last, 3, THRIFT_BINARY, 1);
    thrift_element_binary(out, column->about->name, strlen(column->about->name));
    thrift_i32(out, &last, 4, PARQUET_ZSTD);
    thrift_i64(out, &last, 5, column->rows);
    thrift_i64(out, &last, 6, chunk->uncompressed);
    thrift_i64(out, &last, 7, chunk->compressed);
    thrift_i64(out, &last, 9, data_at);
    if (listed)
        thrift_i64(out, &last, 11, at);
    thrift_field(out, &last, 12, THRIFT_STRUCT);
    put_statistics(column, out);
    thrift_stop(out);
    thrift_stop(out);
}

static void column_clear(struct parquet_column *column)
{
    memset(column->levels, 0, PARQUET_GROUP_ROWS / 8);
    dict_clear(&column->dict);
    column->rows = column->values = 0;
    column->last_text = -1;
}

int parquet_column_write(struct parquet_column *column, int64_t at, struct text *room, struct text *out,
                         struct text *footer, struct parquet_chunk *out_chunk)
{
    struct parquet_chunk chunk = {0};
    bool listed = column->about->type == GRID_TEXT && column->values > 0;
    int code = 0;
    room->len = 0;
    if (listed) {
        put_dictionary(column, room);
        code = page_put(room, true, column->dict.count, PARQUET_PLAIN, out, &chunk);
    }
    int64_t data_at = at + chunk.compressed;
    if (code == 0) {
        put_levels(column, room);
        if (listed)
            put_indices(column, room);
        else if (column->values > 0)
            text_add(room, (const char *)column->numbers, column->values * sizeof *column->numbers);
        code = page_put(room, false, column->rows, listed ? PARQUET_RLE_DICTIONARY : PARQUET_PLAIN, out, &chunk);
    }
    if (code < 0)
        return code;
    put_chunk(column, at, data_at, &chunk, footer);
    column_clear(column);
    *out_chunk = chunk;
    return 0;
}
