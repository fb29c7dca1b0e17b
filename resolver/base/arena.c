#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 16384

struct chunk {
    struct chunk *next;
    size_t used;
    size_t cap;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct chunk *chunks; /* the first one has room */
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->chunks != NULL) {
        struct chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    free(arena);
}

static struct chunk *chunk_new(size_t cap)
{
    struct chunk *chunk = malloc(sizeof *chunk + cap);
    if (chunk == NULL)
        return NULL;
    chunk->used = 0;
    chunk->cap = cap;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    struct chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->cap - chunk->used < size) {
        chunk = chunk_new(size > CHUNK_BYTES ? size : CHUNK_BYTES);
        if (chunk == NULL)
            return NULL;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *out = chunk->bytes + chunk->used;
    chunk->used += size;
    return memset(out, 0, size);
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
    void *out = arena_alloc(arena, size);
    if (out != NULL && size > 0)
        memcpy(out, from, size);
    return out;
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
    char *out = arena_alloc(arena, len + 1);
    if (out != NULL && len > 0)
        memcpy(out, text, len);
    return out;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *out = arena_text(arena, text, (size_t)len);
    free(text);
    return out;
}
