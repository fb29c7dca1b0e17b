#include "feed/popular.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "feed/normalise.h"
#include "feed/tree.h"

#define NONE         UINT32_MAX
#define UNPACKED_MAX (UINT64_C(256) << 20) /* bytes; a ranking of a million names has 25 MB */

/* A name or a parent of one, and the most popular name there is at and below it. */
struct slot {
    uint64_t hash; /* of the key; 0: free */
    uint32_t self, below;
};

struct popular {
    struct popular_name *names;
    size_t count, cap, max;
    struct slot *slots;
    size_t slot_count, slots_used; /* slot_count: a power of two */
};

int popular_new(size_t names_max, struct popular **out)
{
    struct popular *popular = calloc(1, sizeof *popular);
    if (popular == NULL)
        return ERR_NOMEM;
    popular->max = names_max < POPULAR_NAMES_MAX ? names_max : POPULAR_NAMES_MAX;
    *out = popular;
    return 0;
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void popular_free(struct popular *popular)
{
    if (popular == NULL)
        return;
    for (size_t i = 0; i < popular->count; i++)
        free_text(popular->names[i].text);
    free(popular->names);
    free(popular->slots);
    free(popular);
}

/* ---- the set ---- */

static uint64_t hash_of(const uint8_t *key, size_t len)
{
    uint64_t hash = XXH3_64bits(key, len);
    return hash == 0 ? 1 : hash;
}

static struct slot *slot_of(const struct popular *popular, uint64_t hash)
{
    size_t at = hash & (popular->slot_count - 1);
    while (popular->slots[at].hash != 0 && popular->slots[at].hash != hash)
        at = (at + 1) & (popular->slot_count - 1);
    return &popular->slots[at];
}

static int grow_slots(struct popular *popular)
{
    struct slot *old = popular->slots;
    size_t old_count = popular->slot_count;
    if (popular->slots_used * 2 < popular->slot_count)
        return 0;
    size_t count = old_count == 0 ? 1024 : old_count * 2;
    struct slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    popular->slots = slots;
    popular->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].hash != 0)
            *slot_of(popular, old[i].hash) = old[i];
    }
    free(old);
    return 0;
}

/* The slot of a key, made where there is none. NULL: no memory. */
static struct slot *make_slot(struct popular *popular, const uint8_t *key, size_t len)
{
    uint64_t hash = hash_of(key, len);
    if (grow_slots(popular) < 0)
        return NULL;
    struct slot *slot = slot_of(popular, hash);
    if (slot->hash == 0) {
        *slot = (struct slot){hash, NONE, NONE};
        popular->slots_used++;
    }
    return slot;
}

static bool is_better(const struct popular *popular, uint32_t index, uint32_t than)
{
    return than == NONE || popular->names[index].rank < popular->names[than].rank;
}

/* A key's parents are its beginnings, up to each zero byte. */
static int mark_parents(struct popular *popular, const struct name_key *key, uint32_t index)
{
    for (size_t len = 0; len < key->len; len++) {
        if (key->bytes[len] != 0)
            continue;
        struct slot *slot = make_slot(popular, key->bytes, len);
        if (slot == NULL)
            return ERR_NOMEM;
        if (is_better(popular, index, slot->below))
            slot->below = index;
    }
    return 0;
}

static int add(struct popular *popular, const struct listed_name *name, uint32_t rank, bool ours)
{
    if (popular->count == popular->cap) {
        size_t cap = popular->cap == 0 ? 256 : popular->cap * 2;
        struct popular_name *names = reallocarray(popular->names, cap, sizeof *names);
        if (names == NULL)
            return ERR_NOMEM;
        popular->names = names;
        popular->cap = cap;
    }
    struct slot *slot = make_slot(popular, name->key.bytes, name->key.len);
    if (slot == NULL)
        return ERR_NOMEM;
    if (slot->self != NONE)
        return 0;
    char *text = strdup(name->text);
    if (text == NULL)
        return ERR_NOMEM;
    uint32_t index = (uint32_t)popular->count++;
    popular->names[index] = (struct popular_name){rank, ours, text};
    slot->self = index;
    return mark_parents(popular, &name->key, index);
}

/* ---- the lists ---- */

static struct span field(struct span *rest)
{
    struct span field = span_trim(span_cut(rest, ','));
    if (field.len >= 2 && field.at[0] == '"' && field.at[field.len - 1] == '"')
        field = (struct span){field.at + 1, field.len - 2};
    return field;
}

/* 0: not a number that can be a rank. */
static uint32_t number(struct span text)
{
    uint32_t value = 0;
    if (text.len == 0 || text.len > 9)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        value = value * 10 + (uint32_t)(text.at[i] - '0');
    }
    return value;
}

/* The name of a line and its rank; place: of the line among those with names. */
static bool read_line(struct span line, uint32_t place, struct listed_name *out_name, uint32_t *out_rank)
{
    struct span rest = line;
    struct span text = field(&rest);
    uint32_t rank = number(text);
    if (rank == 0 && text.len < span_trim(line).len)
        return false;                                          /* a heading */
    for (uint32_t next = rank; next != 0; next = number(text)) /* some rankings have several ranks before the name */
        text = field(&rest);
    *out_rank = rank == 0 ? place : rank;
    return normalise_name(text, out_name) == REFUSED_NONE && out_name->key.labels > 1;
}

static int read_text(struct popular *popular, struct span text)
{
    uint32_t place = 1;
    int err = 0;
    if (span_starts(text, "\xef\xbb\xbf"))
        text = span_skip(text, 3);
    while (text.len > 0 && popular->count < popular->max && err == 0) {
        struct listed_name name;
        uint32_t rank;
        struct span line = span_cut(&text, '\n');
        line.len = span_find(line, '#');
        line = span_trim(line);
        if (line.len == 0 || !read_line(line, place, &name, &rank))
            continue;
        place++;
        err = add(popular, &name, rank, false);
    }
    return err;
}

/* A ranking is text; what begins with bytes that text never has is packed. */
static bool is_packed(struct span text)
{
    return span_starts(text, "PK\x03\x04") || span_starts(text, "\x1f\x8b") ||
           span_starts(text, "\xfd"
                             "7zXZ");
}

static int read_packed(struct popular *popular, struct span archive)
{
    struct tree_source source = {.archive = archive, .bytes_max = UNPACKED_MAX, .raw = true};
    struct tree *tree;
    struct tree_entry entry;
    struct span text;
    int err = tree_open(&source, &tree);
    if (err < 0)
        return err;
    do
        err = tree_next(tree, &entry);
    while (err == 1 && !entry.file);
    err = err == 1 ? tree_read(tree, &text) : err == 0 ? ERR_MALFORMED : err;
    if (err == 0)
        err = read_text(popular, text);
    tree_close(tree);
    return err;
}

int popular_read(struct popular *popular, struct span text)
{
    return is_packed(text) ? read_packed(popular, text) : read_text(popular, text);
}

int popular_add_shipped(struct popular *popular)
{
    int err = 0;
    for (uint32_t i = 0; popular_shipped[i] != NULL && err == 0; i++) {
        struct listed_name name;
        if (normalise_name(span_of(popular_shipped[i]), &name) == REFUSED_NONE)
            err = add(popular, &name, i + 1, true);
    }
    return err;
}

size_t popular_count(const struct popular *popular)
{
    return popular->count;
}

const struct popular_name *popular_at(const struct popular *popular, size_t index)
{
    return &popular->names[index];
}

const struct popular_name *popular_find(const struct popular *popular, const struct name_key *key, bool self,
                                        bool below)
{
    if (popular->slot_count == 0)
        return NULL;
    const struct slot *slot = slot_of(popular, hash_of(key->bytes, key->len));
    uint32_t best = NONE;
    if (slot->hash == 0)
        return NULL;
    if (self && slot->self != NONE)
        best = slot->self;
    if (below && slot->below != NONE && is_better(popular, slot->below, best))
        best = slot->below;
    return best == NONE ? NULL : &popular->names[best];
}
