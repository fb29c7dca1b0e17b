#include "ship/clickhouse_answer.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_BYTES 9 /* kind, number */

static bool is_line(const char *line, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(line, word, len) == 0;
}

void clickhouse_skills_parse(const char *text, struct clickhouse_skills *out)
{
    *out = (struct clickhouse_skills){0};
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        out->tokens |= is_line(text, len, "insert_deduplication_token");
        out->sync |= is_line(text, len, "insert_distributed_sync");
        out->async |= is_line(text, len, "async_insert");
        if (*text >= '0' && *text <= '9')
            out->version = strtol(text, NULL, 10);
        text += len + (text[len] == '\n');
    }
}

/* The entry of the batch, or batch_count() for none. */
static uint32_t entry_of(const struct batch *batch, unsigned kind, uint64_t number)
{
    uint64_t row = number - batch->rows.number, gap = number - batch->gaps.number;
    if (batch->block == NULL)
        return kind == (unsigned)batch->note.kind && number == batch->note.number ? 0 : batch_count(batch);
    if (kind == SHIP_ROW && row < batch->rows.count)
        return (uint32_t)row;
    if (kind == SHIP_GAP && gap < batch->gaps.count)
        return batch->rows.count + (uint32_t)gap;
    return batch_count(batch);
}

int clickhouse_seen_parse(const char *bytes, size_t len, const struct batch *batch, uint8_t *seen)
{
    if (len % SEEN_BYTES != 0)
        return ERR_TRUNCATED;
    for (size_t at = 0; at < len; at += SEEN_BYTES) {
        uint64_t number;
        memcpy(&number, bytes + at + 1, sizeof number);
        uint32_t entry = entry_of(batch, (uint8_t)bytes[at], number);
        if (entry < batch_count(batch))
            seen[entry] = 1;
    }
    return 0;
}
