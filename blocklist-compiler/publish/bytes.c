#include "publish/bytes.h"

#include <stdlib.h>
#include <string.h>

#define CAP_START 4096

void bytes_done(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

uint8_t *bytes_grow(struct bytes *b, size_t len)
{
    if (b->failed)
        return NULL;
    if (len > b->cap - b->len) {
        size_t cap = b->cap ? b->cap + b->cap / 2 : CAP_START;
        if (cap - b->len < len)
            cap = b->len + len;
        uint8_t *data = realloc(b->data, cap);
        if (!data) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
    }
    uint8_t *room = b->data + b->len;
    b->len += len;
    return room;
}

void bytes_add(struct bytes *b, const void *data, size_t len)
{
    uint8_t *room = len > 0 ? bytes_grow(b, len) : NULL;
    if (room)
        memcpy(room, data, len);
}

void bytes_add_u8(struct bytes *b, uint8_t value)
{
    uint8_t *room = bytes_grow(b, 1);
    if (room)
        *room = value;
}

bool bytes_ok(const struct bytes *b)
{
    return !b->failed;
}
