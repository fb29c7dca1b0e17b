#include "asked.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "tool.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)

static const char *const KINDS[ASKED_KINDS] = {"listed", "below a listed", "not listed", "by popularity"};

static struct name_key *next_key(struct asked *asked)
{
    return asked->count < ASKED_MAX ? &asked->keys[asked->count++] : NULL;
}

/* The key of an entry with some bytes behind it. */
static void add_entry(struct asked *asked, const struct blockdb_entry *entry, const char *more, size_t more_len)
{
    struct name_key *key = entry->key_len + more_len <= BLOCKDB_KEY_MAX ? next_key(asked) : NULL;
    if (!key)
        return;
    memcpy(key->bytes, entry->key, entry->key_len);
    memcpy(key->bytes + entry->key_len, more, more_len);
    key->len = (uint16_t)(entry->key_len + more_len);
    key->whole = true;
    key->labels = 1;
    for (size_t i = 0; i < key->len; i++)
        key->labels = (uint8_t)(key->labels + (key->bytes[i] == 0));
}

static void add_text(struct asked *asked, struct text word)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key *key = word.len > 0 && name_from_text(word.at, word.len, name) > 0 ? next_key(asked) : NULL;
    if (key)
        name_key_make(name, key);
}

static void shuffle(struct asked *asked)
{
    uint64_t state = SEED;
    for (size_t i = asked->count; i > 1; i--) {
        size_t j = random_next(&state) % i;
        struct name_key swap = asked->keys[i - 1];
        asked->keys[i - 1] = asked->keys[j];
        asked->keys[j] = swap;
    }
}

static void add_entries(const struct blockdb *db, struct asked out[ASKED_KINDS])
{
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    uint64_t state = SEED;
    uint64_t count = blockdb_name_count(db) + 1;
    must(blockdb_walk_begin(db, &walk), "walk");
    while (blockdb_walk_next(walk, &entry) > 0) {
        if (random_next(&state) % count >= ASKED_MAX * UINT64_C(3) / 4)
            continue;
        add_entry(&out[ASKED_LISTED], &entry, "", 0);
        add_entry(&out[ASKED_BELOW], &entry, "\0x7", 3);
        add_entry(&out[ASKED_MISSES], &entry, "q7", 2);
    }
    blockdb_walk_end(walk);
}

void asked_make(const struct blockdb *db, const char *path, struct asked out[ASKED_KINDS])
{
    for (unsigned kind = 0; kind < ASKED_KINDS; kind++) {
        out[kind] = (struct asked){.kind = KINDS[kind], .keys = calloc(ASKED_MAX, sizeof(struct name_key))};
        must(out[kind].keys ? 0 : ERR_NOMEM, "names to ask");
    }
    add_entries(db, out);
    for (unsigned kind = 0; kind < ASKED_LOAD; kind++)
        shuffle(&out[kind]);
    if (path) {
        struct text word;
        struct text load = map_file(path);
        while (out[ASKED_LOAD].count < ASKED_MAX && line_next(&load, &word))
            add_text(&out[ASKED_LOAD], word);
    }
}

void asked_done(struct asked asked[ASKED_KINDS])
{
    for (unsigned kind = 0; kind < ASKED_KINDS; kind++)
        free(asked[kind].keys);
}
