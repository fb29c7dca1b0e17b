/*
 * An entry of the ledger: who did what, when and why, in one line of text (docs/formats/ledger.md).
 *
 *     {"n":17,"time":"2026-11-29T08:00:00Z","kind":"policy.approve","object":"version 12","by":"anna","uid":1001,
 *      "reason":"agreed with the head","detail":{...},"before":"<SHA-256 of the line before, with its end>"}
 *
 * Threads: pure.
 */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

#define ENTRY_LINE_MAX 16384 /* bytes of a line with its end */
#define ENTRY_HASH_LEN 32    /* SHA-256 */
#define ENTRY_HEX_LEN  (2 * ENTRY_HASH_LEN + 1)

struct entry {
    uint64_t number;    /* from 1; without gaps */
    int64_t time_s;     /* wall time */
    const char *kind;   /* what was done: words of small letters with dots and dashes, e.g. "policy.approve" */
    const char *object; /* to what, e.g. "version 12" or "casino.example" */
    const char *by;     /* name of who did it; "belishad" when nobody asked for it */
    uint32_t uid;       /* of that process, as the kernel says */
    const char *reason; /* NULL: none given */
    const char *detail; /* one JSON object without line ends; NULL: none */
    uint8_t before[ENTRY_HASH_LEN]; /* of the line before with its end; zeros before the first */
};

/* Adds the line with its end. ERR_LIMIT: longer than ENTRY_LINE_MAX; ERR_INVAL: kind or detail is not of the form. */
ERR_CHECKED int entry_write(const struct entry *entry, struct text *out);

/* An entry as it was read; its texts belong to room. */
struct entry_read {
    struct entry entry;
    void *room;
};

/* line: without its end. ERR_MALFORMED, ERR_NOMEM. */
ERR_CHECKED int entry_parse(const char *line, size_t len, struct entry_read *out);
void entry_read_done(struct entry_read *read);

/* Of a line with its end. */
void entry_hash(const char *line, size_t len, uint8_t out[ENTRY_HASH_LEN]);

/* Whether text is 64 hexadecimal digits; then they are put into out. */
int entry_hash_from_hex(const char *text, uint8_t out[ENTRY_HASH_LEN]);
void entry_hash_to_hex(const uint8_t hash[ENTRY_HASH_LEN], char out[ENTRY_HEX_LEN]);

#endif
