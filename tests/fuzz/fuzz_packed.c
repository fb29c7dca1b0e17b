#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fetch/packed.h"

#define BYTES_MAX (1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes, what is written stays within its limit. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
    if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size || lseek(in, 0, SEEK_SET) != 0)
        abort();
    int err = packed_unpack(in, out, BYTES_MAX);
    if (err > 0 || lseek(out, 0, SEEK_END) > BYTES_MAX)
        abort();
    close(in);
    close(out);
    return 0;
}
