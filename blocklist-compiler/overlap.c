#include "blocklist-compiler/overlap.h"

#include <stdlib.h>
#include <string.h>

int overlap_init(struct overlap *overlap, size_t feed_count)
{
    overlap->feed_count = feed_count;
    overlap->pairs = calloc(feed_count * feed_count + 1, sizeof *overlap->pairs);
    overlap->only = calloc(feed_count + 1, sizeof *overlap->only);
    return overlap->pairs == NULL || overlap->only == NULL ? ERR_NOMEM : 0;
}

void overlap_done(struct overlap *overlap)
{
    free(overlap->pairs);
    free(overlap->only);
    memset(overlap, 0, sizeof *overlap);
}

void overlap_add(struct overlap *overlap, const uint16_t *feeds, size_t count, uint64_t entries)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t *row = overlap->pairs + feeds[i] * overlap->feed_count;
        for (size_t j = 0; j < count; j++)
            row[feeds[j]] += entries;
    }
    if (count == 1)
        overlap->only[feeds[0]] += entries;
}

void overlap_add_trie(struct overlap *overlap, const struct trie *trie)
{
    for (size_t id = 0; id < trie_value_count(trie); id++) {
        struct trie_value value;
        trie_value(trie, (uint32_t)id, &value);
        if (value.entry_count > 0)
            overlap_add(overlap, value.feeds, value.feed_count, value.entry_count);
    }
}

/* Keeps shared in order, the largest first; what falls out at the end is gone. */
static void insert(struct report_shared shared[REPORT_SHARED_MAX], uint16_t feed, uint64_t names)
{
    size_t at = REPORT_SHARED_MAX;
    while (at > 0 && shared[at - 1].names < names)
        at--;
    if (at == REPORT_SHARED_MAX)
        return;
    memmove(&shared[at + 1], &shared[at], (REPORT_SHARED_MAX - 1 - at) * sizeof *shared);
    shared[at] = (struct report_shared){feed, names};
}

void overlap_report(const struct overlap *overlap, size_t feed, struct report_overlap *out)
{
    const uint64_t *row = overlap->pairs + feed * overlap->feed_count;
    *out = (struct report_overlap){.names = row[feed], .only = overlap->only[feed]};
    for (size_t other = 0; other < overlap->feed_count; other++) {
        if (other != feed && row[other] > 0)
            insert(out->shared, (uint16_t)other, row[other]);
    }
}
