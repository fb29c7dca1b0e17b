/*
 * One column of a Parquet row group: holds its values, then writes them as a column chunk (a dictionary page for texts,
 * one data page) and says where it lies, for the footer.
 *
 *     chunk = [ dictionary page: PLAIN texts ] data page
 *     data page = u32 length, definition levels (RLE, 1 bit: is there a value?), values
 *                 numbers: PLAIN, 8 bytes each; texts: indices of the dictionary (RLE_DICTIONARY)
 *
 * Pages are compressed with ZSTD. Memory: owned by the struct, kept from group to group. Threads: one.
 */
#ifndef GRID_PARQUET_COLUMN_H
#define GRID_PARQUET_COLUMN_H

#include "qlog/dict.h"
#include "grid/grid.h"

#define PARQUET_GROUP_ROWS (UINT32_C(1) << 17)
#define PARQUET_DICT_BYTES ((size_t)16 << 20) /* a dictionary that has become so long ends the row group */

enum parquet_type { PARQUET_INT64 = 2, PARQUET_BYTE_ARRAY = 6 };
enum parquet_encoding { PARQUET_PLAIN = 0, PARQUET_RLE = 3, PARQUET_RLE_DICTIONARY = 8 };
#define PARQUET_ZSTD 6

struct parquet_column {
    const struct grid_column *about;
    struct dict dict;
    int64_t *numbers; /* values that are there: of numbers and times */
    uint32_t *texts;  /* ... or their places in dict */
    uint8_t *levels;  /* of each row: a bit, 1: there is a value */
    uint32_t rows, values;
    int64_t last_text; /* place of the last text; -1: none */
};

ERR_CHECKED int parquet_column_init(struct parquet_column *column, const struct grid_column *about);
void parquet_column_done(struct parquet_column *column);

/* At most PARQUET_GROUP_ROWS of them. ERR_NOMEM. */
ERR_CHECKED int parquet_column_add(struct parquet_column *column, const struct grid_cell *cell);
bool parquet_column_is_full(const struct parquet_column *column);

struct parquet_chunk {
    int64_t compressed, uncompressed; /* bytes, page headers included */
};

/*
 * Adds the pages to out, and the ColumnChunk struct of the footer to footer; at: where out begins in the file. The column
 * is empty afterwards. room: where a page is made, reused. ERR_NOMEM, ERR_LIMIT.
 */
ERR_CHECKED int parquet_column_write(struct parquet_column *column, int64_t at, struct text *room, struct text *out,
                                     struct text *footer, struct parquet_chunk *out_chunk);

#endif
