/* Writes the small regions: values, feed sets, feeds with their texts, categories. Threads: one at a time. */
#ifndef PUBLISH_TABLES_H
#define PUBLISH_TABLES_H

#include "publish/bytes.h"
#include "publish/publish.h"

/*
 * Numbers the values that entries have, most used first, and writes them with their feed sets.
 * *out_numbers: by value id of the trie; the caller frees it. ERR_NOMEM.
 */
ERR_CHECKED int tables_write_values(const struct trie *trie, struct bytes *values, struct bytes *feedsets,
                                    struct bytes *clausesets, uint32_t **out_numbers);

/* ERR_NOMEM, ERR_LIMIT. */
ERR_CHECKED int tables_write_feeds(const struct publish_feed *feeds, size_t count, struct bytes *records,
                                   struct bytes *texts);

/* ERR_NOMEM. */
ERR_CHECKED int tables_write_categories(struct bytes *out);

#endif
