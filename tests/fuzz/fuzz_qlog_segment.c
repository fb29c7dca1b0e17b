/* A whole segment file: header, footer, trailer, and the walk over blocks where the footer can't be used; what a merged one
 * says of those it stands for. The check over the footer is put right, or nothing behind it would ever be reached. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "qlog/hints.h"
#include "qlog/merged.h"
#include "qlog/origin.h"
#include "qlog/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool hints_use(const struct segment *segment, uint32_t i)
{
    const struct hints_query queries[] = {{.categories = 2}, {.actions = 2}, {.has_name = true, .labels = 2 + i % 3}};
    bool all = true;
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++)
        all &= hints_allow(segment, i, &queries[q]);
    return all;
}

static void segment_use(struct segment *segment)
{
    struct block block = {0};
    uint32_t allowed = 0;
    for (uint32_t i = 0; i < segment->footer.block_count; i++) {
        const uint8_t *bytes;
        size_t len;
        int code = segment_read_block(segment, i, &bytes, &len);
        if (code == 0)
            code = block_open(&block, bytes, len);
        if (code == 0)
            code = block_read(&block, BLOCK_ALL);
        if (code > 0)
            abort();
        allowed += hints_use(segment, i);
    }
    if (allowed > segment->footer.block_count)
        abort();
    block_done(&block);
}

static void origins_use(struct segment *segment)
{
    struct keyring none = {.dir_fd = -1};
    struct merged_result result;
    struct origins origins;
    struct origin origin;
    uint8_t chain[QLOG_HASH_LEN];
    uint64_t sum = 0;
    origins_begin(&origins, segment);
    while (origins_next(&origins, &origin))
        sum += origin.stem[origin.head.stem_len - 1] + origin.rows;
    if (segment_chain_end(segment, chain) > 0 || merged_compare(segment, &none, &result) > 0 || sum == UINT64_MAX)
        abort();
    keyring_done(&none);
}

static void check_mend(uint8_t *bytes, size_t size)
{
    struct segment_trailer t;
    if (size < sizeof t)
        return;
    memcpy(&t, bytes + size - sizeof t, sizeof t);
    const size_t covered = t.footer_len + offsetof(struct segment_trailer, check);
    if (t.footer_offset > size || t.footer_len > size || t.footer_offset + t.footer_len + sizeof t != size)
        return;
    t.check = XXH3_64bits(bytes + t.footer_offset, covered);
    memcpy(bytes + size - sizeof t, &t, sizeof t);
}

static int file_make(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    int fd = memfd_create("segment", MFD_CLOEXEC);
    if (bytes == NULL || fd < 0)
        abort();
    memcpy(bytes, data, size);
    check_mend(bytes, size);
    if (write(fd, bytes, size) != (ssize_t)size)
        abort();
    free(bytes);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment *segment;
    int fd = file_make(data, size);
    if (segment_open_fd(fd, &segment) == 0) {
        segment_use(segment);
        if (!segment->footer_damaged)
            origins_use(segment);
        segment_close(segment);
    }
    return 0;
}
