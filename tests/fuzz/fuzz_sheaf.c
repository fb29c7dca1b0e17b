/* A sheaf as found on disk; its checks are made right, so that what is behind them is met. Every rule is a name's. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xxhash.h>

#include "dns/key.h"
#include "dns/name.h"
#include "sheaf/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend_blocks(uint8_t *bytes, size_t size, const struct sheaf_head *head)
{
    for (uint32_t i = 0; i < head->block_count; i++) {
        struct sheaf_block block;
        size_t at = head->tail + i * sizeof block;
        if (at + sizeof block > size)
            return;
        memcpy(&block, bytes + at, sizeof block);
        if (block.at > head->tail || block.len > head->tail - block.at)
            return;
        block.xxh3 = XXH3_64bits(bytes + block.at, block.len);
        memcpy(bytes + at, &block, sizeof block);
    }
}

static void mend(uint8_t *bytes, size_t size)
{
    struct sheaf_head head;
    if (size < sizeof head)
        return;
    memcpy(&head, bytes, sizeof head);
    head.magic = SHEAF_MAGIC;
    head.stats_len = sizeof(struct feed_stats);
    if (head.tail <= size) {
        head.tail_len = size - head.tail;
        mend_blocks(bytes, size, &head);
        head.tail_xxh3 = XXH3_64bits(bytes + head.tail, head.tail_len);
    }
    head.xxh3 = XXH3_64bits(&head, offsetof(struct sheaf_head, xxh3));
    memcpy(bytes, &head, sizeof head);
}

static void walk(const struct sheaf *sheaf)
{
    struct sheaf_cursor cursor;
    uint8_t name[NAME_MAX_LEN];
    sheaf_cursor_init(&cursor, sheaf, NULL, NULL);
    while (sheaf_cursor_next(&cursor) > 0) {
        if (cursor.kind >= sheaf->kind_count || cursor.repeat == 0)
            abort();
        if (cursor.key_len > 0 && name_key_to_name(cursor.key, cursor.key_len, name) < 0)
            abort();
    }
    for (uint32_t id = 0; id < sheaf->clauses.count; id++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        clauses_get(&sheaf->clauses, (uint16_t)id, &head, &parts);
        if (XXH3_64bits(parts, clauses_parts_len(&head)) == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sheaf *sheaf;
    uint8_t *bytes = malloc(size + 1);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (bytes == NULL || fd < 0)
        abort();
    memcpy(bytes, data, size);
    mend(bytes, size);
    if (write(fd, bytes, size) == (ssize_t)size && sheaf_open_fd(fd, &sheaf) == 0) {
        walk(sheaf);
        sheaf_close(sheaf);
    }
    close(fd);
    free(bytes);
    return 0;
}
