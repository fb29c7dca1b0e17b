#include "publish/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/category.h"

struct usage {
    uint64_t entry_count;
    uint32_t id;
};

static int compare_usage(const void *a, const void *b)
{
    const struct usage *x = a;
    const struct usage *y = b;
    if (x->entry_count != y->entry_count)
        return x->entry_count > y->entry_count ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The values that entries have, most used first. NULL: no memory. */
static struct usage *usages_sorted(const struct trie *trie, size_t *out_count)
{
    size_t count = 0;
    struct usage *usages = calloc(trie_value_count(trie) + 1, sizeof(*usages));
    if (!usages)
        return NULL;
    for (uint32_t id = 0; id < trie_value_count(trie); id++) {
        struct trie_value value;
        trie_value(trie, id, &value);
        if (value.entry_count > 0)
            usages[count++] = (struct usage){value.entry_count, id};
    }
    qsort(usages, count, sizeof(*usages), compare_usage);
    *out_count = count;
    return usages;
}

/* firsts: where each feed set is in the region, plus one; 0: not written yet. */
static void value_write(const struct trie_value *value, uint32_t *firsts, struct bytes *values, struct bytes *feedsets,
                        struct bytes *clausesets)
{
    uint32_t *first = &firsts[value->feedset];
    if (*first == 0) {
        *first = (uint32_t)(feedsets->len / sizeof(uint16_t)) + 1;
        bytes_add(feedsets, value->feeds, value->feed_count * sizeof(uint16_t));
    }
    struct blockdb_value_record record = {
        .self = value->self,
        .below = value->below,
        .feeds_first = *first - 1,
        .feeds_count = (uint32_t)value->feed_count,
        .clauses_first = (uint32_t)(clausesets->len / sizeof(uint16_t)),
        .clauses_count = (uint32_t)value->clause_count,
    };
    bytes_add(clausesets, value->clauses, value->clause_count * sizeof(uint16_t));
    bytes_add(values, &record, sizeof(record));
}

int tables_write_values(const struct trie *trie, struct bytes *values, struct bytes *feedsets, struct bytes *clausesets,
                        uint32_t **out_numbers)
{
    size_t count = 0;
    struct usage *usages = usages_sorted(trie, &count);
    uint32_t *numbers = calloc(trie_value_count(trie) + 1, sizeof(*numbers));
    uint32_t *firsts = calloc(trie_feedset_count(trie) + 1, sizeof(*firsts));
    bool ok = usages && numbers && firsts;

    for (size_t i = 0; ok && i < count; i++) {
        struct trie_value value;
        trie_value(trie, usages[i].id, &value);
        value_write(&value, firsts, values, feedsets, clausesets);
        numbers[usages[i].id] = (uint32_t)i;
    }
    free(usages);
    free(firsts);
    if (!ok || !bytes_ok(values) || !bytes_ok(feedsets) || !bytes_ok(clausesets)) {
        free(numbers);
        return ERR_NOMEM;
    }
    *out_numbers = numbers;
    return 0;
}

static uint32_t text_write(struct bytes *texts, const char *text)
{
    uint32_t at = (uint32_t)texts->len;
    bytes_add(texts, text ? text : "", text ? strlen(text) + 1 : 1);
    return at;
}

int tables_write_feeds(const struct publish_feed *feeds, size_t count, struct bytes *records, struct bytes *texts)
{
    if (count > BLOCKDB_FEED_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++) {
        struct blockdb_feed_record record = {
            .name = text_write(texts, feeds[i].name),
            .licence = text_write(texts, feeds[i].licence),
            .source = text_write(texts, feeds[i].source),
            .categories = feeds[i].categories,
            .names = feeds[i].names,
            .fetched_s = feeds[i].fetched_s,
        };
        bytes_add(records, &record, sizeof(record));
        if (texts->len > UINT32_MAX)
            return ERR_LIMIT;
    }
    return bytes_ok(records) && bytes_ok(texts) ? 0 : ERR_NOMEM;
}

int tables_write_categories(struct bytes *out)
{
    for (unsigned id = 0; id < CATEGORY_MAX && category_name(id); id++) {
        char line[64];
        int len = snprintf(line, sizeof(line), "%u %s\n", id, category_name(id));
        bytes_add(out, line, (size_t)len);
    }
    return bytes_ok(out) ? 0 : ERR_NOMEM;
}
