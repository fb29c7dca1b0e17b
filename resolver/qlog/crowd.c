#include "qlog/crowd.h"

#include <stddef.h>
#include <stdlib.h>

#include "qlog/dict.h"

/* What entries have in common; the fields lie one behind the other. */
#define COMMON_AT  offsetof(struct block_who, policy)
#define COMMON_LEN (offsetof(struct block_who, zero) - COMMON_AT)

static int crowds_number(struct crowds *crowds, const struct block_who *table, uint32_t entry_count)
{
    struct dict kinds = {0};
    int code = 0;
    for (uint32_t i = 0; code == 0 && i < entry_count; i++) {
        int64_t number = dict_put(&kinds, (const uint8_t *)&table[i] + COMMON_AT, COMMON_LEN);
        code = number < 0 ? ERR_NOMEM : 0;
        crowds->crowd[i] = (uint16_t)number;
    }
    crowds->count = kinds.count;
    dict_done(&kinds);
    return code;
}

static void entries_rank(struct crowds *crowds, uint32_t entry_count)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < entry_count; i++)
        crowds->rank[i] = (uint16_t)crowds->first[crowds->crowd[i]]++;
    for (uint32_t crowd = 0; crowd <= crowds->count; crowd++) { /* from how many each has to where it begins */
        uint32_t members = crowds->first[crowd];
        crowds->first[crowd] = before;
        before += members;
    }
    for (uint32_t i = 0; i < entry_count; i++)
        crowds->entries[crowds->first[crowds->crowd[i]] + crowds->rank[i]] = (uint16_t)i;
}

int crowds_init(struct crowds *crowds, const struct block_who *table, uint32_t entry_count)
{
    crowds->crowd = calloc(entry_count + 1u, sizeof *crowds->crowd);
    crowds->rank = calloc(entry_count + 1u, sizeof *crowds->rank);
    crowds->entries = calloc(entry_count + 1u, sizeof *crowds->entries);
    crowds->first = calloc(entry_count + 2u, sizeof *crowds->first);
    bool whole = crowds->crowd && crowds->rank && crowds->entries && crowds->first;
    int code = whole ? crowds_number(crowds, table, entry_count) : ERR_NOMEM;
    if (code == 0)
        entries_rank(crowds, entry_count);
    return code;
}

void crowds_done(struct crowds *crowds)
{
    free(crowds->crowd);
    free(crowds->rank);
    free(crowds->first);
    free(crowds->entries);
    *crowds = (struct crowds){0};
}
