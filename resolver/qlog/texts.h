/*
 * The words behind the numbers of a row: names of groups, feeds and upstream servers.
 *
 * A number alone means little when the configuration has changed: a group is known by policy version and number, a feed
 * by generation and number. Every block of a segment carries the words its rows need; for rows still in a journal the
 * keeper writes them to log/words.json.
 *
 * Memory:  heap, owned by the struct. Begins as {0}. A text found stays valid until the next change.
 * Threads: one.
 */
#ifndef QLOG_TEXTS_H
#define QLOG_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/dict.h"

#define TEXTS_FILE    "words.json"
#define TEXTS_LEN_MAX 255 /* bytes of one text; longer ones are cut */

enum texts_kind { TEXTS_GROUP = 1, TEXTS_FEED = 2, TEXTS_UPSTREAM = 3 };

struct texts_key {
    enum texts_kind kind;
    uint64_t version; /* of the policy, or the generation; 0 for upstreams */
    uint16_t number;
};

struct texts {
    struct dict keys;
    struct dict words; /* with closing zero */
    uint32_t *word_of; /* by number of the key: number of its word */
    size_t word_of_cap;
};

/* NULL: unknown. */
const char *texts_find(const struct texts *texts, const struct texts_key *key);
/* The number itself where the word is unknown. ERR_NOMEM: NULL. */
const char *texts_want(struct texts *texts, const struct texts_key *key);
/* A known key keeps its text. ERR_NOMEM. */
ERR_CHECKED int texts_put(struct texts *texts, const struct texts_key *key, const char *word);
/* The same, in place of the text it had. */
ERR_CHECKED int texts_set(struct texts *texts, const struct texts_key *key, const char *word);
/* Whether no key has one word here and another there. */
bool texts_agree(const struct texts *a, const struct texts *b);
void texts_clear(struct texts *texts);
void texts_done(struct texts *texts);

/* The byte form in a block: texts_write adds to out, texts_parse adds to texts. ERR_DAMAGED, ERR_NOMEM. */
void texts_write(const struct texts *texts, struct text *out);
ERR_CHECKED int texts_parse(struct texts *texts, const uint8_t *bytes, size_t len);

/* The file form. Saving replaces the file whole. ERR_NOENT, ERR_DAMAGED, ERR_NOSPACE, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int texts_save(const struct texts *texts, int dir_fd);
ERR_CHECKED int texts_load(struct texts *texts, int dir_fd);

#endif
