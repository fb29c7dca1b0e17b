/*
 * All names that occur, each once: as they go over the wire, what category they have, how long answers are good.
 *
 * Names that would be sensitive are of our own making, below .example; well-known ones stand for ordinary sites only.
 *
 * Threads: one.
 */
#ifndef MONTH_BOOK_H
#define MONTH_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/name.h"

enum book_kind {
    BOOK_PLAIN,     /* exists, has addresses */
    BOOK_MISSING,   /* NXDOMAIN */
    BOOK_LOCAL,     /* the school's own domain, answered by its own servers */
    BOOK_CANARY,    /* NXDOMAIN by a duty of the network */
    BOOK_HELP,      /* protected help */
    BOOK_STATUTORY, /* an id in place of the name */
    BOOK_SEARCH,    /* led to a safe search */
    BOOK_CLOAKED,   /* leads by CNAME to a listed name */
};

#define BOOK_NEVER UINT64_MAX

struct book_name {
    uint32_t at; /* in bytes */
    uint8_t len;
    uint8_t labels; /* of the listed name, from the right */
    uint8_t kind;
    uint8_t category;     /* CATEGORY_NONE: not listed */
    uint64_t listed_from; /* generation; 0: always */
    uint32_t ttl_s;
    uint32_t matched;      /* of a cloaked name: where it leads */
    int64_t good_until[3]; /* what the resolver's cache has: A, AAAA, other */
};

struct book {
    struct book_name *names;
    uint8_t *bytes;
    uint32_t count, cap;
    uint32_t bytes_len, bytes_cap;
    uint32_t *slots;
    uint32_t slot_count;
};

/* The number of the name, added if it is new: then with this kind, category and time. Ends the program without memory. */
uint32_t book_put(struct book *book, const char *text, enum book_kind kind, uint8_t category, uint32_t ttl_s);
const uint8_t *book_wire(const struct book *book, uint32_t name);
void book_done(struct book *book);

#endif
