#include "blockdb/guide.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHARACTERS 8 /* of a word */

/* clang-format off */
#define FOUR(s)    s, s, s, s
#define SIXTEEN(s) FOUR(s), FOUR(s), FOUR(s), FOUR(s)
const uint8_t GUIDE_SLOT_OF[256] = {
    0, 1, 1, 1, FOUR(1), FOUR(1), FOUR(1), SIXTEEN(1), FOUR(1), FOUR(1), FOUR(1), 1, /* '-' */ 2, 3, 3,
    /* '0' */ 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, FOUR(14),
    SIXTEEN(14), FOUR(14), FOUR(14), FOUR(14), 14, 14, 14, /* '_' */ 15,
    16, /* 'a' */ 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, /* 'z' */ 42, 43, FOUR(43),
    SIXTEEN(43), SIXTEEN(43), SIXTEEN(43), SIXTEEN(43), SIXTEEN(43), SIXTEEN(43), SIXTEEN(43), SIXTEEN(43),
};
/* clang-format on */

struct words {
    const uint64_t *at;
    uint32_t count;
};

static int table_add(struct guide *guide, uint32_t *out_number)
{
    if (guide->table_count == guide->table_cap) {
        uint32_t cap = guide->table_cap > 0 ? guide->table_cap * 2 : 64;
        void *tables = realloc(guide->tables, cap * sizeof(guide->tables[0]));
        if (!tables)
            return ERR_NOMEM;
        guide->tables = tables;
        guide->table_cap = cap;
    }
    *out_number = guide->table_count++;
    return 0;
}

/* The window for words from `from` on: it begins with the one before, and ends inside of the words. */
static uint32_t window_of(const struct words *words, uint32_t from)
{
    uint32_t first = from > 0 ? from - 1 : 0;
    uint32_t last = words->count - GUIDE_WINDOW;
    return first < last ? first : last;
}

/* Of several characters: words with it in common do not go on in the order of what follows. */
static bool slot_is_shared(unsigned slot)
{
    return slot == 1 || slot == 3 || slot == 14 || slot == GUIDE_SLOTS - 1;
}

/* A table for the words from..to (excluded), which have their first `depth` characters in common. */
static int table_make(struct guide *guide, const struct words *words, uint32_t from, uint32_t to, unsigned depth,
                      uint32_t *out_slot)
{
    uint32_t number = 0;
    int err = table_add(guide, &number);
    for (unsigned s = 0; err == 0 && s < GUIDE_SLOTS; s++) {
        uint32_t slot = GUIDE_EVERYWHERE;
        uint32_t first = from;
        while (from < to && GUIDE_SLOT_OF[(uint8_t)(words->at[from] >> (56 - 8 * depth))] <= s)
            from++;
        if (from - first < GUIDE_WINDOW)
            slot = window_of(words, first);
        else if (!slot_is_shared(s) && depth + 1 < CHARACTERS)
            err = table_make(guide, words, first, from, depth + 1, &slot);
        if (err == 0)
            guide->tables[number][s] = slot;
    }
    *out_slot = GUIDE_TABLE | number;
    return err;
}

int guide_add(struct guide *guide, const uint64_t *words, uint32_t count, uint32_t *out_slot)
{
    *out_slot = GUIDE_EVERYWHERE;
    return count < GUIDE_WINDOW ? 0 : table_make(guide, &(struct words){words, count}, 0, count, 0, out_slot);
}

void guide_done(struct guide *guide)
{
    free(guide->tables);
}
