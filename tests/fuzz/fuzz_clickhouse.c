/* What a ClickHouse server answers: what it can do, and which rows it has. */
#include <stdlib.h>
#include <string.h>

#include "ship/clickhouse_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct block block;
    const struct batch rows = {.block = &block, .rows = {.number = 5, .count = 40}, .gaps = {.number = 2, .count = 3}};
    const struct batch note = {.note = {.kind = SHIP_DAMAGED, .number = 7}};
    uint8_t seen[43 + 1] = {0}, one[1 + 1] = {0};
    struct clickhouse_skills skills;
    char *text = malloc(size + 1);
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    clickhouse_skills_parse(text, &skills);
    int code = clickhouse_seen_parse((const char *)data, size, &rows, seen);
    must((code == 0) == (size % 9 == 0) && seen[43] == 0);
    must(clickhouse_seen_parse((const char *)data, size, &note, one) == code && one[1] == 0);
    free(text);
    return 0;
}
