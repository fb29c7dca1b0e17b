#include "grid/thrift.h"

void thrift_varint(struct text *out, uint64_t value)
{
    char bytes[10];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (char)(value | 0x80);
    bytes[len++] = (char)value;
    text_add(out, bytes, len);
}

static void put_zigzag(struct text *out, int64_t value)
{
    thrift_varint(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_byte(struct text *out, unsigned value)
{
    const char byte = (char)value;
    text_add(out, &byte, 1);
}

/* Numbers of Parquet's fields are never more than 15 apart. */
void thrift_field(struct text *out, int *last, int id, enum thrift_type type)
{
    put_byte(out, (unsigned)(id - *last) << 4 | type);
    *last = id;
}

void thrift_i32(struct text *out, int *last, int id, int32_t value)
{
    thrift_field(out, last, id, THRIFT_I32);
    put_zigzag(out, value);
}

void thrift_i64(struct text *out, int *last, int id, int64_t value)
{
    thrift_field(out, last, id, THRIFT_I64);
    put_zigzag(out, value);
}

void thrift_true(struct text *out, int *last, int id)
{
    thrift_field(out, last, id, THRIFT_TRUE);
}

void thrift_binary(struct text *out, int *last, int id, const void *bytes, size_t len)
{
    thrift_field(out, last, id, THRIFT_BINARY);
    thrift_element_binary(out, bytes, len);
}

void thrift_list(struct text *out, int *last, int id, enum thrift_type type, size_t count)
{
    thrift_field(out, last, id, THRIFT_LIST);
    put_byte(out, (count < 15 ? (unsigned)count : 15) << 4 | type);
    if (count >= 15)
        thrift_varint(out, count);
}

void thrift_element_i32(struct text *out, int32_t value)
{
    put_zigzag(out, value);
}

void thrift_element_binary(struct text *out, const void *bytes, size_t len)
{
    thrift_varint(out, len);
    text_add(out, bytes, len);
}

void thrift_stop(struct text *out)
{
    put_byte(out, 0);
}
