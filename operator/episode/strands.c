/* The table of strands (episode/strand.h). */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "episode/strand.h"

#define SLOTS_FIRST 1024u

void strands_init(struct strands *strands, size_t max)
{
    *strands = (struct strands){.max = max};
}

void strands_done(struct strands *strands)
{
    free(strands->items);
    free(strands->slots);
    dict_done(&strands->names);
    *strands = (struct strands){0};
}

static bool is_of(const struct strand *strand, const struct strand_key *key)
{
    return strand->who == key->who && strand->site == key->site && strand->category == key->category &&
           strand->verdict == key->verdict;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct strands *strands, const struct strand_key *key)
{
    const uint32_t words[3] = {key->who, key->site, (uint32_t)key->category << 8 | key->verdict};
    uint32_t mask = strands->slot_count - 1;
    for (uint32_t i = (uint32_t)XXH3_64bits(words, sizeof words) & mask;; i = (i + 1) & mask)
        if (strands->slots[i] == 0 || is_of(&strands->items[strands->slots[i] - 1], key))
            return &strands->slots[i];
}

struct strand *strands_find(struct strands *strands, const struct strand_key *key)
{
    if (strands->slot_count == 0)
        return NULL;
    uint32_t number = *slot_of(strands, key);
    return number == 0 ? NULL : &strands->items[number - 1];
}

static int slots_make(struct strands *strands, uint32_t count)
{
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    free(strands->slots);
    strands->slots = slots;
    strands->slot_count = count;
    for (size_t i = 0; i < strands->count; i++) {
        const struct strand *s = &strands->items[i];
        const struct strand_key key = {s->who, s->site, s->category, s->verdict};
        *slot_of(strands, &key) = (uint32_t)i + 1;
    }
    return 0;
}

static int room_make(struct strands *strands)
{
    if (strands->count == strands->cap) {
        size_t cap = strands->cap * 2 + 256;
        struct strand *items = realloc(strands->items, (cap > strands->max ? strands->max : cap) * sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        strands->items = items;
        strands->cap = cap > strands->max ? strands->max : cap;
    }
    if (strands->slot_count == 0)
        return slots_make(strands, SLOTS_FIRST);
    return strands->count + 1 > strands->slot_count / 2 ? slots_make(strands, strands->slot_count * 2) : 0;
}

struct strand *strands_put(struct strands *strands, const struct strand_key *key)
{
    if (room_make(strands) < 0)
        return NULL;
    struct strand *strand = &strands->items[strands->count++];
    *strand = (struct strand){.who = key->who, .site = key->site, .category = key->category, .verdict = key->verdict};
    *slot_of(strands, key) = (uint32_t)strands->count;
    return strand;
}

bool strands_are_full(const struct strands *strands)
{
    return strands->count >= strands->max;
}

int64_t strands_name_put(struct strands *strands, const uint8_t *name)
{
    int64_t number = dict_put(&strands->names, name, name_len(name));
    return number < 0 ? number : number + 1;
}

const uint8_t *strands_name(const struct strands *strands, uint32_t number_1)
{
    size_t len;
    return number_1 == 0 ? NULL : dict_at(&strands->names, number_1 - 1, &len);
}

/* ---- making room ---- */

/* The one that goes first comes last. */
static int by_worth(const void *a, const void *b)
{
    const struct strand *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    if (x->last_ns != y->last_ns)
        return x->last_ns < y->last_ns ? 1 : -1;
    if (x->who != y->who)
        return x->who < y->who ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static int name_move(const struct strands *strands, struct dict *to, uint32_t *number_1)
{
    const uint8_t *name = strands_name(strands, *number_1);
    int64_t number = name == NULL ? -1 : dict_put(to, name, name_len(name));
    if (name != NULL && number < 0)
        return ERR_NOMEM;
    *number_1 = (uint32_t)(number + 1);
    return 0;
}

/* Names of strands that went are let go. */
static int names_renew(struct strands *strands)
{
    struct dict names = {0};
    int err = 0;
    for (size_t i = 0; i < strands->count && err == 0; i++) {
        struct strand *s = &strands->items[i];
        for (unsigned k = 0; k < EPISODE_NAMES_MAX && err == 0; k++)
            err = name_move(strands, &names, &s->examples[k]);
        err = err < 0 ? err : name_move(strands, &names, &s->matched);
    }
    dict_done(err < 0 ? &names : &strands->names);
    if (err == 0)
        strands->names = names;
    return err;
}

int strands_thin(struct strands *strands, size_t keep)
{
    if (keep >= strands->count)
        return 0;
    qsort(strands->items, strands->count, sizeof *strands->items, by_worth);
    strands->count = keep;
    int err = slots_make(strands, strands->slot_count);
    return err < 0 ? err : names_renew(strands);
}
