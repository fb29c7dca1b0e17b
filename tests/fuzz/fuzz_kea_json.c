/* Answers of Kea's control socket. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lease/kea_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *ctx, const struct lease *lease)
{
    size_t *count = ctx;
    assert(strlen(lease->host) <= LEASE_HOST_MAX);
    assert(lease->until_s >= 0 && lease->renewed_s >= 0);
    ++*count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kea_page page;
    size_t count = 0;
    int err = kea_page_read((const char *)data, size, check, &count, &page);
    assert(strlen(page.text) < sizeof page.text);
    assert(err < 0 || count <= page.count);
    return 0;
}
