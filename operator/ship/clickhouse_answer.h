/*
 * What ClickHouse answers, taken apart: bytes from outside.
 *
 * Threads: pure; any thread.
 */
#ifndef SHIP_CLICKHOUSE_ANSWER_H
#define SHIP_CLICKHOUSE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "ship/batch.h"

/* What a server can do: lines with its version and the names of those of our settings that it knows, in any order. */
struct clickhouse_skills {
    long version;             /* the first number of it; 0: none was said */
    bool tokens, sync, async; /* insert_deduplication_token, insert_distributed_sync, async_insert */
};

/* text: with a closing zero. */
void clickhouse_skills_parse(const char *text, struct clickhouse_skills *out);

/*
 * Which rows are there: kind (1 byte) and number (8 bytes) of each. Marks entries of the batch with 1; seen has batch_count()
 * bytes. What is not of the batch is passed over. ERR_TRUNCATED: the last one is not whole, and nothing is marked.
 */
ERR_CHECKED int clickhouse_seen_parse(const char *bytes, size_t len, const struct batch *batch, uint8_t *seen);

#endif
