/* A journal as found on disk; the header's and the entries' checks are made right, so that what is behind them is met. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void checks_mend(uint8_t *bytes, size_t size, struct journal_header *header)
{
    memcpy(header, bytes, sizeof *header);
    memcpy(header->magic, JOURNAL_MAGIC, sizeof header->magic);
    header->version = JOURNAL_VERSION;
    header->check = XXH3_64bits(header, offsetof(struct journal_header, check));
    memcpy(bytes, header, sizeof *header);
    for (size_t pos = JOURNAL_FIRST; pos + sizeof(struct journal_entry) <= size;) {
        struct journal_entry entry;
        memcpy(&entry, bytes + pos, sizeof entry);
        if (entry.len < sizeof entry || entry.len > size - pos || entry.len % 8 != 0)
            return;
        entry.check =
            (uint32_t)XXH3_64bits_withSeed(bytes + pos + sizeof entry, entry.len - sizeof entry, header->id + pos);
        memcpy(bytes + pos, &entry, sizeof entry);
        pos += entry.len;
    }
}

static void entries_read(const uint8_t *bytes, size_t size, uint64_t id)
{
    const struct journal_image image = {.bytes = bytes, .len = size, .id = id};
    struct journal_item item;
    struct qlog_record record;
    size_t pos = JOURNAL_FIRST;
    while (journal_next(&image, &pos, &item))
        if (record_parse(item.body, item.len, &record) == 0 && name_len(record.qname) != record.qname_len)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal_header header;
    uint8_t *bytes = malloc(size + 1); /* aligned as a mapping is */
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    if (journal_header_read(bytes, size, &header) == 0)
        entries_read(bytes, size, header.id);
    if (size >= sizeof header) {
        checks_mend(bytes, size, &header);
        entries_read(bytes, size, header.id);
    }
    free(bytes);
    return 0;
}
