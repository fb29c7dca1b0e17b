/*
 * Thrift's compact protocol, as much of it as Parquet's footers and page headers are written with.
 *
 * A struct is fields in ascending order and a stop byte; a field's header has its type and how far its number is from the
 * one before. Whoever writes a struct holds the number of the last field, `last`, which begins as 0.
 *
 * Threads: pure.
 */
#ifndef GRID_THRIFT_H
#define GRID_THRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum thrift_type {
    THRIFT_TRUE = 1,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_STRUCT = 12,
};

void thrift_varint(struct text *out, uint64_t value);

/* A field's header; what follows is its value. *last becomes id, which must be larger. */
void thrift_field(struct text *out, int *last, int id, enum thrift_type type);
void thrift_i32(struct text *out, int *last, int id, int32_t value);
void thrift_i64(struct text *out, int *last, int id, int64_t value);
void thrift_true(struct text *out, int *last, int id);
void thrift_binary(struct text *out, int *last, int id, const void *bytes, size_t len);

/* A field that is a list of count elements, which follow. */
void thrift_list(struct text *out, int *last, int id, enum thrift_type type, size_t count);
/* Elements of lists. */
void thrift_element_i32(struct text *out, int32_t value);
void thrift_element_binary(struct text *out, const void *bytes, size_t len);

/* The end of a struct. */
void thrift_stop(struct text *out);

#endif
