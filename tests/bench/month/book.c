#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void *grown(void *old, size_t size)
{
    void *now = realloc(old, size);
    if (now != NULL)
        return now;
    fputs("month: no memory\n", stderr);
    exit(1);
}

static void room_make(struct book *book)
{
    if (book->count == book->cap) {
        book->cap = book->cap * 2 + 1024;
        book->names = grown(book->names, book->cap * sizeof *book->names);
    }
    if (book->bytes_cap - book->bytes_len < NAME_MAX_LEN) {
        book->bytes_cap = book->bytes_cap * 2 + 65536;
        book->bytes = grown(book->bytes, book->bytes_cap);
    }
}

static uint32_t *slot_of(const struct book *book, const uint8_t *wire, size_t len)
{
    uint64_t at = XXH3_64bits(wire, len);
    for (;; at++) {
        uint32_t *slot = &book->slots[at & (book->slot_count - 1)];
        const struct book_name *name = &book->names[*slot - (*slot > 0)];
        if (*slot == 0 || (name->len == len && memcmp(book->bytes + name->at, wire, len) == 0))
            return slot;
    }
}

static void slots_grow(struct book *book)
{
    uint32_t count = book->slot_count == 0 ? 4096 : book->slot_count * 2;
    book->slots = grown(book->slots, count * sizeof *book->slots);
    memset(book->slots, 0, count * sizeof *book->slots);
    book->slot_count = count;
    for (uint32_t i = 0; i < book->count; i++)
        *slot_of(book, book->bytes + book->names[i].at, book->names[i].len) = i + 1;
}

/* As the lists have it: the registrable name. */
static uint8_t listed_labels(const char *text)
{
    static const char *const twice[] = {".co.uk", ".org.uk", ".gov.uk", ".ac.uk"};
    size_t len = strlen(text);
    for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++)
        if (len > strlen(twice[i]) && strcmp(text + len - strlen(twice[i]), twice[i]) == 0)
            return 3;
    return 2;
}

uint32_t book_put(struct book *book, const char *text, enum book_kind kind, uint8_t category, uint32_t ttl_s)
{
    uint8_t wire[NAME_MAX_LEN];
    int len = name_from_text(text, strlen(text), wire);
    if (len < 0) {
        fprintf(stderr, "month: '%s' is no name\n", text);
        exit(1);
    }
    room_make(book);
    if (book->count * 2 + 2 > book->slot_count)
        slots_grow(book);
    uint32_t *slot = slot_of(book, wire, (size_t)len);
    if (*slot > 0)
        return *slot - 1;
    book->names[book->count] = (struct book_name){.at = book->bytes_len,
                                                  .len = (uint8_t)len,
                                                  .labels = listed_labels(text),
                                                  .kind = (uint8_t)kind,
                                                  .category = category,
                                                  .ttl_s = ttl_s};
    memcpy(book->bytes + book->bytes_len, wire, (size_t)len);
    book->bytes_len += (uint32_t)len;
    *slot = ++book->count;
    return book->count - 1;
}

const uint8_t *book_wire(const struct book *book, uint32_t name)
{
    return book->bytes + book->names[name].at;
}

void book_done(struct book *book)
{
    free(book->names);
    free(book->bytes);
    free(book->slots);
    *book = (struct book){0};
}
