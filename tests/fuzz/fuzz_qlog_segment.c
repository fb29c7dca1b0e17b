/* A whole segment file: header, footer, trailer, and the walk over blocks where the footer can't be used. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qlog/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void segment_use(struct segment *segment)
{
    struct block block = {0};
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
    }
    block_done(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment *segment;
    int fd = memfd_create("segment", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    if (segment_open_fd(fd, &segment) == 0) {
        segment_use(segment);
        segment_close(segment);
    }
    return 0;
}
