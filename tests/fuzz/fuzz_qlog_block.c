/* A block of a segment; its check is made right, so that columns, tables and rows are met. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void block_use(struct block *block)
{
    for (uint32_t i = 0; i < block->header.rows; i++) {
        struct qlog_record record;
        block_row(block, i, &record);
        if (name_check(record.qname, record.qname_len) != record.qname_len)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t covered = offsetof(struct block_header, check) + sizeof(uint64_t);
    struct block block = {0};
    struct block_header header;
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    if (size >= sizeof header) {
        memcpy(&header, bytes, sizeof header);
        header.magic = BLOCK_MAGIC;
        header.len = (uint32_t)size;
        memcpy(bytes, &header, sizeof header);
        header.check = XXH3_64bits(bytes + covered, size - covered);
        memcpy(bytes, &header, sizeof header);
    }
    if (block_open(&block, bytes, size) == 0 && block_read(&block, BLOCK_ALL) == 0)
        block_use(&block);
    block_done(&block);
    free(bytes);
    return 0;
}
