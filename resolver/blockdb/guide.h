/*
 * A guide into sorted words of eight characters: for each span of words a tree of small tables, one character a level,
 * that leads to GUIDE_WINDOW neighbouring words with the last one <= a given word among them.
 *
 * Names are made of 38 characters, so a table has GUIDE_SLOTS slots, not 256: one for each of those and for zero, and in
 * their order four for all the bytes in between. Behind one of the four there is no table, as its characters differ.
 *
 *     slot     the first word of the window, or GUIDE_TABLE + the number of a table for the next character
 *
 * A table is made for more than GUIDE_WINDOW - 1 words with a common start. The word in front of those a slot stands for
 * is in the window, as it is the answer when all of them are higher. What else is in a window is higher or lower than all
 * words that lead to it, and harmless.
 * Memory: owned by the guide. Threads: read-only once it is made.
 */
#ifndef BLOCKDB_GUIDE_H
#define BLOCKDB_GUIDE_H

#include <stdint.h>

#include "belisha/err.h"

#define GUIDE_SLOTS  44
#define GUIDE_WINDOW 16
#define GUIDE_TABLE  0x80000000u
/* In place of a window: too few words for one, or too many that can't be told apart by slots. */
#define GUIDE_EVERYWHERE (GUIDE_TABLE - 1)

struct guide {
    uint32_t (*tables)[GUIDE_SLOTS];
    uint32_t table_count, table_cap;
};

extern const uint8_t GUIDE_SLOT_OF[256];

/*
 * Adds the tables for count < GUIDE_EVERYWHERE ascending words (when they don't ascend, windows are anywhere inside of
 * them). *out_slot: as the slots of a table. ERR_NOMEM.
 */
ERR_CHECKED int guide_add(struct guide *guide, const uint64_t *words, uint32_t count, uint32_t *out_slot);
void guide_done(struct guide *guide);

/* From the slot that guide_add() gave to the first word of the window, or GUIDE_EVERYWHERE. */
static inline uint32_t guide_find(const struct guide *guide, uint32_t slot, uint64_t word)
{
    for (; slot & GUIDE_TABLE; word <<= 8)
        slot = guide->tables[slot & ~GUIDE_TABLE][GUIDE_SLOT_OF[word >> 56]];
    return slot;
}

#endif
